"""What every function shares: one FastAPI app with the same errors, headers, health and documents."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse
from fastapi.telemetry import TelemetryConfig

from lib.web import reference
from lib.web.cors import CorsMiddleware
from lib.web.edge import EdgeMiddleware
from lib.web.health import require_health
from lib.web.problems import ProblemDetails, add_problem_handlers, declare_problems
from lib.web.requests import RequestMiddleware

# Sign-in and questions are short; only the upload function raises this.
DEFAULT_MAX_BODY_BYTES = 64 * 1024
# Our own spans are enough (lib/web/telemetry.py); FastAPI's would be looked for at every step.
TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
}


class _Function(FastAPI):
    def openapi(self) -> dict[str, Any]:
        return self.openapi_schema or declare_problems(super().openapi())


def create_app(
    name: str, description: str, *, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
) -> FastAPI:
    """Build the app of the function `name`, which serves `/api/<name>`.

    Args:
        name: As in the path.
        description: One sentence for the API's documents.
        max_body_bytes: A larger request body is refused with 413 before it is read.
    """
    app = _Function(
        title=f"Lectern {name}",
        description=description,
        version="1",
        openapi_url=f"/api/{name}/openapi.json",
        docs_url=None,  # FastAPI's own page loads its script from a third party
        redoc_url=None,
        telemetry=TELEMETRY,
        responses={"default": {"model": ProblemDetails, "description": "A problem (RFC 9457)."}},
    )
    add_problem_handlers(app)
    app.add_middleware(EdgeMiddleware, health_path=f"/api/{name}/health")
    app.add_middleware(RequestMiddleware, function=name, max_body_bytes=max_body_bytes)
    app.add_middleware(CorsMiddleware)

    _add_service_routes(app, name)
    return app


def _add_service_routes(app: FastAPI, name: str) -> None:
    """Add what every function answers of itself."""

    @app.get(f"/api/{name}/health", tags=["service"])
    async def health() -> dict[str, str]:
        """Say that this function runs; nothing else is asked."""
        return {"status": "ok", "function": name}

    @app.get(f"/api/{name}/health/deep", tags=["service"], dependencies=[Depends(require_health)])
    async def deep_health() -> dict[str, str]:
        """Say that the database answers this function, now or within the last seconds; 503 if not."""
        return {"status": "ok", "function": name}

    @app.get(f"/api/{name}/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(reference.render(app.openapi()))
