"""The deployments that bench/simulate.py plays: how many students, and the limits of docs/scale.md that meet them."""

from dataclasses import dataclass, replace
from functools import partial

# Assumed: so many requests share an instance of Vercel's while they wait for the model; no page says how many may.
VERCEL_SHARING = 4


@dataclass(frozen=True, kw_only=True)
class Tier:
    """What a provider gives an account a minute: the model that answers, and the one that embeds, each for itself."""

    requests: float
    tokens: float
    embedding_requests: float
    embedding_tokens: float


@dataclass(frozen=True, kw_only=True)
class House:
    """What a deployment has."""

    students: int
    course: int
    instances: int
    requests_per_instance: int = 1
    # Both platforms start so many instances in one moment, and as many again in each ten seconds (docs/scale.md).
    burst: float = 1_000
    cores: int
    connections: int
    provider: Tier
    # So many files each student of the course adds while the course asks.
    files_each: int = 0
    # One row counts the whole deployment's tokens: who writes it holds it until the commit is on disk.
    counter_rows: int = 1
    commit_seconds: float = 0.002
    daily_tokens: float = 20e6


_FIRST_TIER = Tier(requests=500, tokens=500e3, embedding_requests=3e3, embedding_tokens=1e6)
_THIRD_TIER = Tier(requests=5e3, tokens=4e6, embedding_requests=5e3, embedding_tokens=5e6)
_FIFTH_TIER = Tier(requests=30e3, tokens=180e6, embedding_requests=10e3, embedding_tokens=10e6)
_NO_LIMITS = Tier(requests=1e9, tokens=1e12, embedding_requests=1e9, embedding_tokens=1e12)

# As they come: Supabase's smallest paid compute, a provider's first tier, an AWS account's default.
_CLASS = House(
    students=30, course=30, instances=1_000, cores=2, connections=10, provider=_FIRST_TIER
)
_THOUSANDS = replace(_CLASS, students=3_000, course=300)
_TURNED = replace(_THOUSANDS, provider=_THIRD_TIER, daily_tokens=100e6)
# One of a hundred for 3,000,000: the course is as large as in one for all of them.
_ONE_OF_MANY = replace(
    _TURNED, students=30_000, course=3_000, cores=4, connections=40, daily_tokens=1e9
)
_MILLIONS = replace(_CLASS, students=3_000_000, course=3_000)
_LARGEST = replace(
    _MILLIONS,
    instances=30_000,
    cores=64,
    connections=200,
    provider=_FIFTH_TIER,
    daily_tokens=1e12,
)
HOUSES = {
    "30 students, as it comes": _CLASS,
    "30 students, an AWS account of 10 instances": replace(_CLASS, instances=10),
    "30 students, all on one instance of Vercel's": replace(
        _CLASS, instances=1, requests_per_instance=1_000
    ),
    "30 students, who each add 10 files as they ask": replace(_CLASS, files_each=10),
    "3,000 students, as it comes": _THOUSANDS,
    "3,000 students, third tier, 100 million tokens a day": _TURNED,
    f"3,000 students, the same with {VERCEL_SHARING} to an instance of Vercel's": replace(
        _TURNED, requests_per_instance=VERCEL_SHARING
    ),
    "3,000 students, the same with all on one instance of Vercel's": replace(
        _TURNED, instances=1, requests_per_instance=1_000
    ),
    "3,000,000 students, as it comes": _MILLIONS,
    "3,000,000 students, one deployment at its highest": _LARGEST,
    "3,000,000 students, and the counter in 16 rows": replace(_LARGEST, counter_rows=16),
    "3,000,000 students, and a provider without limits": replace(
        _LARGEST, counter_rows=16, provider=_NO_LIMITS
    ),
    "3,000,000 students in 100 deployments, one of them": _ONE_OF_MANY,
    "30,000 students, the highest tier and 4,000 instances of Lambda's": replace(
        _ONE_OF_MANY, provider=_FIFTH_TIER, instances=4_000
    ),
    f"30,000 students, the highest tier with {VERCEL_SHARING} to an instance of Vercel's": replace(
        _ONE_OF_MANY, provider=_FIFTH_TIER, requests_per_instance=VERCEL_SHARING
    ),
    "30,000 students, a course of 1,000": replace(_ONE_OF_MANY, course=1_000),
}


def _grown(house: House, students: int) -> House:
    """Give a deployment so many students, of whom a tenth are the course that asks at once: a class at least."""
    return replace(house, students=students, course=min(max(students // 10, 30), 3_000))


# For the picture: the same deployments with more and more students.
STUDENTS = (30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000)
GROWING = {
    "as it comes": partial(_grown, _CLASS),
    "third tier": partial(_grown, _TURNED),
    "all at its highest": partial(_grown, _LARGEST),
    "and the counter in 16 rows": partial(_grown, replace(_LARGEST, counter_rows=16)),
}
