"""What the scheduled job does: finish what was left, delete what is due, forget what has expired."""

import contextlib
import time
from collections.abc import Awaitable, Callable
from functools import partial

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


async def delete_due_objects(*, service: Database, storage: Storage, seconds: float) -> int:
    """Delete what the outbox names, batch after batch for so many seconds; return how many there were."""
    until, deleted = time.monotonic() + seconds, 0
    while True:
        paths = await jobs.list_object_deletions(service, limit=_BATCH)
        gone = await delete_objects(paths, service=service, storage=storage)
        deleted += gone or 0
        if gone is None or len(paths) < _BATCH or time.monotonic() > until:
            return deleted


async def forget(*, service: Database, seconds: float) -> dict[str, int]:
    """Tidy and purge, batch after batch for so many seconds; return how many rows of each kind."""
    until = time.monotonic() + seconds
    return {
        "queries_interrupted": await _in_batches(
            partial(jobs.tidy_queries, service, limit=_BATCH), until
        ),
        "uploads_abandoned": await _in_batches(
            partial(
                jobs.delete_abandoned_uploads,
                service,
                age_seconds=_ABANDONED_UPLOAD_SECONDS,
                limit=_BATCH,
            ),
            until,
        ),
        "accounts_purged": await _in_batches(
            partial(jobs.purge_accounts, service, limit=_BATCH), until
        ),
        "usage_purged": await jobs.purge_usage(service, days=_USAGE_DAYS),
    }


async def _in_batches(batch: Callable[[], Awaitable[int]], until: float) -> int:
    """Go on while a batch was full: an hour of guessed passwords leaves more than one, and a day may pass."""
    total = count = await batch()
    while count >= _BATCH and time.monotonic() < until:
        count = await batch()
        total += count
    return total
