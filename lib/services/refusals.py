"""Who is refused until when, as far as this instance knows: nothing is embedded for them before that."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from lib.domain.problems import Problem

_MOST_REMEMBERED = 10_000

# A user, a session, or the deployment under its limit: what it is, and which.
Name = tuple[str, int]


class _Refusal(NamedTuple):
    """A problem with when it is over, if it tells, and when it is to be found out anew."""

    problem: type[Problem]
    over_at: datetime | None
    forgotten_at: datetime


_refusals: dict[Name, _Refusal] = {}


def remember(name: Name, problem: Problem, lifetime: timedelta) -> None:
    """Refuse `name` by this problem for so long without asking the database."""
    if len(_refusals) >= _MOST_REMEMBERED:
        _refusals.clear()
    now, seconds = datetime.now(UTC), problem.retry_after_seconds
    over_at = None if seconds is None else now + timedelta(seconds=seconds)
    _refusals[name] = _Refusal(type(problem), over_at, now + lifetime)


def find_refusal(*names: Name) -> Problem | None:
    """Return the problem by which one of the names is still refused."""
    for name in names:
        if problem := _find(name):
            return problem
    return None


def forget_refusals() -> None:
    """Know nothing, as a new instance does."""
    _refusals.clear()


def _find(name: Name) -> Problem | None:
    refusal, now = _refusals.get(name), datetime.now(UTC)
    if refusal is None:
        return None
    if now >= refusal.forgotten_at:
        del _refusals[name]
        return None
    if refusal.over_at is None:
        return refusal.problem()
    return refusal.problem(retry_after_seconds=max(int((refusal.over_at - now).total_seconds()), 1))
