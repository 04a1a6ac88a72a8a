"""The journey against `make dev`, started as a person starts it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.ports import HOST, choose_ports
from dev.processes import ROOT
from tests.deploy.journey import make_journey


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    port = str(choose_ports(0).lectern)
    process = subprocess.Popen(
        ["make", "dev"],  # noqa: S607 - the one of the person who runs this
        cwd=ROOT,
        # Nothing of our own: this may itself run under make.
        env={"PATH": os.defpath, "PORT": port, "DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "first question" in line:
            break
    else:
        raise AssertionError(f"It did not start: {''.join(said)}")
    yield f"http://{HOST}:{port}"
    process.terminate()
    process.communicate(timeout=15)


def test_the_journey_passes(url: str) -> None:
    make_journey(url)
