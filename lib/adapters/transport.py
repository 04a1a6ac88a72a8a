"""The HTTP clients of all that Lectern calls, and the count of those calls in each request."""

import functools
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from lib.adapters.deferring import defer
from lib.adapters.pools import Pools
from lib.adapters.tls import tls_context

T = TypeVar("T")

# By itself it brings all connections for threads as well, those of proxies, and h2 where it is installed. This is what httpx
# asks it for.
_ERRORS = (
    "ConnectError",
    "ConnectTimeout",
    "LocalProtocolError",
    "NetworkError",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "TimeoutException",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
)
defer(
    "httpcore",
    AsyncConnectionPool="_async.connection_pool",
    Request="_models",
    URL="_models",
    **dict.fromkeys(_ERRORS, "_exceptions"),
)

# Connections of one pool, and how long an idle one is kept. Measured in bench/http2.py.
POOL_SIZE, _KEPT_SECONDS = 10, 30
_CONNECT_SECONDS = 3.0
# All requests of an instance of Vercel's share 1,024 file descriptors, of which an answer takes two: the browser's and the model's.
MOST_CALLS, MOST_ANSWERS = 100, 400


@dataclass(frozen=True)
class Call:
    """One call, of a streamed answer until its headers. `started_at` is by time.perf_counter()."""

    dependency: str
    started_at: float
    seconds: float


@dataclass
class Trace:
    """The calls that one request made: how many, and how long they took, by dependency."""

    request_id: str = ""
    calls: list[Call] = field(default_factory=list[Call])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    remarks: list[str] = field(default_factory=list[str])

    def add(self, dependency: str, seconds: float) -> None:
        self.counts[dependency] = self.counts.get(dependency, 0) + 1
        self.add_wait(dependency, seconds)
        self.calls.append(Call(dependency, time.perf_counter() - seconds, seconds))

    def add_wait(self, dependency: str, seconds: float) -> None:
        """Add what a call took beyond the end that it was counted at."""
        self.seconds[dependency] = self.seconds.get(dependency, 0.0) + seconds


_trace: ContextVar[Trace] = ContextVar("trace")


def start_trace(request_id: str = "") -> Trace:
    """Begin to count the calls of a new request."""
    trace = Trace(request_id)
    _trace.set(trace)
    return trace


def current_trace() -> Trace:
    """Return the trace of this request, or a new one where there is no request."""
    return _trace.get(None) or start_trace()


@contextmanager
def traced_call(dependency: str) -> Generator[None]:
    """Count one call to `dependency` and the time it takes, also when it fails."""
    trace, started_at = current_trace(), time.perf_counter()
    try:
        yield
    finally:
        trace.add(dependency, time.perf_counter() - started_at)


class _TracedBody(httpx.AsyncByteStream):
    """What follows the headers of an answer; how long each piece and the end take goes to the trace."""

    def __init__(self, body: httpx.AsyncByteStream, trace: Trace, dependency: str) -> None:
        self._body, self._pieces = body, aiter(body)
        self._trace, self._dependency = trace, dependency

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await self._time(anext(self._pieces))

    async def aclose(self) -> None:
        await self._time(self._body.aclose())

    async def _time(self, wait: Awaitable[T]) -> T:
        began = time.perf_counter()
        try:
            return await wait
        finally:
            self._trace.add_wait(self._dependency, time.perf_counter() - began)


def trace_body(answer: httpx.Response, dependency: str) -> None:
    """Count the waits for the body of `answer`, whose call ended at its headers, but no further call.

    Around the bytes and not around what is made of them: reading an answer is our own time.
    """
    assert isinstance(answer.stream, httpx.AsyncByteStream)  # nosec B101 # narrows a type
    answer.stream = _TracedBody(answer.stream, current_trace(), dependency)


class _NoCookies(httpx.Cookies):
    """What keeps nothing: to look for a cookie, httpx makes two messages of all headers of each answer."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


class _Client(httpx.AsyncClient):
    """A client that sends no gateway's cookie back: it would tie the calls of all users together."""

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:  # pyright: ignore[reportIncompatibleMethodOverride] # none can be set
        return self._none


@functools.cache
def supabase_client() -> httpx.AsyncClient:
    """Return this process's one client of the Data API and of storage."""
    return make_client(MOST_CALLS, tls_context())


@functools.cache
def model_client() -> httpx.AsyncClient:
    """Return this process's one client of the model, which has connections of its own: an answer holds one for seconds."""
    return make_client(MOST_ANSWERS, tls_context())


def make_client(
    most: int,
    tls: ssl.SSLContext,
    *,
    size: int = POOL_SIZE,
    kept: int | None = None,
    http2: bool = False,
) -> httpx.AsyncClient:
    """Return a client of at most so many connections.

    All of ours are made so; bench/http2.py compares what others would cost.

    Args:
        most: Connections in all.
        tls: Whom it trusts.
        size: Connections of one pool.
        kept: How many of those are kept while they are idle; by default all.
        http2: Speak HTTP/2 where the other end does.
    """
    limits = httpx.Limits(
        max_connections=size,
        max_keepalive_connections=size if kept is None else kept,
        keepalive_expiry=_KEPT_SECONDS,
    )

    def make() -> httpx.AsyncHTTPTransport:
        # What is tried again is decided in retries.py, and nowhere else.
        return httpx.AsyncHTTPTransport(verify=tls, http2=http2, limits=limits, retries=0)

    return _Client(
        transport=Pools(make, size=size, most=most, kept_seconds=_KEPT_SECONDS),
        timeout=timeouts(10),
        event_hooks={"request": [_name_request]},
    )


def timeouts(seconds: float) -> httpx.Timeout:
    """Return how long a call of so many seconds waits for each piece of an answer, and how long for a connection.

    For a place in a pool not all of its time: who gives up the call by then never learns that the pool lets nobody in.
    """
    return httpx.Timeout(seconds, connect=_CONNECT_SECONDS, pool=min(_CONNECT_SECONDS, seconds / 2))


async def _name_request(request: httpx.Request) -> None:
    """Say in whose service a call is made, so that the logs of both sides can be read together."""
    trace = _trace.get(None)
    if trace and trace.request_id:
        request.headers["X-Request-Id"] = trace.request_id
        # The one header of ours that Supabase's gateway writes into its log.
        request.headers["X-Client-Info"] = f"lectern; request={trace.request_id}"


def never_arrived(error: Exception) -> bool:
    """Tell a request that cannot have been read by anybody from one of which nobody knows."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
