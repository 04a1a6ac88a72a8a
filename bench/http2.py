"""Calls and answers over TLS by HTTP/1.1 and by HTTP/2, and what h2 costs to import: `make bench B=http2`.

The clients are made as ours are (lib/adapters/transport.py): HTTP/1.1 in small pools, as ours are, in larger ones, in one that
keeps 20 or 100 of its connections idle, and HTTP/2. In turns they ask a server that speaks both (bench/http2_server.py), in
a process of its own; the certificate is made for the run. Of the client the processor time of a call is counted, by the kernel's clock of this process, what
handshakes take included; opening the first connections is not in it, but is among the connections. The server is Python
too (uvicorn and h2) and may be what the clock waits for: p50 and p95 are of the pair, and the processor time compares.
"""

import argparse
import asyncio
import ipaddress
import itertools
import os
import ssl
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.figures import Figure, compare, percentile, report
from bench.pictures import Axes, draw
from dev.ports import HOST
from lib.adapters.transport import MOST_ANSWERS, MOST_CALLS, POOL_SIZE, make_client

_AT_ONCE = (1, 4, 8, 32, 100)
_LONGEST_SECONDS = 60
# As long as those of a call to the Data API.
_HEADERS = {"apikey": "k" * 46, "Authorization": f"Bearer {'t' * 280}"}
_BODY = {"p_limit": 21, "p_cursor": None}


@dataclass(frozen=True)
class Kind:
    """How a client speaks, how many connections each of its pools has (all in one: None), and how many of them it keeps."""

    name: str
    size: int | None = None
    kept: int | None = None
    http2: bool = False

    @property
    def version(self) -> str:
        return "HTTP/2" if self.http2 else "HTTP/1.1"


OURS = Kind(f"HTTP/1.1 in pools of {POOL_SIZE}", size=POOL_SIZE)
OTHERS = (
    Kind("HTTP/1.1 in pools of 20", size=20),
    Kind("HTTP/1.1 in one pool keeping 20", kept=20),
    Kind("HTTP/1.1 in one pool keeping 100", kept=100),
    Kind("HTTP/2", http2=True),
)


@dataclass(frozen=True)
class Load:
    """What is asked for, by a client of at most so many connections, and about how often in a round."""

    title: str
    path: str
    most: int
    count: int
    is_drawn: bool = False


@dataclass(frozen=True)
class Seen:
    """One round of one client: milliseconds of a call, and the connections that it opened."""

    worked: float
    p50: float
    p95: float
    opened: float


def _count_opened() -> Callable[[], int]:
    """Count by Python's own audit what this process connects to from now on."""
    opened = 0

    def note(event: str, _arguments: tuple[Any, ...]) -> None:
        nonlocal opened
        opened += event == "socket.connect"

    sys.addaudithook(note)
    return lambda: opened


