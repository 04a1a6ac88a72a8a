"""What each function imports beside bare FastAPI + Mangum, how long that takes, and why it stays: `make bench B=imports`.

The zips as deployed under Lambda's Python, with what their first useful request imports; of each module its own time,
the least of some runs, added up by package. Python's account of imports takes time itself: the sum is more than a start
takes, and the shares tell. What a request works beside its imports is in `make bench B=coldstart`.
"""

import argparse
import math
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from bench.bundles import BARE, built_bundles
from bench.figures import Figure, compare, report

# What the first useful request imports beside its function, or run.sh before it.
_FIRST = {"query": "import serve; "}
_CONNECTION = "httpcore._async.connection_pool, httpcore._backends.anyio"
_LATE = {
    "upload": "lib.adapters.storage_parts",
    "query": "lib.adapters.openai_parts, uvicorn.lifespan.off, uvicorn.protocols.http.h11_impl",
}
# What takes less by itself, all together.
_LEAST_MILLISECONDS = 1.0
_REASONS = {
    "cryptography": "signs ES256 tokens; PyJWT imports all of its algorithms",
    "functions": "the routes, which FastAPI makes",
    "h11": "HTTP/1.1, for httpcore and uvicorn",
    "httpcore": "the connections of the one HTTP client",
    "httpx": "the one HTTP client",
    "idna": "names of hosts, for httpx",
    "jwt": "access tokens, and the database's",
    "lib": "our own: models, settings, patterns",
    "multidict": "for yarl",
    "openai": "its client and stream",
    "postgrest": "the Data API",
    "storage3": "signs uploads",
    "uvicorn": "the server behind the Lambda Web Adapter",
    "yarl": "addresses, for postgrest and storage3",
}
_STANDARD, _OTHERS = "Python's own library", f"packages below {_LEAST_MILLISECONDS:g} ms"


# Milliseconds by module.
Times = dict[str, float]


def _figures(runs: list[Times], known_runs: list[Times]) -> list[Figure]:
    modules, known = _least(runs), _least(known_runs)
    packages: dict[str, float] = defaultdict(float)
    for module, own in modules.items():
        if module not in known:
            top = module.split(".")[0]
            packages[_STANDARD if top in sys.stdlib_module_names else top] += own
    dear = {name: own for name, own in packages.items() if own >= _LEAST_MILLISECONDS}
    others = sum(packages.values()) - sum(dear.values())
    return [
        Figure("in all", sum(packages.values()), "ms", sum(known.values()), is_only_told=True),
        compare(
            "in all, the floor's included",
            "ms",
            [sum(run.values()) for run in runs],
            [sum(run.values()) for run in known_runs],
        ),
        *(
            Figure(_explain(name), dear[name], "ms")
            for name in sorted(dear, key=lambda n: -dear[n])
        ),
        Figure(_OTHERS, others, "ms"),
    ]


def _explain(package: str) -> str:
    reason = _REASONS.get(package)
    return f"{package}: {reason}" if reason else package


def _least(runs: list[Times]) -> Times:
    return {module: min(run.get(module, math.inf) for run in runs) for module in runs[0]}


def _time_imports(python: str, task: Path, program: str) -> Times:
    """Return the milliseconds of each module's own import."""
    process = subprocess.run(
        [python, "-B", "-s", "-X", "importtime", "-c", f"import gc; gc.disable(); {program}"],
        cwd=task,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", process.stderr)
    return {module: int(own) / 1000 for own, module in found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with built_bundles() as bundles:
        python = bundles.python
        bare = f"import functions.{BARE}"
        for kind, zips in (("HS256", bundles.hs256), ("ES256", bundles.es256)):
            for name, bundle in zips.items():
                late = ", ".join(filter(None, (_CONNECTION, _LATE.get(name))))
                program = f"{_FIRST.get(name, '')}import functions.{name}, {late}"
                floors, times = list[Times](), list[Times]()
                for _ in range(runs):
                    floors.append(_time_imports(python, bundles.bare.task, bare))
                    times.append(_time_imports(python, bundle.task, program))
                title = f"Imports of {name} beside the floor's, {kind} database tokens"
                report(title, _figures(times, floors))


if __name__ == "__main__":
    main()
