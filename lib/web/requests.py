"""What happens around every request: its id, its limits, its headers, its one log line."""

import json
import logging
import sys
import time
import traceback
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.adapters.deadlines import start_deadline
from lib.adapters.transport import Trace, start_trace
from lib.domain.problems import RequestTooLarge
from lib.web.problems import describe_status, render
from lib.web.telemetry import Served, export

# As ASGI has them: names in lower case, and bytes.
_SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (b"cross-origin-resource-policy", b"same-site"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)

# AWS's HTTP API waits for 30 s. What may take longer says so itself: answers, readings, exports.
_MOST_SECONDS = 25.0

# What the platforms call a request, beside our own name of it.
_PLATFORM_IDS = (b"x-vercel-id", b"x-amz-cf-id", b"x-amzn-trace-id")
_MOST_ID_CHARACTERS = 200

# httpx tells of every call, with its URL, as soon as a platform turns the root logger on.
logging.getLogger("httpx").setLevel(logging.WARNING)
log = logging.getLogger("lectern")
log.setLevel(logging.INFO)
log.propagate = False
if not log.handlers:
    log.addHandler(logging.StreamHandler(sys.stdout))


def log_trace(event: str, request_id: uuid.UUID) -> None:
    """Log the exception that is being handled, as one line of JSON: where, and no words of anybody."""
    trace = "\n".join(_describe(sys.exc_info()[1]))
    line = {"level": "error", "event": event, "request_id": str(request_id), "trace": trace}
    log.error(json.dumps(line))


def _describe(error: BaseException | None, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    """Yield type and frames, the innermost last, then what caused it.

    Its message only where it says that it holds no data: that of a database quotes the row it refused.
    """
    if error is None or id(error) in seen:  # one that is raised from itself is its own cause
        return
    seen |= {id(error)}
    kind = type(error)
    told = f": {error}" if getattr(error, "tells_no_data", False) else ""
    yield f"{kind.__module__}.{kind.__qualname__}{told}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"
    if isinstance(error, BaseExceptionGroup):
        for part in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _describe(part, seen)
    context = None if error.__suppress_context__ else error.__context__
    yield from _describe(error.__cause__ or context, seen)


class RequestMiddleware:
    """Around the app: request id, body limit, security headers, Server-Timing, log line, 500."""

    def __init__(self, app: ASGIApp, *, function: str, max_body_bytes: int) -> None:
        self._app = app
        self._function = function
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, receive, send, self._function, self._max_body_bytes)
        try:
            await self._serve(request)
        finally:
            request.write_log_line()
            await export(request.as_served())

    async def _serve(self, request: "_Request") -> None:
        if request.announced_bytes() > self._max_body_bytes:
            await request.refuse_body()
            return
        try:
            await self._app(request.scope, request.receive, request.send)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets a problem and we get the trace
            log_trace("a request failed", request.id)
            await request.answer(_describe_failure(error))


def _describe_failure(error: Exception) -> dict[str, Any]:
    """Return the document of what no problem stands for: settings that cannot be read now, or a bug."""
    status = getattr(error, "status", None)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return describe_status(status, _NOT_READY)
    return describe_status(HTTPStatus.INTERNAL_SERVER_ERROR, _OUR_BUG)


_NOT_READY = "Lectern cannot be reached at the moment. Try again in a few seconds."
_OUR_BUG = "Something went wrong on our side. Try again; if it happens again, report the instance."


class _Request:
    """One request on its way through: what it may send, and what is known of it for the log."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, function: str, max_body_bytes: int
    ) -> None:
        self.id = uuid.uuid4()
        self.scope = scope
        self.scope.setdefault("state", {})["request_id"] = self.id
        self.trace: Trace = start_trace(str(self.id))
        self._deadline = start_deadline(_MOST_SECONDS)
        self._receive, self._send = receive, send
        self._function, self._max_body_bytes = function, max_body_bytes
        self._received_bytes = 0
        self._started_at = time.perf_counter()
        self._status: int | None = None

    def announced_bytes(self) -> int:
        length = dict(self.scope["headers"]).get(b"content-length", b"0")
        return int(length) if length.isdigit() else 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._received_bytes += len(message.get("body", b""))
        if self._received_bytes > self._max_body_bytes:
            raise RequestTooLarge(limit_bytes=self._max_body_bytes)
        if message["type"] == "http.request" and not message.get("more_body"):
            self._deadline.restart()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message["headers"], *self._headers(message["headers"])]
        await self._send(message)

    def _headers(self, present: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        names = {name.lower() for name, _ in present}
        timing = server_timing(self.trace, time.perf_counter() - self._started_at)
        headers = (
            *_SECURITY_HEADERS,
            (b"x-request-id", self.trace.request_id.encode()),
            (b"server-timing", timing.encode()),
        )
        return [(name, value) for name, value in headers if name not in names]

    async def refuse_body(self) -> None:
        problem = RequestTooLarge(limit_bytes=self._max_body_bytes)
        self.scope["state"]["problem"] = problem.slug
        await self.answer(problem.as_dict())

    async def answer(self, document: dict[str, Any]) -> None:
        """Send a problem, unless an answer has begun already."""
        if self._status is None:
            await render(document, self.id)(self.scope, self._receive, self.send)

    def write_log_line(self) -> None:
        """Log what happened and how long it took: no query string, no body, no token, no name."""
        state, route = self.scope["state"], self.scope.get("route")
        line: dict[str, Any] = {
            "level": "info",
            "request_id": self.trace.request_id,
            "platform_id": self._platform_id(),
            "function": self._function,
            "method": self.scope["method"],
            "route": getattr(route, "path", None),
            "status": self._status,
            "ms": round((time.perf_counter() - self._started_at) * 1000, 1),
            "calls": self.trace.counts,
            "calls_ms": {name: round(s * 1000, 1) for name, s in self.trace.seconds.items()},
            "user_id": state.get("user_id"),
            "problem": state.get("problem"),
        }
        log.info(json.dumps({key: value for key, value in line.items() if value is not None}))

    def _platform_id(self) -> str | None:
        headers = dict(self.scope["headers"])
        given = (headers[name] for name in _PLATFORM_IDS if name in headers)
        return next((id_.decode("latin-1")[:_MOST_ID_CHARACTERS] for id_ in given), None)

    def as_served(self) -> Served:
        return Served(
            function=self._function,
            method=self.scope["method"],
            route=getattr(self.scope.get("route"), "path", None),
            status=self._status,
            request_id=self.trace.request_id,
            started_at=self._started_at,
            trace=self.trace,
        )


def server_timing(trace: Trace, total_seconds: float) -> str:
    """Render the header: `database;dur=4.12;desc="2"`, where desc is the number of round trips."""
    parts = [
        f'{name};dur={trace.seconds[name] * 1000:.2f};desc="{count}"'
        for name, count in trace.counts.items()
    ]
    parts += [f'{remark};desc="degraded"' for remark in trace.remarks]
    return ", ".join([*parts, f"total;dur={total_seconds * 1000:.2f}"])
