"""Puts the built page into the bucket of a deployment: `python -m dev.deploy.lambda_page --stage prod`.

What has a hash in its name goes first and is kept for good, so that a page that is open finds what it was made with.
"""

# `make check` does without the group `deploy`.
# pyright: reportMissingImports=false

import argparse
import mimetypes
import sys
from pathlib import Path
from typing import Any

import boto3

from dev.page_policy import NOWHERE
from dev.processes import ROOT

PAGE = ROOT / "web" / "dist"

_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, max-age=0, must-revalidate"

_TYPES = (
    mimetypes.MimeTypes()
)  # Python's own, which do not hang on the machine, and what 3.11 lacks
_TYPES.add_type("text/javascript", ".js")
_TYPES.add_type("font/woff2", ".woff2")


def find_bucket(stack: str, stacks: Any) -> str:
    """Return the bucket that the stack's output PageBucket names."""
    [found] = stacks.describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    return outputs["PageBucket"]


def upload(page: Path, bucket: str, objects: Any) -> list[str]:
    """Upload all files of `page`, index.html last, and return their names."""
    names = [path.relative_to(page).as_posix() for path in page.rglob("*") if path.is_file()]
    names.sort(key=lambda name: (name == "index.html", not name.startswith("assets/"), name))
    for name in names:
        kind, _ = _TYPES.guess_type(name)
        objects.put_object(
            Bucket=bucket,
            Key=name,
            Body=(page / name).read_bytes(),
            ContentType=kind or "application/octet-stream",
            CacheControl=_FOR_GOOD if name.startswith("assets/") else _ASK_AGAIN,
        )
    return names


def find_fault(page: Path) -> str:
    """Return why a page cannot be uploaded; nothing where it can."""
    index = page / "index.html"
    if not index.is_file():
        return f"{page} holds no page; build it first (make web SUPABASE_URL=https://...)."
    if NOWHERE in index.read_text():
        return (
            f"{page} was built for the local stack, and would reach no storage; build it for yours first"
            " (make web SUPABASE_URL=https://...)."
        )
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args()
    if fault := find_fault(chosen.page):
        print(fault, file=sys.stderr)
        return 1
    stacks = boto3.client("cloudformation", region_name=chosen.region)
    bucket = find_bucket(f"lectern-{chosen.stage}", stacks)
    names = upload(chosen.page, bucket, boto3.client("s3", region_name=chosen.region))
    print(f"{len(names)} files are in {bucket}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
