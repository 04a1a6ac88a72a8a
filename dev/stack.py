"""A whole local Lectern, or only what its functions need: started, handed out, ended."""

import fcntl
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from dev import migrations, node, postgres
from dev.keys import Keys, load_keys
from dev.ports import HOST, Ports, choose_ports
from dev.processes import Command, Part, Supervisor

# One request takes one connection for a few milliseconds; more than the cores can use anyway.
_POOL_SIZE = 20


class AlreadyRunning(Exception):
    """Another stack lives in this data directory; the message says so."""


def _answers(url: str) -> Callable[[], bool]:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - an address of our own
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    return ask


class Stack:
    """The parts of Lectern that are not its functions, on one machine; with them if asked.

    Use it as a context manager. Data and keys stay in `data_dir` and are found again.
    """

    keys: Keys
    ports: Ports

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
        self.applied: list[str] = []

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

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports.lectern}"

    @property
    def supabase_url(self) -> str:
        return f"http://{HOST}:{self.ports.supabase}"

    @property
    def studio_url(self) -> str:
        return f"http://{HOST}:{self.ports.studio}"

    @property
    def model_url(self) -> str:
        return f"http://{HOST}:{self.ports.models}/v1"

    @property
    def postgres_dsn(self) -> str:
        return self._dsn("postgres")

    @property
    def publishable_key(self) -> str:
        return self.keys.publishable_key

    @property
    def secret_key(self) -> str:
        return self.keys.secret_key

    @property
    def jwt_secret(self) -> str:
        return self.keys.jwt_secret

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    def _dsn(self, role: str) -> str:
        password = quote(self.keys.postgres_password)
        return f"postgresql://{role}:{password}@{HOST}:{self.ports.postgres}/postgres"

    def environment(self) -> dict[str, str]:
        """Return what lib.settings reads, for the functions of this stack."""
        return {
            "SUPABASE_URL": self.supabase_url,
            "SUPABASE_PUBLISHABLE_KEY": self.keys.publishable_key,
            "SUPABASE_SECRET_KEY": self.keys.secret_key,
            "DATABASE_TOKEN_KEY": self.keys.jwt_secret,
            "ACCESS_TOKEN_KEYS": self.keys.access_token_key,
            "REFRESH_TOKEN_KEYS": self.keys.refresh_token_key,
            "PASSWORD_KEYS": self.keys.password_keys,
            "THROTTLE_KEY": self.keys.throttle_key,
            "CRON_SECRET": self.keys.cron_secret,
            "OPENAI_BASE_URL": self.model_url,
            "OPENAI_API_KEY": "local",
            "CHAT_MODEL": "lectern-local",
            "EMBEDDING_MODEL": "wordllama-256",
            "EMBEDDING_LANGUAGES": "en",
            "PUBLIC_URL": self.url,
            "SIGNUP": "open",
        }

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
        models = supervisor.start(self._models())
        storage = supervisor.start(self._storage())
        cluster = self.data_dir / "postgres"
        postgres.create_cluster(cluster, self.keys.postgres_password)
        database = supervisor.start(
            postgres.command(cluster, self.ports.postgres, is_durable=self._is_durable)
        )
        supervisor.wait_until(lambda: postgres.is_ready(self.postgres_dsn), database)
        self.applied = migrations.migrate(self.postgres_dsn, self.keys.postgres_password)
        supabase = supervisor.start(self._supabase())
        if self._with_functions:
            gateway = supervisor.start(self._gateway())
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

    def run(self, *, poll_seconds: float = 0.2) -> None:
        """Look after the parts until one ends, or until interrupted.

        Raises:
            PartFailed: One has ended.
        """
        while True:
            self.check()
            time.sleep(poll_seconds)

    def stop(self) -> None:
        """End all parts. Calling it again does nothing."""
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None
        if self._lock >= 0:
            self._environment_file.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    @property
    def parts(self) -> dict[str, Part]:
        """The running parts by name."""
        return {part.name: part for part in self._supervisor.parts} if self._supervisor else {}

    def _asgi(self, name: str, application: str, port: int, **environment: str) -> Command:
        server = [
            sys.executable,
            "-m",
            "uvicorn",
            "--factory",
            application,
            "--host",
            HOST,
            "--port",
            str(port),
        ]
        quiet = ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"]
        return Command(
            name=name, arguments=[*server, *quiet], environment={**_inherited(), **environment}
        )

    def _models(self) -> Command:
        return self._asgi(
            "models",
            "dev.models:create_app",
            self.ports.models,
            WORD_DELAY_MS=str(self._word_delay),
        )

    def _storage(self) -> Command:
        return self._asgi(
            "storage",
            "dev.storage.app:app_from_environment",
            self.ports.storage,
            STORAGE_DSN=self.postgres_dsn,
            STORAGE_DIRECTORY=str(self.data_dir / "storage"),
            STORAGE_KEYS=json.dumps(
                {
                    "publishable": self.keys.publishable_key,
                    "secret": self.keys.secret_key,
                    "jwt": self.keys.jwt_secret,
                    "signing": self.keys.url_signing_key,
                }
            ),
        )

    def _gateway(self) -> Command:
        return self._asgi(
            "functions",
            "dev.gateway:create_app",
            self.ports.lectern,
            STUDIO_URL=self.studio_url,
            **self.environment(),
        )

    def _supabase(self) -> Command:
        api = migrations.read_config()["api"]
        configuration = {
            "host": HOST,
            "port": self.ports.supabase,
            "studio_port": self.ports.studio,
            "storage_port": self.ports.storage,
            "postgres_url": self._dsn("authenticator"),
            "pool_size": _POOL_SIZE,
            "schemas": api["schemas"],
            "max_rows": api["max_rows"],
            "jwt_secret": self.keys.jwt_secret,
            "publishable_key": self.keys.publishable_key,
            "secret_key": self.keys.secret_key,
        }
        return Command(
            name="supabase",
            arguments=[str(node.NODE), str(node.DEV / "supabase.mjs")],
            environment={**_inherited(), "LITE_TELEMETRY": "0"},
            stdin=json.dumps(configuration),
        )


def _inherited() -> dict[str, str]:
    """What the parts need of our own environment; a setting of the shell must not reach them."""
    names = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
    return {name: os.environ[name] for name in names if name in os.environ}
