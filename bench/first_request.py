"""What the first request of a function does beside its imports, by whose code it is.

By Python's account of the processor in one run (cProfile), which takes time itself: it tells shares, and they are given out
over what the request was measured to take without it.
"""

import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path

from bench.bundles import Bundle
from bench.figures import Figure
from bench.starts import Request

_PROGRAM = """
import sys
from functions.{name} import handler
import cProfile, json, pstats, time
profile = cProfile.Profile(time.process_time)
event = json.loads(sys.argv[1])
profile.enable()
answer = handler(event, None)
profile.disable()
assert answer["statusCode"] in (200, 201), answer
own = pstats.Stats(profile).stats.items()
print(json.dumps([[file, function, numbers[2]] for (file, _, function), numbers in own]))
"""
IMPORTING, TLS = "finding and loading modules", "TLS: authorities and context"
MODELS = "pydantic: models, when first used"
_OTHERS = "what is below a hundredth each"
_REASONS = {
    IMPORTING: "what only a request needs: httpcore, storage3, openai",
    TLS: "once for each process",
    "fastapi": "the route's dependencies and answer",
    "starlette": "the request and its answer",
    "lib": "our own",
    "jwt": "the access token, and the database's",
    "httpx": "the call to Supabase",
    "httpcore": "its connection",
}
# What has no file, by what is in its name.
_BUILT_INS = {
    "_ssl": TLS,
    "marshal": IMPORTING,
    "_imp.": IMPORTING,
    "posix.stat": IMPORTING,
    "builtins.exec": IMPORTING,
    "pydantic_core": MODELS,
}

_OF_MODELS = ("pydantic", "pydantic_core", "typing_extensions.py", "annotated_types")


def split(
    python: str,
    bundle: Bundle,
    request: Request,
    environment: dict[str, str],
    milliseconds: float,
) -> list[Figure]:
    """Return what the milliseconds of a function's first request are, the dearest first."""
    process = subprocess.run(
        [
            *(python, "-B", "-s", "-c"),
            _PROGRAM.format(name=bundle.archive.path.stem),
            request.event(),
        ],
        cwd=bundle.task,
        env={"PATH": "", "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds: dict[str, float] = defaultdict(float)
    for file, function, own in json.loads(process.stdout.splitlines()[-1]):
        seconds[_part(file, function, bundle.task)] += own
    whole = sum(seconds.values())
    dear = {part: own for part, own in seconds.items() if own >= whole / 100}
    parts = sorted(dear.items(), key=lambda part: -part[1])
    parts.append((_OTHERS, whole - sum(dear.values())))
    return [
        Figure(_explain(part), milliseconds * own / whole, "ms", is_only_told=True)
        for part, own in parts
    ]


def _part(file: str, function: str, task: Path) -> str:
    if file == "~":
        name = re.sub(r" at 0x\w+", "", function)
        return next((part for told, part in _BUILT_INS.items() if told in name), name)
    path = Path(file)
    if "importlib" in file:
        return IMPORTING
    if not path.is_relative_to(task):
        return f"Python's {_module(path)}"
    package = path.relative_to(task).parts[0]
    return MODELS if package in _OF_MODELS else package


def _module(path: Path) -> str:
    """Return the module or package at the top of Python's own library that a file is of."""
    within = re.search(r"/python3\.\d+/(\w+)", str(path))
    return within[1] if within else path.stem  # what is frozen into it has no place


def _explain(part: str) -> str:
    reason = _REASONS.get(part)
    return f"{part}: {reason}" if reason else part
