"""From process start to first response, and peak memory, of each function: `make bench B=coldstart`.

The functions run out of their unpacked Lambda zips, with bytecode, under Lambda's Python, in fresh processes, one after
the other in turns, medians. Of `query` run.sh is started and asked for health until it answers, as the Lambda Web
Adapter does it, and then asked what the row says; of the others the handler is imported and called. The floor is bare
FastAPI + Mangum, built and started as those are.

"health" asks nobody. "useful" is a signed-in request with all its calls but those for settings, which are in the
environment, as on Vercel; the aims are about this. "useful, SSM" reads them from a Parameter Store first, as every
function on AWS does: beside the row above, that is what it adds. "useful, Mangum" is `query` by its handler, which
nobody deploys: what it takes less is uvicorn's part, run.sh's and that of being asked for health.

Supabase and the model are replays of the local stack (bench/replay.py). They and the Parameter Store are on this machine
and speak plain HTTP: no wait is longer than a round trip here, and no TLS handshake is in it.
Which imports cost what: `python -m bench.imports`. What the first request is made of is told by one more run of each function,
with Python's own account of it.
"""

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from bench.bundles import BARE, Bundle, Bundles, built_bundles
from bench.figures import Figure, compare, report
from bench.first_request import split
from bench.local import Local, local_lectern
from bench.parameters import storing
from bench.replay import replaying
from bench.starts import Request, Start, start_handler, start_server
from dev.deploy.lambda_tools import Tools, install_tools
from dev.new_keys import make_signing_key
from dev.student import Student

_DIGEST = "0" * 64
_USEFUL = {
    "auth": Request("GET", "/api/auth/me"),
    "history": Request("GET", "/api/history"),
    "upload": Request(
        "POST",
        "/api/upload/signed",
        {"filename": "lecture.pdf", "size_bytes": 1_000, "sha256": _DIGEST},
    ),
    "query": Request(
        "POST", "/api/query", {"query_text": "Where do the light reactions take place?"}
    ),
}
_SERVED = "query"  # by run.sh: serverless.yml
_HEALTH, _SAID, _STORED, _HANDLED = "health", "useful", "useful, SSM", "useful, Mangum"
# Issue and reason: docs/bench/README.md. HS256 zips hold no cryptography.
_AIMS = {
    "HS256": {"auth": 1.25, "history": 1.25, "upload": 1.3, "query": 1.75},
    "ES256": {"auth": 1.45, "history": 1.45, "upload": 1.5, "query": 1.95},
}
_MOST_MEGABYTES = {"HS256": 52, "ES256": 64}

Environments = dict[str, dict[str, dict[str, str]]]
"""What functions are started with: by the kind of their database tokens, and by where their settings are."""
Cases = dict[tuple[str, str], Callable[[], Start]]
"""What to start, by the table and the name of the row."""


@contextmanager
def _prepared() -> Generator[tuple[Environments, str]]:
    """Yield how to start functions that ask replays of a local stack, and a student's token."""
    with local_lectern() as local, ExitStack() as services:
        student = Student(local.client, "bench")
        student.upload("note.txt", "The light reactions take place in the thylakoid membranes.")
        supabase = services.enter_context(replaying(local.stack.supabase_url))
        model = services.enter_context(replaying(_origin(local)))
        addresses = {"SUPABASE_URL": supabase.url, "OPENAI_BASE_URL": f"{model.url}/v1"}
        hs256 = {**local.stack.environment(), **addresses}
        es256 = {**hs256, "DATABASE_TOKEN_KEY": json.dumps(make_signing_key())}
        environments = {
            kind: {_SAID: settings, _STORED: services.enter_context(storing(settings))}
            for kind, settings in (("HS256", hs256), ("ES256", es256))
        }
        yield environments, local.client.headers["Authorization"]


def _origin(local: Local) -> str:
    return local.stack.model_url.removesuffix("/v1")


def _health(name: str) -> Request:
    return Request("GET", f"/api/{name}/health")


def _by_kind(bundles: Bundles) -> dict[str, dict[str, Bundle]]:
    return {"HS256": bundles.hs256, "ES256": bundles.es256}


def _cases(bundles: Bundles, tools: Tools, environments: Environments, token: str) -> Cases:
    handled, served = partial(start_handler, bundles.python), partial(start_server, tools)
    cases: Cases = {("", f"{BARE} {_HEALTH}"): partial(handled, bundles.bare, _health(BARE), {})}

    def add(
        kind: str, bundle: Bundle, how: str, request: Request, environment: dict[str, str]
    ) -> None:
        name = bundle.archive.path.stem
        start = served if name == _SERVED and how != _HANDLED else handled
        cases[kind, f"{name} {how}"] = partial(start, bundle, request, environment)

    for kind, zips in _by_kind(bundles).items():
        for name, bundle in zips.items():
            add(kind, bundle, _HEALTH, _health(name), {})
        for name, useful in _USEFUL.items():
            request = replace(useful, token=token)
            for how, environment in environments[kind].items():
                add(kind, zips[name], how, request, environment)
            if name == _SERVED:
                add(kind, zips[name], _HANDLED, request, environments[kind][_SAID])
    return cases


