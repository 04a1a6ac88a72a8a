"""The Parameter Store over TLS: it must prove its name, and does so once."""

import ssl
import threading
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lib.adapters.parameter_store import ParametersUnavailable, read_parameters
from lib.adapters.tls import tls_context

_PAGES = [
    b'{"Parameters": [{"Name": "/lectern/prod/A", "Value": "a"}], "NextToken": "more"}',
    b'{"Parameters": [{"Name": "/lectern/prod/B", "Value": "b"}]}',
]


def make_certificate(folder: Path) -> tuple[Path, str]:
    """Write a certificate of localhost with its key, by which nobody vouches; return the file and the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "certificate.pem"
    file.write_bytes(certificate + private)
    return file, certificate.decode()


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        body = _PAGES[b"NextToken" in asked]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any, **__: Any) -> None:
        """Say nothing."""


class TlsStore(TCPServer):
    """Two pages over TLS."""

    handshakes, name = 0, "localhost"

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        file, self.certificate = make_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def get_request(self) -> tuple[Any, Any]:
        accepted = super().get_request()
        self.handshakes += 1
        return accepted

    def read(self) -> dict[str, str]:
        environment = {
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "a/secret+key",
            "AWS_ENDPOINT_URL": f"https://{self.name}:{self.server_address[1]}",
        }
        return read_parameters("/lectern/prod", environment, waits_seconds=(0.0,))


@pytest.fixture
def store(tmp_path: Path) -> Generator[TlsStore]:
    """For this test, whom the process trusts is made anew, and again after it."""
    tls_context.cache_clear()
    with TlsStore(tmp_path) as store:
        thread = threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield store
        store.shutdown()
        thread.join()
    tls_context.cache_clear()


def test_who_answers_must_be_who_was_called(store: TlsStore):
    with pytest.raises(ParametersUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        store.read()


def test_a_name_must_be_vouched_for_and_the_right_one(store: TlsStore):
    tls_context().load_verify_locations(cadata=store.certificate)
    store.name = "127.0.0.1"

    with pytest.raises(ParametersUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        store.read()


def test_all_pages_take_one_handshake(store: TlsStore):
    tls_context().load_verify_locations(cadata=store.certificate)

    assert store.read() == {"A": "a", "B": "b"}
    assert store.handshakes == 1
