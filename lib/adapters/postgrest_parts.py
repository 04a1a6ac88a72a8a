"""The parts of the postgrest package that we use: no client of threads, no reader of versions."""

from lib.adapters.deferring import defer, deferred_models, without_deprecations

# It would import its client of threads as well.
defer("postgrest")

with deferred_models(), without_deprecations():
    from postgrest._async.client import AsyncPostgrestClient
    from postgrest.exceptions import APIError, APIErrorFromJSON

__all__ = ["APIError", "APIErrorFromJSON", "AsyncPostgrestClient"]
