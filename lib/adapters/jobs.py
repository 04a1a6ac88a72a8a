"""What the scheduled job asks of the database; all of it with the secret key."""

from typing import Any

from lib.adapters.database import Database


async def list_object_deletions(service: Database, *, limit: int) -> list[str]:
    """Return the paths of the objects whose deletion is due, each once."""
    rows = await service.call("list_object_deletions", limit=limit)
    return sorted({str(row["path"]) for row in rows})


async def confirm_object_deletions(service: Database, paths: list[str]) -> None:
    await service.call("confirm_object_deletions", paths=paths)


async def tidy_queries(service: Database, *, limit: int) -> int:
    return int(await service.call("tidy_queries", limit=limit))


async def fail_stuck_ingestions(
    service: Database, *, max_attempts: int, error: dict[str, Any]
) -> int:
    return int(await service.call("fail_stuck_ingestions", max_attempts=max_attempts, error=error))


async def delete_abandoned_uploads(service: Database, *, age_seconds: int, limit: int) -> int:
    return int(await service.call("delete_abandoned_uploads", age_seconds=age_seconds, limit=limit))


async def purge_usage(service: Database, *, days: int) -> int:
    return int(await service.call("purge_usage", days=days))


async def purge_accounts(service: Database, *, limit: int) -> int:
    purged = await service.call("purge_accounts", limit=limit)
    return sum(int(count) for count in purged.values())
