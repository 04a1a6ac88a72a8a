"""Size and cold start of each of Vercel's bundles, beside bare FastAPI + Mangum built by the same command.

From process start, through the platform's bootstrap, to the first response of the health route: fresh processes of the
builder's Python, one after the other in turns, medians. Run it as `make bench B=vercel_bundles`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.bundles import BARE, BARE_SOURCE
from bench.figures import Figure, compare, report
from dev.deploy.lambda_pythons import find_python
from dev.processes import ROOT
from dev.vercel.building import PYTHON_VERSION, build, copy_tree
from dev.vercel.instance import Instance
from dev.vercel.output import Bundle, Output

_MOST_MEGABYTES = 225 * 1024 * 1024 / 1e6  # above it packages are installed at each cold start


@dataclass(frozen=True)
class Start:
    """One cold start."""

    milliseconds: float
    megabytes: float


def _build_ours(copy: Path) -> dict[str, Bundle]:
    """Build all functions without the page."""
    copy_tree(copy)
    configuration = json.loads((copy / "vercel.json").read_text())
    del configuration["services"]["web"]
    _configure(copy, configuration)
    build(copy, {})
    return Output(copy).bundles


def _build_bare(copy: Path) -> dict[str, Bundle]:
    """Build a service of one route that has the configuration of ours, and two packages in our versions."""
    (copy / "functions").mkdir(parents=True)
    (copy / "functions" / "__init__.py").touch()
    (copy / "functions" / "bare.py").write_text(BARE_SOURCE)
    resolve = [*(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "-"), "--generate-hashes"]
    locked = ["--constraint", str(ROOT / "requirements.txt"), "--python-version", PYTHON_VERSION]
    target = ["--output-file", str(copy / "requirements.txt")]
    subprocess.run(
        [*resolve, *locked, *target],
        input="fastapi\nmangum\n",
        text=True,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    (copy / "functions" / "requirements.txt").symlink_to("../requirements.txt")
    text = (ROOT / "vercel.json").read_text().replace("history", BARE)
    configuration = json.loads(text)
    configuration["services"] = {BARE: configuration["services"][BARE]}
    _configure(copy, configuration)
    build(copy, {})
    return Output(copy).bundles


def _configure(copy: Path, configuration: dict[str, dict[str, object]]) -> None:
    """Write vercel.json without the routes of services that are not there."""
    routes = {name: f"/api/{name}/:rest*" for name in configuration["services"]}
    rewrites = [{"source": path, "destination": {"service": n}} for n, path in routes.items()]
    kept = {name: configuration[name] for name in ("build", "services")}
    (copy / "vercel.json").write_text(json.dumps({**kept, "rewrites": rewrites}))


def _start(name: str, bundle: Bundle, python: str) -> Start:
    instance = Instance(bundle, python, {})
    began = time.perf_counter()
    try:
        address, headers = instance.address(), instance.request_headers()
        httpx.get(f"{address}/api/{name}/health", headers=headers).raise_for_status()
        return Start((time.perf_counter() - began) * 1000, instance.peak_megabytes)
    finally:
        instance.stop()


def _measure(bundles: dict[str, Bundle], runs: int) -> None:
    starts: dict[str, list[Start]] = defaultdict(list)
    python = find_python(PYTHON_VERSION)
    for run in range(runs + 1):
        for name, bundle in bundles.items():
            start = _start(name, bundle, python)
            if run:  # the first one also lays the files out
                starts[name].append(start)
    floor = [start.milliseconds for start in starts[BARE]]
    times = [
        compare(name, "ms", [start.milliseconds for start in measured], floor)
        for name, measured in starts.items()
        if name != BARE
    ]
    peaks = [
        compare(name, "MB", [start.megabytes for start in measured])
        for name, measured in starts.items()
    ]
    sizes = [
        Figure(name, bundle.size_bytes / 1e6, "MB", noise=0.0, aim=_MOST_MEGABYTES)
        for name, bundle in bundles.items()
    ]
    report("Vercel bundles: process start to first response, against bare FastAPI + Mangum", times)
    report("Vercel bundles: peak memory", peaks)
    report("Vercel bundles: size, unpacked, with bytecode", sizes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as name:
        folder = Path(name)
        _measure(_build_bare(folder / "bare") | _build_ours(folder / "ours"), runs)


if __name__ == "__main__":
    main()
