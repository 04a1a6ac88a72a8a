"""Starts a function out of its unpacked Lambda zip, asks it once, and says what that took."""

import http.client
import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from bench.apart import Apart
from bench.bundles import Bundle
from dev.deploy.lambda_runtime import Instance
from dev.deploy.lambda_template import Function
from dev.deploy.lambda_tools import Tools
from dev.ports import HOST

_FORBIDDEN = ("openai", "numpy", "pypdfium2", "lib.adapters.documents", "click", "rich")
# Ends without teardown, as a Lambda does. VmHWM is the peak of resident memory.
_PROGRAM = """
import sys
from functions.{name} import handler
import json, os, time
imported = time.process_time()
answer = handler(json.loads(sys.argv[1]), None)
assert answer["statusCode"] in (200, 201), answer
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
worked = time.process_time()
told = {{"cpu": worked * 1000, "request": (worked - imported) * 1000, "mb": int(peak) / 1024, "modules": sorted(sys.modules)}}
print(json.dumps(told), flush=True)
os._exit(0)
"""
_ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Request:
    """What a function is asked first."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": self.token, "content-type": "application/json"}

    @property
    def content(self) -> str | None:
        return json.dumps(self.body) if self.body else None

    def event(self) -> str:
        """Make what API Gateway sends (payload format 2.0)."""
        asked = {"method": self.method, "path": self.path, "protocol": "HTTP/1.1", "sourceIp": HOST}
        return json.dumps(
            {
                "version": "2.0",
                "rawPath": self.path,
                "rawQueryString": "",
                "headers": {**self.headers, "host": "localhost"},
                "requestContext": {"http": asked, "stage": "$default"},
                "body": self.content,
                "isBase64Encoded": False,
            }
        )


@dataclass(frozen=True)
class Start:
    """One cold start; how much of its work is the request is known where the handler is called."""

    milliseconds: float
    cpu_milliseconds: float
    megabytes: float
    request_milliseconds: float = 0


def start_handler(
    python: str, bundle: Bundle, request: Request, environment: dict[str, str]
) -> Start:
    """Start the function as it is behind the HTTP API: its handler is imported and called."""
    name = bundle.archive.path.stem
    began = time.perf_counter()
    process = subprocess.run(
        [python, "-B", "-s", "-c", _PROGRAM.format(name=name), request.event()],
        cwd=bundle.task,
        env={"PATH": "", "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    milliseconds = (time.perf_counter() - began) * 1000
    assert process.returncode == 0, f"{name}: {process.stderr[-2000:]}"
    told = json.loads(process.stdout.splitlines()[-1])
    _check_imports(name, told["modules"])
    return Start(milliseconds, told["cpu"], told["mb"], told["request"])


def _check_imports(name: str, modules: list[str]) -> None:
    loaded = [module for module in _FORBIDDEN if module in modules]
    assert name not in ("auth", "history") or not loaded, f"{name} imports {loaded}"


def _server(name: str, task: Path, tools: Tools, environment: Mapping[str, str]) -> Instance:
    """Describe run.sh of a zip as the Lambda Web Adapter starts it; entered, it is asked for health until it answers."""
    adapter = {
        "LECTERN_APP": f"functions.{name}:app",
        "AWS_LWA_READINESS_CHECK_PATH": f"/api/{name}/health",
    }
    function = Function(
        logical_id=name,
        handler="run.sh",
        zip_name=f"{name}.zip",
        timeout_seconds=30,
        memory_megabytes=1024,
        environment=adapter,
    )
    return Instance(function, task, tools, environment)


def start_server(
    tools: Tools, bundle: Bundle, request: Request, environment: dict[str, str]
) -> Start:
    """Start the function as it is behind a Function URL: run.sh, asked for health until it answers, then for this."""
    began = time.perf_counter()
    with _server(bundle.archive.path.stem, bundle.task, tools, environment) as instance:
        connection = http.client.HTTPConnection(HOST, instance.port, timeout=_ANSWER_SECONDS)
        connection.request(request.method, request.path, request.content, request.headers)
        answer = connection.getresponse()
        content = answer.read()
        milliseconds = (time.perf_counter() - began) * 1000
        process = Apart(instance.url, instance.pid)
        start = Start(milliseconds, process.cpu_seconds() * 1000, process.peak_megabytes())
        connection.close()
        assert answer.status in (HTTPStatus.OK, HTTPStatus.CREATED), (content, instance.log)
    return start
