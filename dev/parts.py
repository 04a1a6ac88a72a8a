"""How to run each part of a stack but Postgres."""

import json
import os
import sys

from dev import migrations, node
from dev.place import Place
from dev.ports import HOST
from dev.processes import Command

# One request takes one connection for a few milliseconds; more than the cores can use anyway.
_POOL_SIZE = 20


def _inherited() -> dict[str, str]:
    """Return what the parts need of our own environment; a setting of the shell must not reach them."""
    names = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
    return {name: os.environ[name] for name in names if name in os.environ}


def _asgi(name: str, application: str, port: int, **environment: str) -> Command:
    server = [sys.executable, "-m", "uvicorn", "--factory", application]
    # uvicorn would believe X-Forwarded-For from this machine; Lectern believes no header by default.
    address = ["--host", HOST, "--port", str(port), "--no-proxy-headers"]
    quiet = ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"]
    # Longer than those who call keep a connection: nobody loses one that they are just using again.
    quiet += ["--timeout-keep-alive", "75"]
    return Command(
        name=name,
        arguments=[*server, *address, *quiet],
        environment={**_inherited(), **environment},
    )


def models(place: Place, word_delay_milliseconds: int) -> Command:
    delay = str(word_delay_milliseconds)
    return _asgi("models", "dev.models:create_app", place.ports.models, WORD_DELAY_MS=delay)


def storage(place: Place) -> Command:
    keys = {
        "publishable": place.keys.publishable_key,
        "secret": place.keys.secret_key,
        "jwt": place.keys.jwt_secret,
        "signing": place.keys.url_signing_key,
    }
    return _asgi(
        "storage",
        "dev.storage.app:app_from_environment",
        place.ports.storage,
        STORAGE_DSN=place.postgres_dsn,
        STORAGE_DIRECTORY=str(place.data_dir / "storage"),
        STORAGE_KEYS=json.dumps(keys),
    )


def functions(place: Place) -> Command:
    return _asgi(
        "functions",
        "dev.gateway:create_app",
        place.ports.lectern,
        STUDIO_URL=place.studio_url,
        **place.environment(),
    )


def supabase(place: Place) -> Command:
    api = migrations.read_config()["api"]
    configuration = {
        "host": HOST,
        "port": place.ports.supabase,
        "studio_port": place.ports.studio,
        "storage_port": place.ports.storage,
        "postgres_url": place.dsn("authenticator"),
        "pool_size": _POOL_SIZE,
        "schemas": api["schemas"],
        "max_rows": api["max_rows"],
        "jwt_secret": place.keys.jwt_secret,
        "publishable_key": place.keys.publishable_key,
        "secret_key": place.keys.secret_key,
    }
    return Command(
        name="supabase",
        arguments=[str(node.NODE), str(node.DEV / "supabase.mjs")],
        environment={**_inherited(), "LITE_TELEMETRY": "0"},
        stdin=json.dumps(configuration),
    )
