"""Completes package-lock.json with the packages of other platforms that a registry did not offer.

npm leaves out of the lock file what it cannot find, and `npm ci` then refuses the file as incomplete:
`python -m dev.lockfiles dev/deploy` adds what is missing, so that it is passed over where it is of no use.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

# As packages name their platforms, and as npm does.
_SYSTEMS = {"apple": "darwin", "windows": "win32", "gnu": "linux"}
_SYSTEMS |= {name: name for name in ("android", "darwin", "freebsd", "linux", "win32")}
_PROCESSORS = {"aarch64": "arm64", "x86_64": "x64", "arm64": "arm64", "x64": "x64"}

_EXACT = re.compile(r"\d+\.\d+\.\d+")


def _platform(name: str) -> dict[str, list[str]]:
    words = re.findall(r"x86_64|[a-z0-9]+", name)
    systems = [_SYSTEMS[word] for word in words if word in _SYSTEMS]
    processors = [_PROCESSORS[word] for word in words if word in _PROCESSORS]
    if not systems or not processors:
        return {}
    library = {"libc": ["musl"]} if "musl" in words else {}
    return {"os": systems[:1], "cpu": processors[:1], **library}


def complete(lock: dict[str, Any]) -> list[str]:
    """Add the optional packages that are asked for and not there; return their names."""
    packages: dict[str, dict[str, Any]] = lock["packages"]
    wanted = {
        name: version
        for package in packages.values()
        for name, version in package.get("optionalDependencies", {}).items()
        if _EXACT.fullmatch(version) and _platform(name)
    }
    missing = {
        name: version for name, version in wanted.items() if f"node_modules/{name}" not in packages
    }
    for name, version in missing.items():
        packages[f"node_modules/{name}"] = {
            "version": version,
            **_platform(name),
            "optional": True,
        }
    lock["packages"] = dict(sorted(packages.items()))
    return sorted(missing)


def main() -> None:
    for directory in sys.argv[1:]:
        path = Path(directory) / "package-lock.json"
        lock = json.loads(path.read_text())
        added = complete(lock)
        path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")
        print(f"{path}: {', '.join(added) or 'complete'}")


if __name__ == "__main__":
    main()
