"""The parts of the storage3 package that we use: imported with the first call to storage, not for a list of files."""

from lib.adapters.deferring import defer, deferred_models, without_deprecations

# It would import its client of threads as well.
defer("storage3")

# It comes with the models of analytics and vector buckets, which we never ask for.
with deferred_models(), without_deprecations():
    from storage3._async.client import AsyncStorageClient
    from storage3.exceptions import StorageApiError
    from storage3.types import URLOptions
    from storage3.utils import StorageException

__all__ = ["AsyncStorageClient", "StorageApiError", "StorageException", "URLOptions"]
