"""What the tests of AWS share: a packaged service, an account by moto, and a deployment that runs in it."""

# `make check` does without the group `deploy`.
# pyright: reportMissingImports=false

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from dev.deploy.lambda_tools import run_osls
from dev.ports import HOST, unused_port
from dev.processes import ROOT

REGION = "eu-west-1"
_START_SECONDS = 120


@dataclass(frozen=True)
class Account:
    """An AWS account on this machine."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to mean this account."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


@contextlib.contextmanager
def open_account() -> Iterator[Account]:
    """Run moto's server for as long as the block lasts."""
    account = Account(f"http://{HOST}:{unused_port()}")
    command = [sys.executable, "-m", "dev.deploy.lambda_account", account.url.rpartition(":")[2]]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONWARNINGS": "ignore", **account.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(account.url, process)
        yield account
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(f"{url}/moto-api/").raise_for_status()
        except httpx.TransportError:
            assert process.poll() is None, "The account has ended."
            assert time.monotonic() < deadline, "The account does not answer."
            time.sleep(0.05)
        else:
            return


def make_service(folder: Path, zips: Path) -> Path:
    """Lay out what osls needs: the configuration, and the zips where it names them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "serverless.yml").write_bytes((ROOT / "serverless.yml").read_bytes())
    (folder / ".build").mkdir()
    (folder / ".build" / "lambda").symlink_to(zips)
    return folder


def package(service: Path, *arguments: str) -> None:
    done = run_osls("package", *arguments, service=service)
    assert done.returncode == 0, done.stdout + done.stderr
