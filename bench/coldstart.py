"""From process start to first response, and peak memory, of each function: `make bench B=coldstart`.

The functions run as deployed: unpacked Lambda zips with their bytecode under Lambda's Python, in fresh processes, one
after the other in turns, medians. The floor is bare FastAPI + Mangum, built and run the same way. "health" asks nobody;
"useful" is a signed-in request with all its calls, answered by a replay of the local stack (bench/replay.py): no wait
in it is longer than a round trip on this machine.
Which imports cost what: `python -m bench.imports`.
"""

import argparse
import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.bundles import BARE, Bundle, Bundles, built_bundles
from bench.figures import Figure, compare, report
from bench.local import Local, local_lectern
from bench.replay import replaying
from dev.new_keys import make_signing_key
from dev.student import Student

_DIGEST = "0" * 64
_USEFUL: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "auth": ("GET", "/api/auth/me", None),
    "history": ("GET", "/api/history", None),
    "upload": (
        "POST",
        "/api/upload/signed",
        {"filename": "lecture.pdf", "size_bytes": 1_000, "sha256": _DIGEST},
    ),
    "query": ("POST", "/api/query", {"query_text": "Where do the light reactions take place?"}),
}
# Issue and reason: docs/bench/README.md. HS256 zips hold no cryptography.
_AIMS = {
    "HS256": {"auth": 1.25, "history": 1.25, "upload": 1.3, "query": 1.75},
    "ES256": {"auth": 1.45, "history": 1.45, "upload": 1.5, "query": 1.95},
}
_MOST_MEGABYTES = {"HS256": 52, "ES256": 64}
_FORBIDDEN = ("openai", "numpy", "pypdfium2", "lib.adapters.documents", "click", "rich")
# Ends without teardown, as a Lambda does. VmHWM is the peak of resident memory.
_PROGRAM = """
import sys
from functions.{name} import handler
import json, os, time
answer = handler(json.loads(sys.argv[1]), None)
assert answer["statusCode"] in (200, 201), answer
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
told = {{"cpu": time.process_time() * 1000, "mb": int(peak) / 1024, "modules": sorted(sys.modules)}}
print(json.dumps(told), flush=True)
os._exit(0)
"""


@dataclass(frozen=True)
class Start:
    """One cold start."""

    milliseconds: float
    cpu_milliseconds: float
    megabytes: float
    modules: frozenset[str]


def make_event(method: str, path: str, body: dict[str, Any] | None = None, token: str = "") -> str:
    """Make what API Gateway sends (payload format 2.0)."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}
    headers = {"authorization": token, "content-type": "application/json", "host": "localhost"}
    return json.dumps(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": "",
            "headers": headers,
            "requestContext": {"http": http, "stage": "$default"},
            "body": json.dumps(body) if body else None,
            "isBase64Encoded": False,
        }
    )


def _start(python: str, bundle: Bundle, event: str, environment: dict[str, str]) -> Start:
    name = bundle.archive.path.stem
    began = time.perf_counter()
    process = subprocess.run(
        [python, "-B", "-s", "-c", _PROGRAM.format(name=name), event],
        cwd=bundle.task,
        env={"PATH": "", "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    milliseconds = (time.perf_counter() - began) * 1000
    assert process.returncode == 0, f"{name}: {process.stderr[-2000:]}"
    told = json.loads(process.stdout.splitlines()[-1])
    _check_imports(name, told["modules"])
    return Start(milliseconds, told["cpu"], told["mb"], frozenset(told["modules"]))


def _check_imports(name: str, modules: list[str]) -> None:
    loaded = [module for module in _FORBIDDEN if module in modules]
    assert name not in ("auth", "history") or not loaded, f"{name} imports {loaded}"


@contextmanager
def _prepared() -> Generator[tuple[dict[str, str], str]]:
    """Yield the settings of functions that ask replays of a local stack, and a student's token."""
    with local_lectern() as local:
        student = Student(local.client, "bench")
        student.upload("note.txt", "The light reactions take place in the thylakoid membranes.")
        stack = local.stack
        with replaying(stack.supabase_url) as supabase, replaying(_origin(local)) as model:
            addresses = {"SUPABASE_URL": supabase.url, "OPENAI_BASE_URL": f"{model.url}/v1"}
            token = local.client.headers["Authorization"]
            yield {**stack.environment(), **addresses}, token


def _origin(local: Local) -> str:
    return local.stack.model_url.removesuffix("/v1")


Cases = dict[tuple[str, str], Callable[[], Start]]


def _cases(bundles: Bundles, settings: dict[str, str], token: str) -> Cases:
    """Return what to start, by a name and by what is asked; the keys make the tables' rows."""
    cases: Cases = {}

    def add(
        kind: str, bundle: Bundle, request: str, event: str, environment: dict[str, str]
    ) -> None:
        name = f"{bundle.archive.path.stem} {request}"
        cases[kind, name] = partial(_start, bundles.python, bundle, event, environment)

    add("", bundles.bare, "health", make_event("GET", f"/api/{BARE}/health"), {})
    for name, bundle in bundles.hs256.items():
        add("HS256", bundle, "health", make_event("GET", f"/api/{name}/health"), {})
    signed = {**settings, "DATABASE_TOKEN_KEY": json.dumps(make_signing_key())}
    for name, request in _USEFUL.items():
        event = make_event(*request, token)
        add("HS256", bundles.hs256[name], "useful", event, settings)
        add("ES256", bundles.es256[name], "useful", event, signed)
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
    floor = starts["", f"{BARE} health"]
    for kind in _AIMS:
        tables: dict[str, list[Figure]] = {"first response": [], "of it CPU": [], "peak memory": []}
        for (of_kind, name), measured in starts.items():
            if of_kind == kind:
                for table, figure in zip(
                    tables, _figures(kind, name, measured, floor), strict=True
                ):
                    tables[table].append(figure)
        for table, figures in tables.items():
            report(f"Cold start, {kind} database tokens: {table}", figures)


def _figures(kind: str, name: str, measured: list[Start], floor: list[Start]) -> list[Figure]:
    function, request = name.split()
    aim = _AIMS[kind].get(function) if request == "useful" else None
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
        Figure(
            name,
            max(start.megabytes for start in measured),
            "MB",
            noise=0.5,
            aim=_MOST_MEGABYTES[kind],
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    arguments = parser.parse_args()
    with built_bundles() as bundles, _prepared() as (settings, token):
        _report(_measure(_cases(bundles, settings, token), arguments.runs))


if __name__ == "__main__":
    main()
