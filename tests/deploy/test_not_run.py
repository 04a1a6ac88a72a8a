"""A target whose Python is absent is named at the end, and fails the run where all are asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from dev.processes import ROOT

_ONE_OF_EACH = ["test_make_dev.py", "test_vercel.py", "aws/test_template.py"]


@pytest.mark.parametrize(("setting", "code"), [({}, 0), ({"REQUIRE_ALL": "1"}, 1)])
def test_the_last_line_counts_the_targets_that_did_not_run(
    setting: dict[str, str], code: int, tmp_path: Path
) -> None:
    files = [str(Path(__file__).parent / name) for name in _ONE_OF_EACH]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-pno:cacheprovider", *files],
        cwd=ROOT,
        env={"PATH": "", "HOME": str(tmp_path), **setting},  # where no Python will be found
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.splitlines()[-1] == "2 of 3 targets NOT RUN"
    assert "test_make_dev.py::" in done.stdout
    assert "NOT RUN: test_vercel.py. Python 3.12 is not on PATH" in done.stdout
    assert done.returncode == code, done.stdout + done.stderr
