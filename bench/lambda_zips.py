"""Size and cold start of each Lambda zip, beside bare FastAPI + Mangum built the same way: `python -m bench.lambda_zips`.

From process start to the first response of the health route, in fresh processes of Lambda's Python, one after the other
in turns, medians. `server` is run.sh as the Lambda Web Adapter starts it, until it answers. What is called `-small` is
built without cryptography, which an HS256 secret does not need.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.figures import Figure, compare, report
from dev.deploy.lambda_build import STREAMING, Archive, build, plant
from dev.deploy.lambda_packages import PYTHON_VERSION
from dev.deploy.lambda_pythons import find_python
from dev.deploy.lambda_runtime import Instance, unpack
from dev.deploy.lambda_template import Function
from dev.deploy.lambda_tools import Tools, install_tools
from dev.processes import ROOT

BARE = '''"""Bare FastAPI + Mangum."""

from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()


@app.get("/api/bare/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


handler = Mangum(app, lifespan="off")
'''
_FLOOR = ("bare", "handler")
_SMALL = "-small"
_MOST_MEGABYTES = {"auth": 14, "history": 14, "query": 21}
_MOST_MEGABYTES |= {f"auth{_SMALL}": 10, f"history{_SMALL}": 10, f"query{_SMALL}": 15}
_HTTP = {"method": "GET", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
# Ends without teardown, as a Lambda does. VmHWM is the peak of resident memory.
_PROGRAM = """
import json, os, sys
from functions.{name} import handler
assert handler(json.loads(sys.argv[1]), None)["statusCode"] == 200
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(int(peak) / 1024, flush=True)
os._exit(0)
"""


@dataclass(frozen=True)
class Start:
    """One cold start."""

    milliseconds: float
    megabytes: float


def _event(name: str) -> str:
    path = f"/api/{name}/health"
    context = {"http": {**_HTTP, "path": path}, "stage": "$default"}
    headers = {"host": "local"}
    event = {"version": "2.0", "rawPath": path, "rawQueryString": "", "headers": headers}
    return json.dumps({**event, "requestContext": context, "isBase64Encoded": False})


def _start(name: str, task: Path, python: str) -> Start:
    began = time.perf_counter()
    peak = subprocess.check_output(
        [python, "-B", "-s", "-c", _PROGRAM.format(name=name), _event(name)],
        cwd=task,
        env={"PATH": "", "LANG": "C.UTF-8"},
        text=True,
    )
    return Start((time.perf_counter() - began) * 1000, float(peak.splitlines()[-1]))


def server(name: str, task: Path, tools: Tools, environment: Mapping[str, str]) -> Instance:
    """Describe run.sh of a zip as the Lambda Web Adapter starts it; entered, it is asked for health until it answers."""
    adapter = {
        "LECTERN_APP": f"functions.{name}:app",
        "AWS_LWA_READINESS_CHECK_PATH": f"/api/{name}/health",
    }
    function = Function(
        logical_id=name,
        handler="run.sh",
        zip_name=f"{name}.zip",
        timeout_seconds=30,
        memory_megabytes=1024,
        environment=adapter,
    )
    return Instance(function, task, tools, environment)


def _start_server(name: str, task: Path, tools: Tools) -> Start:
    began = time.perf_counter()
    with server(name, task, tools, {}) as instance:
        return Start((time.perf_counter() - began) * 1000, instance.peak_megabytes)


def _build_all(folder: Path) -> dict[str, Archive]:
    bare = folder / "bare"
    for name in ("functions", "lib"):
        (bare / name).mkdir(parents=True)
        (bare / name / "__init__.py").touch()
    (bare / "functions" / "bare.py").write_text(BARE)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (bare / name).write_bytes((ROOT / name).read_bytes())
    tree = plant(folder / "task")
    small = tree.pack(folder / "small", with_cryptography=False)
    return (
        build(folder / "zips", bare)
        | tree.pack(folder / "zips")
        | {f"{name}{_SMALL}": archive for name, archive in small.items()}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as name:
        _measure(Path(name), runs)


def _measure(folder: Path, runs: int) -> None:
    archives, tools = _build_all(folder), install_tools()
    cases: dict[tuple[str, str], Callable[[], Start]] = {}
    for name, archive in archives.items():
        task = folder / "tasks" / name
        unpack(archive.path, task)
        module = name.removesuffix(_SMALL)
        cases[name, "handler"] = partial(_start, module, task, find_python(PYTHON_VERSION))
        if module in STREAMING:
            cases[name, "server"] = partial(_start_server, module, task, tools)
    starts: dict[tuple[str, str], list[Start]] = defaultdict(list)
    for _ in range(runs):
        for case, start in cases.items():
            starts[case].append(start())
    _report(archives, starts)


def _report(archives: dict[str, Archive], starts: dict[tuple[str, str], list[Start]]) -> None:
    floor = [start.milliseconds for start in starts[_FLOOR]]
    times: list[Figure] = []
    peaks: list[Figure] = []
    for (name, kind), measured in starts.items():
        title = f"{name} {kind}"
        if (name, kind) != _FLOOR:
            milliseconds = [start.milliseconds for start in measured]
            times.append(compare(title, "ms", milliseconds, floor))
        peaks.append(compare(title, "MB", [start.megabytes for start in measured]))
    report("Lambda zips: process start to first response, against bare FastAPI + Mangum", times)
    report("Lambda zips: peak memory", peaks)
    report("Lambda zips: size", [figure for named in archives.items() for figure in _sizes(*named)])


def _sizes(name: str, archive: Archive) -> list[Figure]:
    zipped = archive.path.stat().st_size / 1e6
    return [
        Figure(f"{name} zipped", zipped, "MB", noise=0.0, aim=_MOST_MEGABYTES.get(name)),
        Figure(f"{name} unzipped", archive.unzipped_bytes / 1e6, "MB", noise=0.0),
    ]


if __name__ == "__main__":
    main()
