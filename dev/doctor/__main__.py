"""`python -m dev.doctor [--url URL]`: hold every setting against the live services. 1 if anything is wrong.

The settings come from --settings FILE, else from the environment, else from the local stack that runs on DATA_DIR. With
--url alone, only what the address itself shows is looked at.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from dev.admin import AdminError, find_environment
from dev.doctor import configuration, costs, deployment, model, supabase
from dev.doctor.costs import Prices
from dev.doctor.findings import Finding, is_public
from dev.doctor.room import PLANS
from dev.doctor.visiting import Visitor
from dev.environment_file import parse
from lib.settings import gather_settings

_TIMEOUT_SECONDS = 60


async def examine(
    environment: Mapping[str, str] | None,
    url: str,
    visitor: Visitor,
    prices: Prices,
    plan: str = "",
) -> list[Finding]:
    """Return everything there is to say.

    Args:
        environment: The settings, if they are known.
        url: Where Lectern answers; empty for the PUBLIC_URL of the settings.
        visitor: Who asks the one question.
        prices: What the model costs.
        plan: The Supabase project's, if somebody said which.
    """
    findings, settings, report = [], None, None
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as http:
        if environment is not None:
            findings, settings = configuration.check(environment)
        if settings:
            found, report = await supabase.check(settings, http, plan)
            findings += found + await model.check(settings, http)
            findings += costs.check(settings, report, prices)
            visitor = visitor if visitor.signup_code else _with_code(visitor, settings.signup_code)
        url = url or (settings.public_url if settings else "")
        if url:
            findings += await deployment.check(url.rstrip("/"), settings, http, visitor)
    return findings


def _with_code(visitor: Visitor, code: str) -> Visitor:
    return Visitor(username=visitor.username, password=visitor.password, signup_code=code)


def _environment(url: str, file: Path | None) -> Mapping[str, str] | None:
    """Return the settings to look at; None where only an address is given."""
    if file:
        given = {"PUBLIC_URL": url} if url else {}
        return given | parse(file.read_text())
    if url and is_public(url) and "SUPABASE_URL" not in os.environ:
        return gather_settings(dict(os.environ)) if "SSM_PREFIX" in os.environ else None
    try:
        return gather_settings(dict(find_environment()))
    except AdminError:
        if url:
            return None
        raise


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m dev.doctor", description=__doc__)
    parser.add_argument("--url", default="", help="where Lectern answers (default: PUBLIC_URL)")
    parser.add_argument("--settings", type=Path, help="a file in the form of .env.example")
    parser.add_argument("--username", default="", help="ask as this user; see LECTERN_PASSWORD")
    parser.add_argument(
        "--plan",
        choices=PLANS,
        default="",
        help="of the Supabase project (default: free, unless it is on this machine)",
    )
    defaults = Prices()
    for name in ("prompt", "completion"):
        parser.add_argument(
            f"--{name}-price",
            type=float,
            default=getattr(defaults, name),
            help="US dollars for a million tokens (default: %(default)s, an assumption)",
        )
    options = parser.parse_args(arguments)
    visitor = Visitor(username=options.username, password=os.environ.get("LECTERN_PASSWORD", ""))
    prices = Prices(prompt=options.prompt_price, completion=options.completion_price)
    try:
        environment = _environment(options.url, options.settings)
    except (AdminError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    findings = asyncio.run(examine(environment, options.url, visitor, prices, options.plan))
    for finding in findings:
        print(finding)
    wrong = sum(finding.verdict == "wrong" for finding in findings)
    print(f"\n{wrong} wrong." if wrong else "\nNothing is wrong.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
