"""CloudFront and the HTTP API on this machine, made from the generated template, before zips that run as on Lambda.

What it does not do: the page, TLS, caching, HTTP/2, limits of rate. The two functions of CloudFront are tested by themselves.
"""

import asyncio
import base64
import contextlib
import copy
import re
import tempfile
import time
import uuid
import zipfile
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from dev.deploy.lambda_runtime import Instance, unpack
from dev.deploy.lambda_template import Behaviour, Function, Template
from dev.deploy.lambda_tools import Tools

_INVOKE = "/2015-03-31/functions/function/invocations"
_MOST_EVENT_BYTES = 6 * 1024 * 1024  # of Lambda, each way
_MOST_BODY_BYTES = 10 * 1024 * 1024  # of the HTTP API
_TEXT = re.compile(r"text/|application/(json|javascript|xml|x-www-form-urlencoded)")
_PER_HOP = {"host", "connection", "content-length", "transfer-encoding", "keep-alive"}


class Edge:
    """An ASGI application with one address for the page, the API and the stream. A context manager."""

    def __init__(
        self,
        template: Template,
        zips: Path,
        tools: Tools,
        environment: Mapping[str, str],
        *,
        secret: str,
    ) -> None:
        """Describe it.

        Args:
            template: What osls generated.
            zips: The directory of the zips.
            tools: How to run them.
            environment: What the functions' environment has besides the template's.
            secret: What CloudFront sends in the origins' custom header.
        """
        self.template, self._zips, self._tools = template, zips, tools
        self._environment, self._secret = environment, secret
        self._exits = contextlib.ExitStack()
        self.instances: dict[str, Instance] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def __enter__(self) -> Self:
        self._tasks = Path(self._exits.enter_context(tempfile.TemporaryDirectory(prefix="var-")))
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def instance(self, function: Function) -> Instance:
        """Return the one instance of a function, started when it is first asked for."""
        name = function.logical_id
        if name not in self.instances:
            task = self._tasks / function.zip_name  # never written to, so two may share it
            if not task.exists():
                unpack(self._zips / function.zip_name, task)
            instance = Instance(function, task, self._tools, self._environment)
            self.instances[name] = self._exits.enter_context(instance)
        return self.instances[name]

    def bypassed(self) -> "Edge":
        """Return the same instances as they answer to somebody who only guesses the secret."""
        other = copy.copy(self)
        other._secret = "guessed"  # noqa: SLF001 - one of us
        return other

    def names_in(self, function: Function) -> set[str]:
        """Return what is in the zip of a function."""
        with zipfile.ZipFile(self._zips / function.zip_name) as archive:
            return set(archive.namelist())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = request.url.path
        behaviour = next(each for each in self.template.behaviours if each.matches(path))
        answer = await self._serve(request, behaviour)
        await answer(scope, receive, send)

    async def _serve(self, request: Request, behaviour: Behaviour) -> Response:
        if behaviour.origin == "page":
            return Response("There is no page here.", 404)
        body = await request.body()
        if len(body) > _MOST_BODY_BYTES:
            return JSONResponse({"message": "Request Entity Too Large"}, 413)
        headers = _forwarded(request)
        headers |= {name.lower(): self._secret for name in behaviour.headers}
        if function := self.template.streaming.get(behaviour.origin):
            return await self._stream(self.template.functions[function], request, headers, body)
        return await self.call_api(request, headers, body)

    async def _stream(
        self, function: Function, request: Request, headers: dict[str, str], body: bytes
    ) -> Response:
        """Pass a request on as the adapter does, and the answer part by part."""
        instance = await run_in_threadpool(self.instance, function)
        address = httpx.URL(instance.url).copy_with(raw_path=_raw_path(request))
        client = httpx.AsyncClient(timeout=function.timeout_seconds)
        sent = client.build_request(request.method, address, headers=headers, content=body)
        answer = await client.send(sent, stream=True)

        async def parts() -> AsyncGenerator[bytes]:
            async with contextlib.aclosing(client), contextlib.aclosing(answer):
                async for part in answer.aiter_raw():
                    yield part

        streamed = StreamingResponse(parts(), answer.status_code)
        for name, value in answer.headers.multi_items():
            if name not in _PER_HOP:
                streamed.headers.append(name, value)
        return streamed

    async def call_api(self, request: Request, headers: dict[str, str], body: bytes) -> Response:
        """Answer as the HTTP API does, with the function of the first route that fits."""
        path, method = request.url.path, request.method
        route = next((each for each in self.template.routes if each.matches(method, path)), None)
        if route is None:
            return JSONResponse({"message": "Not Found"}, 404)
        event = _event(request, route.key, headers, body)
        if len(str(event)) > _MOST_EVENT_BYTES:
            return JSONResponse({"message": "Request Entity Too Large"}, 413)
        function = self.template.functions[route.logical_id]
        return _as_response(await self.invoke(function, event, route.timeout_seconds))

    async def invoke(self, function: Function, event: Any, seconds: float) -> Any:
        """Invoke a function; the emulator dies of two invocations at the same time."""
        async with self._locks.setdefault(function.logical_id, asyncio.Lock()):
            instance = await run_in_threadpool(self.instance, function)
            async with httpx.AsyncClient(timeout=seconds) as client:
                answer = await client.post(f"{instance.url}{_INVOKE}", json=event)
        if answer.status_code != httpx.codes.OK or len(answer.content) > _MOST_EVENT_BYTES:
            return {"errorMessage": answer.text}
        return answer.json()


def _forwarded(request: Request) -> dict[str, str]:
    """Return the headers that CloudFront passes on, with what its function ViewerAddress adds."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        if name not in _PER_HOP:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    headers["x-client-address"] = request.client.host if request.client else ""
    return headers


def _raw_path(request: Request) -> bytes:
    query = request.url.query
    return request.scope["raw_path"] + (b"?" + query.encode() if query else b"")


def _event(request: Request, key: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """Make the event of a request (payload format 2.0)."""
    path = request.url.path
    cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
    headers = {**headers, "host": "local.execute-api", "content-length": str(len(body))}
    is_text = bool(_TEXT.match(headers.get("content-type", "")))
    http = {"method": request.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    return {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": request.url.query,
        "cookies": cookies,
        "headers": headers,
        "requestContext": {
            "apiId": "local",
            "domainName": "local.execute-api",
            "http": {**http, "userAgent": headers.get("user-agent", "")},
            "requestId": str(uuid.uuid4()),
            "routeKey": key,
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        "body": (body.decode() if is_text else base64.b64encode(body).decode()) if body else None,
        "isBase64Encoded": bool(body) and not is_text,
    }


def _as_response(answer: Any) -> Response:
    if "statusCode" not in answer:
        return JSONResponse({"message": "Internal Server Error"}, 500)
    text = answer.get("body") or ""
    content = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    response = Response(content, answer["statusCode"])
    for name, value in answer.get("headers", {}).items():
        if name.lower() not in _PER_HOP:
            response.headers[name] = value
    for cookie in answer.get("cookies", ()):
        response.headers.append("set-cookie", cookie)
    return response
