"""A whole local Lectern, or only what its functions need: started, handed out, ended."""

import fcntl
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from dev import parts, postgres
from dev.keys import load_keys
from dev.migrations import Migrated, migrate
from dev.place import Place
from dev.ports import HOST, choose_ports
from dev.processes import Supervisor

# How late we may notice that a part has died.
_POLL_SECONDS = 0.2


class AlreadyRunning(Exception):
    """Another stack lives in this data directory; the message says so."""


def _answers(url: str) -> Callable[[], bool]:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5):  # nosec B310 # noqa: S310 - an address of our own
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    return ask


class Stack(Place):
    """The parts of Lectern that are not its functions, on one machine; with them if asked.

    Use it as a context manager. Data and keys stay in `data_dir` and are found again.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        with_functions: bool = False,
        is_durable: bool = False,
        word_delay_milliseconds: int = 0,
    ) -> None:
        """Describe a stack.

        Args:
            data_dir: Where everything is kept.
            port: Where the functions answer; the others follow from it. 0 takes any that is free.
            with_functions: Whether to serve the functions too. Tests run them in-process.
            is_durable: Whether Postgres must survive a power cut; slower.
            word_delay_milliseconds: How long the model server takes for a word.
        """
        self.data_dir = data_dir.resolve()
        self._port = port
        self._with_functions = with_functions
        self._is_durable = is_durable
        self._word_delay = word_delay_milliseconds
        self._supervisor: Supervisor | None = None
        self._lock = -1
        self.migrated = Migrated([], [])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all parts and wait until they answer.

        Raises:
            AlreadyRunning: Another stack uses the data directory.
            PortTaken: Another program listens on the port.
            PartFailed: A part did not come up.
            MigrationFailed: A migration was refused.
        """
        self._claim_data_dir()
        try:
            self.ports = choose_ports(self._port)
            self.keys = load_keys(self.data_dir / "keys.json")
            self._supervisor = Supervisor(self.log_dir, self._lock)
            self._start_parts(self._supervisor)
            self._publish_environment()
        except BaseException:
            self.stop()
            raise

    @property
    def _environment_file(self) -> Path:
        return self.data_dir / "environment.json"

    def _publish_environment(self) -> None:
        """Leave the settings where dev/admin.py finds them, for as long as the stack runs."""
        self._environment_file.touch(mode=0o600)
        self._environment_file.write_text(json.dumps(self.environment(), indent=2))

    def _claim_data_dir(self) -> None:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.data_dir / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise AlreadyRunning(
                f"A stack is already running on {self.data_dir}; stop it first, or choose another "
                "place with PORT and DATA_DIR."
            ) from None

    def _start_parts(self, supervisor: Supervisor) -> None:
        models = supervisor.start(parts.models(self, self._word_delay))
        storage = supervisor.start(parts.storage(self))
        cluster = self.data_dir / "postgres"
        postgres.create_cluster(cluster, self.keys.postgres_password)
        database = supervisor.start(
            postgres.command(cluster, self.ports.postgres, is_durable=self._is_durable)
        )
        supervisor.wait_until(lambda: postgres.is_ready(self.postgres_dsn), database)
        self.migrated = migrate(self.postgres_dsn, self.keys.postgres_password)
        supabase = supervisor.start(parts.supabase(self))
        if self._with_functions:
            gateway = supervisor.start(parts.functions(self))
            supervisor.wait_until(_answers(f"{self.url}/"), gateway)
        supervisor.wait_until(_answers(f"http://{HOST}:{self.ports.storage}/status"), storage)
        supervisor.wait_until(_answers(f"{self.supabase_url}/rest/v1/"), supabase)
        supervisor.wait_until(_answers(f"{self.model_url}/models"), models)

    def check(self) -> None:
        """Look after the parts once.

        Raises:
            PartFailed: One has ended.
        """
        assert self._supervisor is not None
        self._supervisor.check()

    def run(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Look after the parts until one ends, or until nobody wants them.

        Raises:
            PartFailed: One has ended.
        """
        while is_wanted():
            self.check()
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End all parts. Calling it again does nothing."""
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None
        if self._lock >= 0:
            self._environment_file.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1
