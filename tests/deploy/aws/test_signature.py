"""The signature of our calls to the Parameter Store, beside that of AWS's own client."""

# `make check` does without the group `deploy`.
# pyright: reportMissingImports=false

from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lib.adapters.parameter_store import sign

_CREDENTIALS = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a/secret+key",
}
_NOW = datetime(2026, 11, 22, 18, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("token", [None, "a-session-token"])
def test_the_signature_is_that_of_botocore(token: str | None):
    body, host = b'{"Path": "/lectern/prod"}', "ssm.eu-west-1.amazonaws.com"
    environment = _CREDENTIALS | ({"AWS_SESSION_TOKEN": token} if token else {})

    headers = sign(body, host, environment, now=_NOW)

    theirs = AWSRequest(
        "POST",
        f"https://{host}/",
        data=body,
        headers={name: headers[name] for name in ("content-type", "x-amz-target")},
    )
    theirs.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials("AKIAEXAMPLE", "a/secret+key", token), "ssm", "eu-west-1")
    theirs.headers["X-Amz-Date"] = headers["x-amz-date"]
    if token:
        theirs.headers["X-Amz-Security-Token"] = token
    signature = signer.signature(
        signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs
    )
    assert headers["authorization"].endswith(f"Signature={signature}")
