"""From process start to first response, and peak memory, of each function: `make bench B=coldstart`.

Fresh processes, one after the other in turns, medians; beside each time its ratio to bare FastAPI + Mangum in the same
run. "health" asks nobody; "useful" is a signed-in request that goes to the real local stack. `--imports` lists which
imports cost what, and the forbidden ones are checked: auth and history load no openai, numpy or document reader.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from typing import Any

from bench.figures import Figure, compare, report
from bench.local import local_lectern
from dev.student import Student

_BARE = "bare"
_FUNCTIONS = ("auth", "history", "upload", "query", "jobs")
_USEFUL: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "auth": ("GET", "/api/auth/me", None),
    "history": ("GET", "/api/history", None),
    "upload": ("GET", "/api/upload", None),
    "query": ("POST", "/api/query", {"query_text": "Where do the light reactions take place?"}),
}
_FORBIDDEN = ("openai", "numpy", "pypdfium2", "lib.adapters.documents")
_LOAD_BARE = """
from fastapi import FastAPI
from mangum import Mangum
app = FastAPI()
@app.get("/api/bare/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
handler = Mangum(app, lifespan="off")
"""
# Ends without teardown, as a Lambda does. VmHWM is the peak of resident memory.
_ANSWER = """
import json, os, sys, time
started_at = float(os.environ["STARTED_AT"])
answer = handler(json.loads(os.environ["EVENT"]), None)
milliseconds = (time.time() - started_at) * 1000
assert answer["statusCode"] == 200, answer
peak = next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]
print(json.dumps({"ms": milliseconds, "mb": int(peak) / 1024, "modules": sorted(sys.modules)}))
sys.stdout.flush()
os._exit(0)
"""


def _event(method: str, path: str, body: dict[str, Any] | None, token: str) -> str:
    """Make what API Gateway sends (payload format 2.0)."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}
    return json.dumps(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {
                "authorization": token,
                "content-type": "application/json",
                "host": "localhost",
            },
            "requestContext": {"http": http, "stage": "$default"},
            "body": json.dumps(body) if body else None,
            "isBase64Encoded": False,
        }
    )


def _start(name: str, event: str, environment: dict[str, str]) -> dict[str, Any]:
    load = _LOAD_BARE if name == _BARE else f"from functions.{name} import handler"
    # `date` is taken by the shell just before Python starts, so the interpreter's own start counts.
    command = f'STARTED_AT=$(date +%s.%N) exec {sys.executable} -c "$PROGRAM"'
    process = subprocess.run(
        ["bash", "-c", command],
        env=environment | {"EVENT": event, "PROGRAM": load + "\n" + _ANSWER},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return json.loads(process.stdout.splitlines()[-1])


def _measure(cases: dict[tuple[str, str], str], environment: dict[str, str], runs: int) -> None:
    results: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for _ in range(runs):
        for case, event in cases.items():
            results[case].append(_start(case[0], event, environment))
    floor = [result["ms"] for result in results[_BARE, "health"]]
    times: list[Figure] = []
    peaks: list[Figure] = []
    for (name, request), measured in results.items():
        title = f"{name} {request}"
        if name != _BARE:
            times.append(compare(title, "ms", [result["ms"] for result in measured], floor))
        peaks.append(compare(title, "MB", [result["mb"] for result in measured]))
        _check_imports(name, measured[0]["modules"])
    report("Cold start: process start to first response, against bare FastAPI + Mangum", times)
    report("Cold start: peak memory", peaks)


def _check_imports(name: str, modules: list[str]) -> None:
    loaded = [module for module in _FORBIDDEN if module in modules]
    assert name not in ("auth", "history") or not loaded, f"{name} imports {loaded}"


def _print_imports(name: str) -> None:
    """List what each package costs by itself, its own imports not counted."""
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import functions.{name}"],
        capture_output=True,
        text=True,
        check=True,
    )
    packages: dict[str, int] = defaultdict(int)
    for own, module in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", process.stderr):
        packages[module.split(".")[0]] += int(own)
    dearest = sorted(packages.items(), key=lambda item: -item[1])[:12]
    print(f"{name:8} " + ", ".join(f"{package} {own / 1000:.0f}" for package, own in dearest))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--imports", action="store_true", help="only list what imports cost, in ms")
    arguments = parser.parse_args()
    if arguments.imports:
        for name in _FUNCTIONS:
            _print_imports(name)
        return
    with local_lectern() as local:
        student = Student(local.client, "bench")
        student.upload("note.txt", "The light reactions take place in the thylakoid membranes.")
        token = local.client.headers["Authorization"]
        cases = {
            (name, "health"): _event("GET", f"/api/{name}/health", None, "")
            for name in (_BARE, *_FUNCTIONS)
        }
        cases |= {(name, "useful"): _event(*request, token) for name, request in _USEFUL.items()}
        environment = {"PATH": "/usr/bin:/bin", **local.stack.environment()}
        _measure(cases, environment, arguments.runs)


if __name__ == "__main__":
    main()
