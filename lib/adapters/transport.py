"""The HTTP clients of all that Lectern calls, and the count of those calls in each request."""

import functools
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx

from lib.adapters.tls import tls_context

# httpcore closes what falls idle while more than those kept are open, in use or not, and looks at every pair of idle and
# open connections at every call: 20 cost 1 ms of it, 100 cost 10.
_KEPT, _KEPT_SECONDS = 20, 30
_MOST_CALLS, _MOST_ANSWERS = 100, 1_000


@dataclass(frozen=True)
class Call:
    """One call. `started_at` is by time.perf_counter()."""

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
        self.seconds[dependency] = self.seconds.get(dependency, 0.0) + seconds
        self.calls.append(Call(dependency, time.perf_counter() - seconds, seconds))


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


@functools.cache
def supabase_client() -> httpx.AsyncClient:
    """Return this process's one client of the Data API and of storage."""
    return _client(_MOST_CALLS)


@functools.cache
def model_client() -> httpx.AsyncClient:
    """Return this process's one client of the model.

    An answer holds its connection for seconds: beside Supabase's, many answers would have those closed after each call.
    """
    return _client(_MOST_ANSWERS)


def _client(most: int) -> httpx.AsyncClient:
    limits = httpx.Limits(
        max_connections=most, max_keepalive_connections=_KEPT, keepalive_expiry=_KEPT_SECONDS
    )
    # What is tried again is decided in retries.py, and nowhere else.
    transport = httpx.AsyncHTTPTransport(verify=tls_context(), limits=limits, retries=0)
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(10, connect=3),
        event_hooks={"request": [_name_request]},
    )


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
