"""The local stack: it starts, finds its data again, and leaves nothing behind however it ends."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from dev.ports import HOST, PortTaken, choose_ports
from dev.processes import ROOT, uninterrupted
from dev.stack import Stack

PARTS = ["functions", "models", "postgres", "storage", "supabase"]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for all tests here, as if the demo student had been made."""
    path = tmp_path_factory.mktemp("data")
    (path / "seeded").touch()
    return path


class Run:
    """`make dev`, without make."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dev"],
            cwd=ROOT,
            env={"DATA_DIR": str(data_dir), "PORT": str(port), "PATH": os.defpath},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_until_running(self) -> list[psutil.Process]:
        """Return the processes of the stack, once it has said that it runs."""
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "first question" in line:
                return psutil.Process(self.process.pid).children(recursive=True)
        raise AssertionError(f"It did not start: {''.join(said)}")

    def end(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Wait for its end, after a signal if one is given; return its exit code and last words."""
        if number is not None:
            self.process.send_signal(number)
        words, _ = self.process.communicate(timeout=15)
        return self.process.returncode, words


@pytest.fixture
def run(data_dir: Path) -> Iterator[Run]:
    running = Run(data_dir, choose_ports(0).lectern)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.communicate()


def inhabitants(data_dir: Path) -> list[psutil.Process]:
    """Return every process that has a file of the data directory open: a log, the lock, data."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(file.path.startswith(str(data_dir)) for file in process.open_files()):
                found.append(process)
    return found


def left(data_dir: Path) -> list[psutil.Process]:
    """Return the processes that are still there after a grace period."""
    _, alive = psutil.wait_procs(inhabitants(data_dir), timeout=10)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def part_of(name: str, data_dir: Path, processes: list[psutil.Process]) -> psutil.Process:
    """Return the process of a part: the one that writes its log and leads its session."""
    log = str(data_dir / "logs" / f"{name}.log")
    for process in processes:
        output = Path(f"/proc/{process.pid}/fd/1")
        if os.getsid(process.pid) == process.pid and str(output.resolve()) == log:
            return process
    raise AssertionError(f"{name} does not run")


def test_a_second_start_finds_keys_and_data_again(tmp_path: Path) -> None:
    with Stack(tmp_path) as first:
        with psycopg.connect(first.postgres_dsn, autocommit=True) as database:
            database.execute("create table kept as select 'as it was' as text")
        first_time = first.migrated

    with Stack(tmp_path) as second:
        with psycopg.connect(second.postgres_dsn) as database:
            row = database.execute("select text from kept").fetchone()

        assert row == ("as it was",)
        assert second.keys == first.keys
        assert first_time.applied
        assert second.migrated.applied == []
        assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_leaves_no_process_when_told_to_stop(
    run: Run, data_dir: Path, number: signal.Signals
) -> None:
    run.wait_until_running()
    there = inhabitants(data_dir)

    code, words = run.end(number)

    assert (code, words.splitlines()[-1]) == (0, "Stopped.")
    assert len(there) > len(PARTS)
    assert left(data_dir) == []


@pytest.mark.skipif(sys.platform != "linux", reason="finds the parts in /proc")
@pytest.mark.parametrize("name", PARTS)
def test_names_the_part_that_died_and_leaves_none_of_the_others(
    run: Run, data_dir: Path, name: str
) -> None:
    processes = run.wait_until_running()

    part_of(name, data_dir, processes).kill()
    code, words = run.end()

    assert code == 1
    assert f"{name} ended with status -9. Its log is {data_dir / 'logs' / name}.log" in words
    assert left(data_dir) == []


def test_leaves_no_process_when_it_is_killed_itself(run: Run, data_dir: Path) -> None:
    run.wait_until_running()

    run.end(signal.SIGKILL)

    assert left(data_dir) == []


def test_stops_when_its_watchdog_dies(run: Run, data_dir: Path) -> None:
    processes = run.wait_until_running()
    watchdog = next(process for process in processes if "watchdog.py" in process.cmdline()[-1])

    watchdog.kill()
    code, words = run.end()

    assert (code, "watchdog" in words) == (1, True)
    assert left(data_dir) == []


def test_leaves_no_process_when_it_is_stopped_while_it_starts(run: Run, data_dir: Path) -> None:
    assert run.process.stdout is not None
    run.process.stdout.readline()

    code, _ = run.end(signal.SIGTERM)

    assert code == 0
    assert left(data_dir) == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt: a shell has it ignored by what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_request_to_stop_waits_until_a_new_process_is_known() -> None:
    done = []

    def start_a_process() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("started")

    with pytest.raises(KeyboardInterrupt):
        start_a_process()

    assert done == ["started"]


def test_says_in_one_sentence_that_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]

        code, words = Run(tmp_path, port).end()

    assert code == 1
    assert words.splitlines()[-1].startswith(f"Port {port} is taken by another program;")


def test_serves_each_function_on_one_port_and_no_second_stack_beside(
    run: Run, data_dir: Path
) -> None:
    processes = run.wait_until_running()
    gateway = next(
        process for process in processes if "dev.gateway:create_app" in process.cmdline()
    )
    url = f"http://{HOST}:{gateway.cmdline()[gateway.cmdline().index('--port') + 1]}"

    code, words = Run(data_dir, 0).end()
    page = httpx.get(f"{url}/")
    health = httpx.get(f"{url}/api/history/health")
    unknown = httpx.get(f"{url}/api/nothing/health")

    assert code == 1
    assert words.splitlines()[-1].startswith(f"A stack is already running on {data_dir};")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (health.status_code, unknown.status_code) == (200, 404)


def test_two_stacks_on_neighbouring_ports_do_not_meet() -> None:
    first, second = choose_ports(0), choose_ports(0)

    assert not set(vars(first).values()) & set(vars(second).values())


def test_a_port_has_its_inner_ports_each_time() -> None:
    port = choose_ports(0).lectern

    assert choose_ports(port) == choose_ports(port)


def test_a_taken_port_is_refused_before_anything_starts() -> None:
    with socket.create_server((HOST, 0)) as other, pytest.raises(PortTaken):
        choose_ports(other.getsockname()[1])
