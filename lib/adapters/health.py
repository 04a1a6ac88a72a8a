"""Whether the database answers: one round trip, with the secret key."""

from lib.adapters.database import Database
from lib.adapters.postgrest_parts import APIError
from lib.domain.problems import DatabaseUnavailable, Problem

_RETRY_AFTER_SECONDS = 30


async def find_fault(service: Database) -> Problem | None:
    """Return why the database is of no use now, or None: a wrong key and missing migrations count too."""
    try:
        await service.call("is_reachable")
    except (Problem, APIError):
        return DatabaseUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)
    return None
