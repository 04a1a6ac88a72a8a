"""AWS's Parameter Store (SSM): where settings come from on Lambda, so that no secret is in a template.

It is asked once per process, by the few lines that this needs: boto3 would cost 240 ms of every cold start.
The signature is AWS's Signature Version 4.
"""

import hashlib
import hmac
import http.client
import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit

from lib.adapters.tls import tls_context

_TARGET = "AmazonSSM.GetParametersByPath"
_CONTENT_TYPE = "application/x-amz-json-1.1"
_MALFORMED = "The Parameter Store does not answer as it should."
# Of one call in all, however the answer drips: nothing else runs in this process meanwhile.
_TIMEOUT_SECONDS = 3.0
# After the time of so many calls no other is tried again.
_MOST_CALLS_LONG = 2
# The most that it gives at once. A deployment has a few more, and only a page tells where the next one begins: that
# makes two calls, one after the other.
PAGE_SIZE = 10
# An account may ask 40 times a second; when many instances start together, some have to wait.
_WAITS_SECONDS = (0.2, 0.4, 0.8, 1.6)


class ParametersUnavailable(Exception):
    """The parameters cannot be read; the message says why and names no value."""

    tells_no_data = True  # so the log may show it
    status = HTTPStatus.SERVICE_UNAVAILABLE


class _Busy(Exception):
    """It may work a moment later."""


def read_parameters(
    path: str,
    environment: Mapping[str, str],
    *,
    waits_seconds: Sequence[float] = _WAITS_SECONDS,
    timeout_seconds: float = _TIMEOUT_SECONDS,
) -> dict[str, str]:
    """Return the parameters that lie directly under `path`, decrypted, by the last part of their names.

    Args:
        path: Such as "/lectern/prod".
        environment: Region and credentials, as Lambda sets them; AWS_ENDPOINT_URL where it is not AWS.
        waits_seconds: How long to wait after each failure that may pass.
        timeout_seconds: How long one call may take in all.

    Raises:
        ParametersUnavailable: AWS refuses, cannot be reached, or answers what it should not.
    """
    parameters: dict[str, str] = {}
    until = time.monotonic() + _MOST_CALLS_LONG * timeout_seconds
    request: dict[str, Any] = {"Path": path, "WithDecryption": True, "MaxResults": PAGE_SIZE}
    with closing(_Store(environment, timeout_seconds)) as store:
        while True:
            answer = _call_patiently(store, request, _waits_until(until, waits_seconds))
            try:
                for parameter in answer["Parameters"]:
                    parameters[parameter["Name"].rpartition("/")[2]] = parameter["Value"]
                following = answer.get("NextToken")
            except (AttributeError, LookupError, TypeError) as error:
                raise ParametersUnavailable(_MALFORMED) from error
            if not following:
                return parameters
            request["NextToken"] = following


def _waits_until(until: float, waits_seconds: Sequence[float]) -> Iterator[float]:
    """Yield the waits while there is time; the call after the last of them may still be made."""
    return itertools.takewhile(lambda _: time.monotonic() < until, waits_seconds)


class _Store:
    """The store over one connection, which the first call opens and the next ones use again."""

    def __init__(self, environment: Mapping[str, str], timeout_seconds: float) -> None:
        endpoint = f"https://ssm.{environment['AWS_REGION']}.amazonaws.com"
        address = urlsplit(environment.get("AWS_ENDPOINT_URL") or endpoint)
        self._environment, self._host = environment, address.netloc
        self._timeout_seconds = timeout_seconds
        self._connection = _connection(address, timeout_seconds)

    def close(self) -> None:
        self._connection.close()

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make one call; once more where the connection that was kept for it turns out to be closed.

        Raises:
            OSError, http.client.HTTPException, _Busy: It may work a moment later.
            ParametersUnavailable: It will not.
        """
        body, was_kept = json.dumps(request).encode(), bool(self._connection.sock)
        try:
            status, content = self._exchange(body)
        except ConnectionError:
            if not was_kept:
                raise
            status, content = self._exchange(body)
        return _understand(status, content)

    def _exchange(self, body: bytes) -> tuple[int, bytes]:
        headers = sign(body, self._host, self._environment, now=datetime.now(UTC))
        connection = self._connection
        try:
            if not connection.sock:
                connection.connect()
            with _closing_after(connection.sock, self._timeout_seconds):
                connection.request("POST", "/", body, headers)
                answer = connection.getresponse()
                content = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()  # nobody knows what else would come of it
            raise
        return answer.status, content


def _connection(address: SplitResult, timeout_seconds: float) -> http.client.HTTPConnection:
    if address.scheme != "https":
        return http.client.HTTPConnection(address.netloc, timeout=timeout_seconds)
    return http.client.HTTPSConnection(
        address.netloc, timeout=timeout_seconds, context=tls_context()
    )


def _call_patiently(
    store: _Store, request: dict[str, Any], waits_seconds: Iterable[float]
) -> dict[str, Any]:
    for wait in waits_seconds:
        try:
            return store.call(request)
        except (_Busy, OSError, http.client.HTTPException):
            time.sleep(wait * random.uniform(0.5, 1.5))  # nosec B311 # noqa: S311 - to spread, not to hide
    try:
        return store.call(request)
    except (_Busy, OSError, http.client.HTTPException) as error:
        raise ParametersUnavailable(f"The Parameter Store does not answer: {error!r}") from error


@contextmanager
def _closing_after(connected: socket.socket, seconds: float) -> Generator[None]:
    """Break off after so many seconds: the timeout of a socket begins anew with every byte.

    Raises:
        TimeoutError: It was broken off.
    """
    is_late = threading.Event()

    def break_off() -> None:
        is_late.set()
        with suppress(OSError):  # it is closed already
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if is_late.is_set():
            raise TimeoutError("it took too long") from error
        raise
    finally:
        timer.cancel()
    if is_late.is_set():
        raise TimeoutError("it took too long")


def _understand(status: int, body: bytes) -> dict[str, Any]:
    if status == HTTPStatus.OK:
        try:
            return json.loads(body)
        except ValueError as error:
            raise ParametersUnavailable(_MALFORMED) from error
    fault = f"{status} {_fault(body)}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or "Throttling" in fault:
        raise _Busy(fault)
    raise ParametersUnavailable(f"The Parameter Store refuses: {fault}")


def _fault(body: bytes) -> str:
    try:
        return str(json.loads(body).get("__type", ""))
    except ValueError:
        return ""


def sign(
    body: bytes, host: str, environment: Mapping[str, str], *, now: datetime
) -> dict[str, str]:
    """Return the headers of a request with the signature of whoever the credentials belong to."""
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{environment['AWS_REGION']}/ssm/aws4_request"
    headers = {
        "content-type": _CONTENT_TYPE,
        "host": host,
        "x-amz-date": moment,
        "x-amz-target": _TARGET,
    }
    if token := environment.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    key = b"AWS4" + environment["AWS_SECRET_ACCESS_KEY"].encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signature = hmac.digest(key, to_sign.encode(), hashlib.sha256).hex()
    credential = f"{environment['AWS_ACCESS_KEY_ID']}/{scope}"
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return headers