class Bench:
    """A server, the trust in it, and the count of connections."""

    def __init__(self, url: str, tls: ssl.SSLContext, count_opened: Callable[[], int]) -> None:
        self._url, self._tls, self._count_opened = url, tls, count_opened

    async def measure(self, load: Load, kind: Kind, at_once: int) -> Seen:
        """Let a new client open its connections, then ask with so many at once."""
        opened = self._count_opened()
        size = kind.size or load.most
        client = make_client(load.most, self._tls, size=size, kept=kind.kept, http2=kind.http2)
        async with client:

            async def ask_in_turn(count: int) -> list[float]:
                return [await self._ask(client, load.path, kind) for _ in range(count)]

            await asyncio.gather(*(ask_in_turn(1) for _ in range(at_once)))
            before, count = time.process_time(), max(2, load.count // at_once)
            found = await asyncio.gather(*(ask_in_turn(count) for _ in range(at_once)))
            worked = time.process_time() - before
        waits = [milliseconds for each in found for milliseconds in each]
        return Seen(
            worked=worked * 1000 / len(waits),
            p50=percentile(waits, 50),
            p95=percentile(waits, 95),
            opened=self._count_opened() - opened,
        )

    async def _ask(self, client: httpx.AsyncClient, path: str, kind: Kind) -> float:
        began = time.perf_counter()
        async with client.stream(
            "POST", self._url + path, json=_BODY, headers=_HEADERS, timeout=_LONGEST_SECONDS
        ) as answer:
            assert (answer.status_code, answer.http_version) == (200, kind.version), answer
            async for _ in answer.aiter_bytes():
                pass
        return (time.perf_counter() - began) * 1000


def _make_certificate() -> tuple[str, str]:
    """Return a key and its certificate for this machine's own address, for a day, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(pem, *plain).decode(), certificate.public_bytes(pem).decode()


@contextmanager
def serving() -> Generator[tuple[str, ssl.SSLContext]]:
    """Start the server; yield its address and the trust in its certificate alone."""
    key, certificate = _make_certificate()
    with TemporaryDirectory() as directory:
        pem = Path(directory) / "server.pem"
        pem.write_text(key + certificate)
        command = [sys.executable, "-m", "bench.http2_server", str(pem)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                port = int(process.stdout.readline())
                tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                tls.load_verify_locations(cadata=certificate)
                yield f"https://{HOST}:{port}", tls
            finally:
                process.terminate()


def _compare(at_once: int, kind: Kind, others: list[Seen], ours: list[Seen]) -> list[Figure]:
    def of(what: str, unit: str, member: str) -> Figure:
        values, baselines = ([getattr(seen, member) for seen in side] for side in (others, ours))
        return compare(f"{at_once} at once, {kind.name}: {what}", unit, values, baselines)

    return [
        of("processor time of the client", "ms", "worked"),
        of("p50", "ms", "p50"),
        of("p95", "ms", "p95"),
        of("connections opened", "", "opened"),
    ]


# Rounds, by how many were asked at once and by which client.
Found = dict[tuple[int, Kind], list[Seen]]


def _draw(found: Found) -> None:
    points = {
        kind.name: [
            (at_once, statistics.median(seen.worked for seen in found[at_once, kind]))
            for at_once in _AT_ONCE
        ]
        for kind in (OURS, *OTHERS)
    }
    logarithmic = {"is_x_logarithmic": True, "is_y_logarithmic": True}
    axes = Axes(x="calls at once", y="ms of the client's processor for a call", **logarithmic)
    draw("http2", "Calls over TLS", axes, points)


def _run(bench: Bench, load: Load, rounds: int) -> list[Figure]:
    """Let the clients ask in turns; the first round warms up."""
    found: Found = defaultdict(list)
    cases = list(itertools.product(_AT_ONCE, (OURS, *OTHERS)))
    for turn, (at_once, kind) in itertools.product(range(rounds + 1), cases):
        seen = asyncio.run(bench.measure(load, kind, at_once))
        if turn:
            found[at_once, kind].append(seen)
    if load.is_drawn:
        _draw(found)
    return [
        figure
        for at_once, kind in itertools.product(_AT_ONCE, OTHERS)
        for figure in _compare(at_once, kind, found[at_once, kind], found[at_once, OURS])
    ]


# httpcore imports h2 wherever it is installed, whether or not anybody speaks HTTP/2. No zip for Lambda has it: it is an
# extra of httpx, and the zips hold what is required without one.
_IMPORT = """
import gc, sys, time
gc.disable()
if not {with_h2}:
    sys.modules["h2"] = None
import httpx
began = time.process_time()
import httpcore
seconds = time.process_time() - began
assert bool(sys.modules.get("h2.connection")) is {with_h2}
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(seconds * 1000, int(peak) / 1024)
"""


def _import(*, with_h2: bool) -> tuple[float, float]:
    """Return milliseconds of processor time and the peak of memory in MB of a fresh process."""
    program = _IMPORT.format(with_h2=with_h2)
    told = subprocess.check_output(
        [sys.executable, "-s", "-c", program],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        text=True,
    )
    milliseconds, megabytes = map(float, told.split())
    return milliseconds, megabytes


def _compare_imports(runs: int) -> list[Figure]:
    for with_h2 in (True, False):
        _import(with_h2=with_h2)  # from now on with bytecode, as deployed
    pairs = [(_import(with_h2=True), _import(with_h2=False)) for _ in range(runs)]
    (ms, mb), (ms_without, mb_without) = (
        zip(*side, strict=True) for side in zip(*pairs, strict=True)
    )
    more_ms = [a - b for a, b in zip(ms, ms_without, strict=True)]
    more_mb = [a - b for a, b in zip(mb, mb_without, strict=True)]
    return [
        compare("processor time of importing httpcore", "ms", ms, ms_without),
        compare("peak of memory", "MB", mb, mb_without),
        compare("of it h2: processor time", "ms", more_ms),
        compare("of it h2: memory", "MB", more_mb),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=300, help="of a client in a round, about")
    parser.add_argument("--delay", type=int, default=5, help="ms until a call is answered")
    parser.add_argument("--answers", type=int, default=16, help="as --calls")
    parser.add_argument("--words", type=int, default=30, help="of an answer")
    parser.add_argument("--pace", type=int, default=20, help="ms between two words")
    chosen = parser.parse_args()
    loads = [
        Load(
            f"Calls over TLS, answered after {chosen.delay} ms",
            f"/?delay={chosen.delay}",
            MOST_CALLS,
            chosen.calls,
            is_drawn=True,
        ),
        Load(
            f"Answers over TLS, {chosen.words} words {chosen.pace} ms apart",
            f"/?delay={chosen.pace}&words={chosen.words}",
            MOST_ANSWERS,
            chosen.answers,
        ),
    ]
    with serving() as (url, tls):
        bench = Bench(url, tls, _count_opened())
        for load in loads:
            report(f"{load.title}, against ours", _run(bench, load, chosen.rounds))
    imports = _compare_imports(2 * chosen.rounds)
    report("A fresh process that imports httpcore with h2, against one without it", imports)


if __name__ == "__main__":
    main()