def _measure(cases: Cases, runs: int) -> dict[tuple[str, str], list[Start]]:
    for start in cases.values():
        start()  # what is replayed is asked for once, and the files are in memory from now on
    starts: dict[tuple[str, str], list[Start]] = defaultdict(list)
    for _ in range(runs):
        for case, start in cases.items():
            starts[case].append(start())
    return starts


def _report(starts: dict[tuple[str, str], list[Start]]) -> None:
    floor = starts["", f"{BARE} {_HEALTH}"]
    for kind in _AIMS:
        tables: dict[str, list[Figure]] = {"first response": [], "of it CPU": [], "peak memory": []}
        for (of_kind, name), measured in starts.items():
            if of_kind == kind:
                for table, figure in zip(
                    tables, _figures(kind, name, measured, floor), strict=True
                ):
                    tables[table].append(figure)
        peak = [start.megabytes for start in floor]
        tables["peak memory"].insert(0, compare(f"{BARE} {_HEALTH}", "MB", peak))
        tables["of the CPU, the request"] = _figures_of_requests(kind, starts)
        tables["what is above the floor's CPU"] = _figures_above(kind, starts)
        for table, figures in tables.items():
            report(f"Cold start, {kind} database tokens: {table}", figures)


def _figures(kind: str, name: str, measured: list[Start], floor: list[Start]) -> list[Figure]:
    function, how = name.split(maxsplit=1)
    aim = _AIMS[kind][function] if how == _SAID else None
    return [
        compare(
            name,
            "ms",
            [start.milliseconds for start in measured],
            [start.milliseconds for start in floor],
            aim=aim,
        ),
        compare(
            name,
            "ms",
            [start.cpu_milliseconds for start in measured],
            [start.cpu_milliseconds for start in floor],
            aim=aim,
        ),
        compare(
            name,
            "MB",
            [start.megabytes for start in measured],
            aim=_MOST_MEGABYTES[kind] if how in (_HEALTH, _SAID) else None,
        ),
    ]


def _figures_of_requests(kind: str, starts: dict[tuple[str, str], list[Start]]) -> list[Figure]:
    """Tell what of a start is the request itself, where the handler is called: the imports are the rest."""
    return [
        compare(name, "ms", [start.request_milliseconds for start in measured])
        for (of_kind, name), measured in starts.items()
        if of_kind == kind and measured[0].request_milliseconds
    ]


def _figures_above(kind: str, starts: dict[tuple[str, str], list[Start]]) -> list[Figure]:
    """Share out what the useful response of each function takes of a processor above the floor.

    What is imported and made before any request, which the response of the health route needs as well; and the request.
    """

    def processor(case: tuple[str, str]) -> float:
        return statistics.median(start.cpu_milliseconds for start in starts[case])

    floor, figures = processor(("", f"{BARE} {_HEALTH}")), list[Figure]()
    for name in _USEFUL:
        health, useful = (processor((kind, f"{name} {how}")) for how in (_HEALTH, _SAID))
        parts = {
            "before any request": health - floor,
            "the request": useful - health,
            "in all": useful - floor,
        }
        figures += [
            Figure(f"{name}: {part}", milliseconds, "ms", is_only_told=True)
            for part, milliseconds in parts.items()
        ]
    return figures


def _report_parts(
    bundles: Bundles,
    environments: Environments,
    token: str,
    starts: dict[tuple[str, str], list[Start]],
) -> None:
    """Name what the first request of each function is made of."""
    for kind, zips in _by_kind(bundles).items():
        for name, useful in _USEFUL.items():
            how = _HANDLED if name == _SERVED else _SAID
            measured = starts[kind, f"{name} {how}"]
            taken = statistics.median(start.request_milliseconds for start in measured)
            request = replace(useful, token=token)
            environment = environments[kind][_SAID]
            figures = split(bundles.python, zips[name], request, environment, taken)
            report(f"The first request of {name}, {kind} database tokens", figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs, tools = parser.parse_args().runs, install_tools()
    with built_bundles() as bundles, _prepared() as (environments, token):
        starts = _measure(_cases(bundles, tools, environments, token), runs)
        _report(starts)
        _report_parts(bundles, environments, token, starts)


if __name__ == "__main__":
    main()
