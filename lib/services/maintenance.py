"""What the scheduled job does: finish what was left, delete what is due, forget what has expired."""

import contextlib

from lib.adapters import jobs
from lib.adapters.database import Database
from lib.adapters.storage import Storage
from lib.domain.problems import DatabaseUnavailable, StorageUnavailable

_BATCH = 500
# A signed upload URL lives 2 h; what has not come a day later does not come.
_ABANDONED_UPLOAD_SECONDS = 24 * 3600
_USAGE_DAYS = 90


async def delete_objects(paths: list[str], *, service: Database, storage: Storage) -> int | None:
    """Delete objects that the outbox names; return how many there were, None where storage fails.

    That one of the two fails is no error: the outbox keeps them, and the job comes again.
    """
    if not paths:
        return 0
    try:
        removed = await storage.remove(paths)
    except StorageUnavailable:
        return None
    with contextlib.suppress(DatabaseUnavailable):
        await jobs.confirm_object_deletions(service, paths)
    return len(removed)


async def delete_due_objects(*, service: Database, storage: Storage) -> int:
    paths = await jobs.list_object_deletions(service, limit=_BATCH)
    return await delete_objects(paths, service=service, storage=storage) or 0


async def forget(*, service: Database) -> dict[str, int]:
    """Tidy and purge; return how many rows of each kind."""
    return {
        "queries_interrupted": await jobs.tidy_queries(service, limit=_BATCH),
        "uploads_abandoned": await jobs.delete_abandoned_uploads(
            service, age_seconds=_ABANDONED_UPLOAD_SECONDS, limit=_BATCH
        ),
        "accounts_purged": await jobs.purge_accounts(service, limit=_BATCH),
        "usage_purged": await jobs.purge_usage(service, days=_USAGE_DAYS),
    }
