"""How much of what the Supabase plan has is used."""

from collections.abc import Mapping
from dataclasses import dataclass

from dev.doctor.findings import Finding, is_public, ok, wrong

# Beyond so much there are days left, not weeks; a database that is over its size becomes read-only.
_FULL_SHARE = 0.9


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a plan has, by docs/operate.md: an assumption, to be checked against Supabase's page."""

    database_bytes: float
    file_bytes: float


PLANS = {
    "free": Plan(database_bytes=500e6, file_bytes=1e9),
    "pro": Plan(database_bytes=8e9, file_bytes=100e9),
}
_ASSUMED = "free"


def check(usage: Mapping[str, float], url: str, name: str) -> Finding:
    """Hold what is used against the plan of this name; empty, and the project is public: the free one."""
    used = {each: usage[f"{each}_bytes"] for each in ("database", "file")}
    amounts = f"{used['database'] / 1e6:,.0f} MB of database, {used['file'] / 1e6:,.0f} MB of files"
    if not name and not is_public(url):
        return ok("room", f"{amounts}; on this machine no plan limits them (--plan names one)")
    plan = PLANS[name or _ASSUMED]
    sizes = {"database": plan.database_bytes, "file": plan.file_bytes}
    whose = f"the {name} plan" if name else f"the {_ASSUMED} plan, which is assumed (see --plan)"
    told = f"{amounts}, of {sizes['database'] / 1e6:,.0f} and {sizes['file'] / 1e6:,.0f} in {whose}"
    fullest = max(used[each] / sizes[each] for each in sizes)
    if fullest < _FULL_SHARE:
        return ok("room", told)
    do = "take a larger plan, or have files deleted; a database that is full becomes read-only."
    return wrong("room", f"{fullest:.0%} full: {told}.", do)
