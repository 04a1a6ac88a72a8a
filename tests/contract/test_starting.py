"""What the functions do for a quick start changes nothing that a caller sees."""

import json
import subprocess
import sys
from dataclasses import MISSING, fields
from typing import Any

from lib.settings import Settings

SETTINGS = {f.name.upper(): "k1:" + "A" * 43 for f in fields(Settings) if f.default is MISSING}
SETTINGS |= {"SUPABASE_URL": "http://127.0.0.1:9"}
# In a process of its own, as deployed: here FastAPI has long been imported.
PROGRAM = """
import base64, gc, importlib, json
apps = {name: importlib.import_module(f"functions.{name}") for name in ("auth", "upload", "query", "history", "jobs")}
event = {
    "version": "2.0", "rawPath": "/api/auth/login", "rawQueryString": "",
    "headers": {"host": "local", "content-type": "application/json"},
    "requestContext": {"http": {"method": "POST", "path": "/api/auth/login", "protocol": "HTTP/1.1", "sourceIp": "::1"}},
    "body": '{"username": 1, "more": true}', "isBase64Encoded": False,
}
refused = apps["auth"].handler(event, None)
body = base64.b64decode(refused["body"])  # as Mangum sends what it does not know for text
problem = {k: v for k, v in json.loads(body).items() if k != "instance"}
documents = {name: function.app.openapi() for name, function in apps.items()}
print(json.dumps({"documents": documents, "problem": problem, "collects": gc.isenabled()}))
"""


def started(first: str = "") -> dict[str, Any]:
    process = subprocess.run(
        # A warning would tell that something is built at another time than FastAPI expects.
        [sys.executable, "-W", "error", "-c", first + PROGRAM],
        env={"PATH": "", **SETTINGS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


def test_documents_and_refusals_are_the_same_as_after_a_slow_start():
    quick, slow = started(), started("import fastapi\n")

    assert quick["documents"] == slow["documents"]
    assert quick["problem"] == slow["problem"]
    assert quick["problem"]["status"] == 422


def test_garbage_is_collected_once_a_function_has_started():
    assert started()["collects"]
