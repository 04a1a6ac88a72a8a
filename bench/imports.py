"""What each function imports beside bare FastAPI + Mangum, and how long that takes: `python -m bench.imports`.

The zips as deployed with ES256 under Lambda's Python; of each module its own time, the least of some runs.
"""

import argparse
import re
import subprocess
from collections import defaultdict
from pathlib import Path

from bench.bundles import BARE, Bundles, built_bundles

# What the first useful request imports beside its function.
_LATE = {
    "upload": "httpcore, lib.adapters.storage_parts",
    "query": "httpcore, lib.adapters.openai_parts",
}


def _report(bundles: Bundles, runs: int) -> None:
    """List by package what is imported beside what the floor imports, in ms of its own, the least of some runs."""
    floor = _time_imports(bundles.python, bundles.bare.task, f"import functions.{BARE}", runs)
    print(f"floor    {sum(floor.values()):5.0f} ms in {len(floor)} modules")
    for name, bundle in bundles.es256.items():
        program = f"import functions.{name}; import {_LATE.get(name, 'httpcore')}"
        packages: dict[str, float] = defaultdict(float)
        for module, own in _time_imports(bundles.python, bundle.task, program, runs).items():
            if module not in floor:
                packages[module.split(".")[0]] += own
        dearest = sorted(packages.items(), key=lambda item: -item[1])[:14]
        listed = ", ".join(f"{package} {own:.1f}" for package, own in dearest)
        print(f"{name:8} {sum(packages.values()):5.0f} ms more: {listed}")


def _time_imports(python: str, task: Path, program: str, runs: int) -> dict[str, float]:
    least: dict[str, float] = {}
    for _ in range(runs):
        process = subprocess.run(
            [python, "-B", "-s", "-X", "importtime", "-c", f"import gc; gc.disable(); {program}"],
            cwd=task,
            env={"PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        for own, module in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", process.stderr):
            least[module] = min(least.get(module, float("inf")), int(own) / 1000)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with built_bundles() as bundles:
        _report(bundles, runs)


if __name__ == "__main__":
    main()
