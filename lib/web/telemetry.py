"""OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set: a span for each request, and one for each call that it made.

The SDK is imported only then, and by name, so that no bundle has to hold it: it is no dependency of Lectern but the
group `telemetry` of pyproject.toml. A request waits for its spans to be gone, a second at most: a function that has
answered may be frozen, and what it has not sent by then is lost.
"""

import functools
import importlib
import json
import logging
import time
from typing import Any

import anyio
from anyio import to_thread

from lib.adapters.transport import Trace
from lib.domain.records import record
from lib.settings import Settings, get_settings

_TIMEOUT_SECONDS = 1.0
_NANOSECONDS = 1_000_000_000
_FIRST_SERVER_ERROR = 500

log = logging.getLogger("lectern")


@record
class Served:
    """A request that has been answered. `started_at` is by time.perf_counter(), as in the trace."""

    function: str
    method: str
    route: str | None
    status: int | None
    request_id: str
    started_at: float
    trace: Trace


async def export(served: Served) -> None:
    """Send the spans of a request, if anybody wants them; a collector that is away changes nothing."""
    # Read by the request itself if it asked for more than health. Before that there may be none.
    if not get_settings.cache_info().currsize:
        return
    settings = get_settings()
    if not settings.otel_exporter_otlp_endpoint:
        return
    provider = _provider(settings, served.function)
    if provider is None:
        return
    _record(provider.get_tracer("lectern"), served)
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(provider.force_flush, int(_TIMEOUT_SECONDS * 1000))


def _load(name: str) -> Any:
    return importlib.import_module(f"opentelemetry.{name}")


@functools.cache
def _provider(settings: Settings, function: str) -> Any:
    """Return the SDK, set up once, or None where it is not installed."""
    try:
        sdk, processing = _load("sdk.trace"), _load("sdk.trace.export")
        exporter = _load("exporter.otlp.proto.http.trace_exporter").OTLPSpanExporter(
            endpoint=settings.otel_exporter_otlp_endpoint.rstrip("/") + "/v1/traces",
            headers=_headers(settings.otel_exporter_otlp_headers),
            timeout=_TIMEOUT_SECONDS,
        )
    except ImportError:
        event = "OTEL_EXPORTER_OTLP_ENDPOINT is set and the group `telemetry` is not installed"
        log.warning(json.dumps({"level": "warning", "event": event}))
        return None
    resource = _load("sdk.resources").Resource.create({"service.name": f"lectern-{function}"})
    provider = sdk.TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processing.BatchSpanProcessor(exporter))
    return provider


def _headers(text: str) -> dict[str, str]:
    """Read `name=value,name=value`, as OpenTelemetry writes them in the environment."""
    pairs = (pair.partition("=") for pair in text.split(",") if pair)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _record(tracer: Any, served: Served) -> None:
    api = _load("trace")
    # perf_counter has no epoch: what it says now and what the clock says now give it one.
    epoch = time.time_ns() - int(time.perf_counter() * _NANOSECONDS)

    def at(moment: float) -> int:
        return epoch + int(moment * _NANOSECONDS)

    name = f"{served.method} {served.route or served.function}"
    span = tracer.start_span(name, kind=api.SpanKind.SERVER, start_time=at(served.started_at))
    span.set_attributes(_attributes(served))
    if (served.status or 0) >= _FIRST_SERVER_ERROR:
        span.set_status(api.StatusCode.ERROR)
    parent = api.set_span_in_context(span)
    for call in served.trace.calls:
        begun, ended = at(call.started_at), at(call.started_at + call.seconds)
        tracer.start_span(
            call.dependency, context=parent, kind=api.SpanKind.CLIENT, start_time=begun
        ).end(ended)
    span.end(at(time.perf_counter()))


def _attributes(served: Served) -> dict[str, Any]:
    attributes = {
        "http.request.method": served.method,
        "http.route": served.route,
        "http.response.status_code": served.status,
        "lectern.request_id": served.request_id,
    }
    return {name: value for name, value in attributes.items() if value is not None}
