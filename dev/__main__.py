"""`make dev`: a whole Lectern on this machine, until Ctrl-C. PORT and DATA_DIR choose another place."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from dev.migrations import MigrationFailed
from dev.ports import PortTaken
from dev.processes import ROOT, STOP_SIGNALS, PartFailed
from dev.seed import SAMPLES, USERNAME, SeedFailed, seed
from dev.stack import AlreadyRunning, Stack

# About as fast as a hosted model streams.
_WORD_DELAY_MILLISECONDS = 15

_WELCOME = """
Lectern runs (started in {seconds:.1f} s). Ctrl-C stops it.

  Lectern      {url}
  API docs     {url}/api/query/docs, and so for each function
  Studio       {studio}
  Supabase     {supabase}
  Postgres     {postgres}
  Model        {model} (quotes passages; not a language model)
  Data, logs   {data}

  The demo student is {username}, passphrase {passphrase}
  with {samples} ready to be asked about. The first question:

    TOKEN=$(curl -s {url}/api/auth/login -H 'Content-Type: application/json' \\
      -d '{{"username": "{username}", "password": "{passphrase}"}}' |
      python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
    curl -N {url}/api/query -H "Authorization: Bearer $TOKEN" \\
      -H 'Content-Type: application/json' -H 'Accept: text/event-stream' \\
      -d '{{"query_text": "How many chloroplasts does a mesophyll cell hold?"}}'
"""


def _say(text: str) -> None:
    print(text, flush=True)


def _leave(*_: object) -> None:
    raise KeyboardInterrupt


def _is_wanted(parent: int) -> Callable[[], bool]:
    """Notice that the make that started us was killed. Others may leave us alone on purpose."""
    if "MAKELEVEL" not in os.environ:
        return lambda: True
    return lambda: os.getppid() == parent


def _tell_migrations(stack: Stack) -> None:
    for name in stack.migrated.applied:
        _say(f"Applied {name}")
    for name in stack.migrated.changed:
        _say(f"{name} has changed since it was applied. To start afresh: rm -r {stack.data_dir}")


def _seed_once(stack: Stack) -> None:
    marker = stack.data_dir / "seeded"
    if marker.exists():
        return
    _say("Making the demo student ...")
    try:
        seed(stack.url, stack.keys.demo_passphrase)
    except SeedFailed as error:
        _say(f"The demo student could not be made, and will be tried again next time: {error}")
    else:
        marker.touch()


def _welcome(stack: Stack, seconds: float) -> str:
    return _WELCOME.format(
        seconds=seconds,
        url=stack.url,
        studio=stack.studio_url,
        supabase=stack.supabase_url,
        postgres=stack.postgres_dsn,
        model=stack.model_url,
        data=stack.data_dir,
        username=USERNAME,
        passphrase=stack.keys.demo_passphrase,
        samples=", ".join(path.name for path in SAMPLES),
    )


def main() -> int:
    """Run the stack and return the exit code: 0 when told to stop, 1 when something failed."""
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)
    started = time.monotonic()
    data_dir = ROOT / os.environ.get("DATA_DIR", ".local")
    try:
        port = int(os.environ.get("PORT", "8000"))
    except ValueError:
        _say("PORT must be a number.")
        return 1
    stack = Stack(
        Path(data_dir),
        port=port,
        with_functions=True,
        is_durable=True,
        word_delay_milliseconds=_WORD_DELAY_MILLISECONDS,
    )
    try:
        _say("Starting Postgres, Supabase, the model server and the functions ...")
        with stack:
            _tell_migrations(stack)
            _seed_once(stack)
            _say(_welcome(stack, time.monotonic() - started))
            stack.run(_is_wanted(os.getppid()))
    except (AlreadyRunning, PortTaken, PartFailed, MigrationFailed) as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("Stopped.")
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
