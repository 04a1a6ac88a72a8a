"""All of a built output on one port, as the platform's edge offers it: routes, files, functions."""

import asyncio
import contextlib
import mimetypes
from collections.abc import AsyncIterator, Generator, Mapping
from http import HTTPStatus
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from dev.deploy.lambda_pythons import find_python
from dev.serving import serve
from dev.vercel.building import PYTHON_VERSION
from dev.vercel.instance import Instance, InstanceFailed
from dev.vercel.output import Bundle, Output
from dev.vercel.routing import Router

# What the platform takes in the body of a request to a function (its documentation, "Limits").
_MAX_BODY_BYTES = int(4.5 * 1024 * 1024)

# As long as the longest of our functions may last.
_TIMEOUT_SECONDS = 300

# They go from hop to hop; the last two are the bootstrap's and uvicorn's own.
_HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding"}
_INNER_HEADERS = _HOP_HEADERS | {"x-vercel-internal-timing", "server", "date"}

_UNCACHED = "public, max-age=0, must-revalidate"


def _failure(status: HTTPStatus, code: str) -> Response:
    return PlainTextResponse(f"{code}\n", status, headers={"x-vercel-error": code})


def _send_file(path: Path) -> Response:
    kind, _ = mimetypes.guess_type(path.name)
    return Response(path.read_bytes(), media_type=kind or "application/octet-stream")


def _forwarded(request: Request) -> list[tuple[str, str]]:
    """Return the headers that a function sees: who asks is said by the edge alone."""
    address = request.client.host if request.client else ""
    said = {
        "x-forwarded-for": address,
        "x-real-ip": address,
        "x-vercel-forwarded-for": address,
        "x-forwarded-host": request.headers.get("host", ""),
        "x-forwarded-proto": "https",
    }
    dropped = _HOP_HEADERS | set(said)
    return [*((k, v) for k, v in request.headers.items() if k not in dropped), *said.items()]


async def _pass_on(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


class Edge:
    """The ASGI application; `instances` are its functions, each started when it is first asked."""

    def __init__(self, output: Output, environment: Mapping[str, str]) -> None:
        python = find_python(PYTHON_VERSION)
        self.url = ""
        self._router = Router(output)
        self.instances = {
            name: Instance(bundle, python, environment) for name, bundle in output.bundles.items()
        }
        self._client = httpx.AsyncClient(
            limits=httpx.Limits(max_keepalive_connections=0),
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        routed = self._router.route(scope["raw_path"].decode())
        match routed.target:
            case Bundle() as bundle:
                response = await self._invoke(self.instances[bundle.name], request, routed.path)
            case Path() as path:
                response = _send_file(path)
                routed.headers.setdefault("Cache-Control", _UNCACHED)
            case None:
                response = _failure(HTTPStatus.NOT_FOUND, "NOT_FOUND")
        for name, value in routed.headers.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def _invoke(self, instance: Instance, request: Request, path: str) -> Response:
        body = await request.body()
        if len(body) > _MAX_BODY_BYTES:
            return _failure(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "FUNCTION_PAYLOAD_TOO_LARGE")
        try:
            address = await asyncio.to_thread(instance.address)
        except InstanceFailed as error:
            print(error)
            return _failure(HTTPStatus.INTERNAL_SERVER_ERROR, "FUNCTION_INVOCATION_FAILED")
        inner = self._client.build_request(
            request.method,
            f"{address}{path}?{request.url.query}".removesuffix("?"),
            headers=[*_forwarded(request), *instance.request_headers()],
            content=body,
        )
        answer = await self._client.send(inner, stream=True)
        response = StreamingResponse(_pass_on(answer), answer.status_code)
        response.raw_headers = [
            (name.lower(), value)
            for name, value in answer.headers.raw
            if name.decode().lower() not in _INNER_HEADERS
        ]
        return response

    def stop(self) -> None:
        for instance in self.instances.values():
            instance.stop()


@contextlib.contextmanager
def run(output: Output, environment: Mapping[str, str]) -> Generator[Edge]:
    """Serve an output with these settings; PUBLIC_URL is the address it gets."""
    settings = dict(environment)
    edge = Edge(output, settings)
    try:
        with serve(edge) as edge.url:
            # In time: no function has been asked for yet.
            settings["PUBLIC_URL"] = edge.url
            yield edge
    finally:
        edge.stop()
