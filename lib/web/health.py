"""Deep health: whether the database answers. Asked at most every few seconds, however often this is."""

import time

from lib.adapters.health import find_fault
from lib.domain.problems import Problem
from lib.web.dependencies import CurrentSettings, ServiceDatabase

# A monitor asks every minute; whoever asks more often gets what was found before, and costs nothing.
_REMEMBERED_SECONDS = 5.0

_found: dict[str, tuple[float, Problem | None]] = {}


async def require_health(settings: CurrentSettings, service: ServiceDatabase) -> None:
    """Pass if the database answers.

    Raises:
        DatabaseUnavailable: It does not, for whatever reason; more is for `make doctor` to say.
    """
    now, place = time.monotonic(), settings.supabase_url
    asked_at, fault = _found.get(place, (-_REMEMBERED_SECONDS, None))
    if now - asked_at >= _REMEMBERED_SECONDS:
        fault = await find_fault(service)
        _found[place] = now, fault
    if fault:
        raise fault
