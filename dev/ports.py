"""Which port each part of a stack listens on."""

import errno
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass

HOST = "127.0.0.1"

# PORT 8000 has its inner ports at 14000, 8001 at 14008, and so on: stacks side by side do not
# meet, and a stack finds its own again.
_INNER_BASE, _INNER_BLOCKS, _INNER_BLOCK = 10_000, 2_500, 8
# For those who do not care. These, too, lie below what systems give to clients (Linux from 32,768
# on): a port of that range can be some client's before the server that chose it has started.
_ANY = range(30_000, 32_768)


class PortTaken(Exception):
    """Another program listens there; the message says so to the person who started us."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The ports of one stack, all on the loopback address."""

    lectern: int
    supabase: int
    models: int
    studio: int
    postgres: int
    storage: int


def is_free(port: int) -> bool:
    """Return whether nobody listens on `port`."""
    with socket.socket() as probe:
        # As servers do: a connection that lingers after its server left is no listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            return False
    return True


def unused_port() -> int:
    """Return a port that nobody listens on at this moment."""
    return next(port for _ in _ANY if is_free(port := secrets.choice(_ANY)))


def _inner_ports(port: int) -> Iterator[int]:
    """Yield the five of a port's own block, or others where one is taken; of any block for 0."""
    block = port % _INNER_BLOCKS if port else secrets.randbelow(_INNER_BLOCKS)
    first = _INNER_BASE + block * _INNER_BLOCK
    for preferred in range(first, first + 5):
        yield preferred if is_free(preferred) else unused_port()


def choose_ports(port: int) -> Ports:
    """Choose all ports for a stack whose functions answer on `port`; 0 means any that is free.

    Raises:
        PortTaken: Somebody listens on `port`.
    """
    if port and not is_free(port):
        raise PortTaken(
            f"Port {port} is taken by another program; choose another one, for example: "
            f"PORT={port + 10} DATA_DIR=.local-{port + 10} make dev"
        )
    supabase, models, studio, postgres, storage = _inner_ports(port)
    return Ports(
        lectern=port or unused_port(),
        supabase=supabase,
        models=models,
        studio=studio,
        postgres=postgres,
        storage=storage,
    )
