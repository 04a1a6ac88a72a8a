"""Plant faults one by one and see that the tests notice: `python -m tests.trust.planted_faults [name ...]`.

Each tests/trust/faults/*.patch says what is broken and which tests must fail of it. It is applied to
a copy of the tree as it is; nothing here is changed.
"""

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.building import build_page

ROOT = Path(__file__).parents[2]
FAULTS = Path(__file__).parent / "faults"
# What is installed and not in the tree; a copy shares it.
_INSTALLED = ("dev/node_modules", "web/node_modules")
_AT_A_TIME = 2


@dataclass(frozen=True)
class Fault:
    """A patch, what it breaks, and the tests that must fail of it."""

    name: str
    what: str
    suite: str
    path: Path


@dataclass(frozen=True)
class Outcome:
    """What the tests said of a fault; `trouble` is why it does not count as caught."""

    fault: Fault
    trouble: str

    @property
    def is_caught(self) -> bool:
        return not self.trouble


class PatchRefused(Exception):
    """A patch does not fit the tree any more; the message says where."""


def read_faults(names: list[str] | None = None) -> list[Fault]:
    paths = sorted(FAULTS.glob("*.patch"))
    faults = [_read(path) for path in paths if not names or path.stem in names]
    assert faults, "there is no such fault"
    return faults


def _read(path: Path) -> Fault:
    what, suite, *_ = path.read_text().splitlines()
    return Fault(
        path.stem, what.removeprefix("Fault: "), suite.removeprefix("Suite: "), path.resolve()
    )


@contextmanager
def copy_of_tree() -> Iterator[Path]:
    """Copy every file of the project as it is now, committed or not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - the user's git
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="planted-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder)
        copy.chmod(0o755)  # Postgres runs as a user of its own, and its data lies within
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, copy / name)
        for name in _INSTALLED:
            (copy / name).symlink_to(ROOT / name)
        yield copy


def apply(fault: Fault, copy: Path, *options: str) -> None:
    """Apply a patch with a line of context: what stands around it may change.

    With the option `--check` it is only seen whether it fits.

    Raises:
        PatchRefused: It does not fit.
    """
    done = subprocess.run(
        ["git", "apply", "-C1", *options, str(fault.path)],  # noqa: S607 - the user's git
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PatchRefused(done.stderr.strip())


def plant(fault: Fault) -> Outcome:
    """Run the tests of a fault on a copy that has it."""
    with copy_of_tree() as copy:
        try:
            apply(fault, copy)
        except PatchRefused as refusal:
            return Outcome(fault, f"the patch does not fit any more: {refusal}")
        return Outcome(fault, _judge(_run_tests(copy, fault.suite)))


def _run_tests(copy: Path, suite: str) -> str:
    """Return what they said; where they need the page, it is built first, as it is in this copy."""
    if "tests/e2e" in suite:
        try:
            build_page(copy)
        except subprocess.CalledProcessError as error:
            return f"{error.stderr}\nthe page cannot be built"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--show-capture=no", "--tb=line"]
    command += [f"--basetemp={copy / '.tests'}", *shlex.split(suite)]
    if "tests/trust" in suite:
        command.append("--short")
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _judge(said: str) -> str:
    """Return why a run does not count: a fault is caught by a test that failed, not by a broken stack."""
    last = said.strip().splitlines()[-1] if said.strip() else "nothing was said"
    return "" if re.search(r"\b\d+ failed\b", last) else last


def plant_all(faults: list[Fault]) -> Iterator[Outcome]:
    """Plant them, each in a copy of its own."""
    return _work_on(faults, plant)


def find_unsound(faults: list[Fault]) -> dict[str, str]:
    """Return the suites that fail without any fault, too, and what they say."""

    def spare(fault: Fault) -> Outcome:
        with copy_of_tree() as copy:
            last = _run_tests(copy, fault.suite).strip().splitlines()[-1]
        return Outcome(fault, "" if re.fullmatch(r"\d+ passed.*", last) else last)

    one_of_each = {fault.suite: fault for fault in faults}.values()
    outcomes = _work_on(one_of_each, spare)
    return {outcome.fault.suite: outcome.trouble for outcome in outcomes if outcome.trouble}


def _work_on(faults: Iterable[Fault], work: Callable[[Fault], Outcome]) -> Iterator[Outcome]:
    """Work on some at a time, and last, one by one, on those whose tests nothing may disturb."""
    every = list(faults)
    alone = _find_alone({fault.suite for fault in every})
    with ThreadPoolExecutor(_AT_A_TIME) as threads:
        yield from threads.map(work, [fault for fault in every if fault.suite not in alone])
    yield from map(work, [fault for fault in every if fault.suite in alone])


def _find_alone(suites: set[str]) -> set[str]:
    """Return the suites of which a test is marked `alone`: it measures time."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-m", "alone"]
    command += [test for suite in sorted(suites) for test in shlex.split(suite)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 5), f"a suite cannot be collected: {done.stdout}"  # 5: none is
    marked = done.stdout.splitlines()
    return {
        suite
        for suite in suites
        if any(test.startswith(part) for part in shlex.split(suite) for test in marked)
    }


def main(names: list[str]) -> int:
    """Plant, print a line for each, and return how many were missed."""
    faults, missed = read_faults(names), 0
    unsound = find_unsound(faults)
    for suite, last in unsound.items():
        print(f"Fails without a fault, too: {suite}: {last}", flush=True)  # noqa: T201 - a command
    for outcome in plant_all(faults):
        trouble = unsound.get(outcome.fault.suite, outcome.trouble)
        missed += bool(trouble)
        verdict = f"MISSED: {trouble}" if trouble else "caught"
        print(f"{outcome.fault.name:<26} {outcome.fault.what}: {verdict}", flush=True)  # noqa: T201 - likewise
    print(f"{len(faults) - missed} of {len(faults)} caught")  # noqa: T201 - likewise
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
