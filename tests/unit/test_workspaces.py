"""Folders of readings: gone at their end, and those of killed ones at the next."""

import multiprocessing
import os
import signal
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from lib.adapters.workspaces import workspace


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make_old(folder: Path) -> None:
    hour_ago = time.time() - 3600
    os.utime(folder, (hour_ago, hour_ago))


def _read_until_killed(room: Path, says: Connection) -> None:
    tempfile.tempdir = str(room)
    with workspace() as folder:
        (folder / "file").write_text("somebody's")
        says.send(folder)
        signal.pause()


@pytest.fixture
def killed(room: Path) -> Path:
    """What a process left that was killed in mid-reading."""
    hears, says = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_read_until_killed, args=(room, says)
    )
    process.start()
    folder = hears.recv()
    process.kill()
    process.join()
    return folder


def test_is_gone_at_its_end(room: Path) -> None:
    with workspace() as folder:
        (folder / "file").write_text("somebody's")

    assert list(room.iterdir()) == []


def test_what_a_killed_reading_left_is_gone_at_the_next(killed: Path) -> None:
    assert (killed / "file").exists()
    make_old(killed)

    with workspace():
        assert not killed.exists()


def test_what_was_just_made_may_be_anybodys(killed: Path) -> None:
    with workspace():
        assert killed.exists()


def test_what_is_in_use_stays_however_old() -> None:
    with workspace() as long_one:
        make_old(long_one)
        with workspace():
            assert long_one.exists()


def test_what_only_bears_the_name_stays(room: Path) -> None:
    elsewhere = room / "elsewhere"
    elsewhere.mkdir()
    link = room / "lectern-reading-link"
    link.symlink_to(elsewhere)
    hour_ago = time.time() - 3600
    os.utime(link, (hour_ago, hour_ago), follow_symlinks=False)

    with workspace():
        assert elsewhere.exists()
