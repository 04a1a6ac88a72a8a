"""Looks for secrets that somebody wrote into the tree: `python -m dev.secret_scan [path ...]`.

A line that only looks like one says so: `# pragma: allowlist secret`, and why.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

_KINDS = Path(__file__).with_name("secret_kinds.py")
_OURS = ("SupabaseSecretKey", "ModelKey", "PrivateJwk")
# Without the two that know no secret: a name that reads like a password's is ruff's S105, and the
# addresses in the tests are those kept for documentation.
_THEIRS = (
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "Base64HighEntropyString",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "HexHighEntropyString",
    "JwtTokenDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "StripeDetector",
)
_FILTERS = (
    "allowlist.is_line_allowlisted",
    "heuristic.is_potential_uuid",
    "heuristic.is_sequential_string",
    "heuristic.is_templated_secret",
)
# Written by programs, and full of hashes.
_LOCKS = ("package-lock.json", "requirements.txt", "requirements-dev.txt")


def _settings() -> dict[str, Any]:
    plugins = [{"name": name} for name in _THEIRS]
    plugins += [{"name": name, "path": f"file://{_KINDS}"} for name in _OURS]
    return {
        "plugins_used": plugins,
        "filters_used": [{"path": f"detect_secrets.filters.{name}"} for name in _FILTERS],
    }


def _tree() -> list[str]:
    """Return what is committed, or would be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    )
    names = filter(None, listed.stdout.decode().split("\0"))
    return [name for name in names if Path(name).name not in _LOCKS and Path(name).is_file()]


def find_secrets(names: list[str]) -> list[str]:
    """Return where something stands that looks like a secret, and of what kind; never the secret."""
    found = SecretsCollection()
    with transient_settings(_settings()):
        found.scan_files(*names)
    return sorted({f"{name}:{secret.line_number}: {secret.type}" for name, secret in found})


def main(names: list[str]) -> int:
    """Print what was found, and return how much."""
    found = find_secrets(names or _tree())
    for line in found:
        print(line)
    return len(found)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
