"""What `vercel build` made, read: bundles, static files, routes (Build Output API, version 3)."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Bundle:
    """A function as it would be deployed: the files that its directory names, and how to run them."""

    name: str
    directory: Path
    copy: Path

    @cached_property
    def configuration(self) -> dict[str, Any]:
        return json.loads((self.directory / ".vc-config.json").read_text())

    @cached_property
    def files(self) -> dict[str, Path]:
        """Where the content of each file of the bundle lies."""
        own = {
            path.relative_to(self.directory).as_posix(): path
            for path in self.directory.rglob("*")
            if path.is_file() and path.name != ".vc-config.json"
        }
        mapped = self.configuration.get("filePathMap", {})
        return own | {name: self.copy / source for name, source in mapped.items()}

    @property
    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.files.values())


class Output:
    """One output tree: the whole project, or one of its services."""

    def __init__(self, copy: Path, *, service: str = "") -> None:
        root = copy / ".vercel" / "output"
        self._directory = root / "services" / service if service else root
        self._static = self._directory / "static"
        self.routes: list[dict[str, Any]] = self._read("config.json")["routes"]
        functions = self._directory / "functions"
        self._bundles = {
            f"/{path.relative_to(functions).with_suffix('').as_posix()}": Bundle(
                service, path, copy
            )
            for path in functions.rglob("*.func")
        }
        names = (path.name for path in (self._directory / "services").glob("*"))
        self.services = {name: Output(copy, service=name) for name in sorted(names)}

    def _read(self, name: str) -> Any:
        return json.loads((self._directory / name).read_text())

    def find(self, path: str) -> Bundle | Path | None:
        """Return the function or the static file that has this very path."""
        if path in self._bundles:
            return self._bundles[path]
        for name in (path.lstrip("/"), f"{path.lstrip('/')}/index.html".lstrip("/")):
            if name in self._own_files:
                return self._static / name
        return None

    @cached_property
    def _own_files(self) -> set[str]:
        files = (path for path in self._static.rglob("*") if path.is_file())
        return {path.relative_to(self._static).as_posix() for path in files}

    @property
    def bundles(self) -> dict[str, Bundle]:
        """Every function, by the name of its service."""
        own = {bundle.name: bundle for bundle in self._bundles.values()}
        for service in self.services.values():
            own |= service.bundles
        return own

    @property
    def public_files(self) -> set[str]:
        """Every file that anybody may fetch, without its leading slash."""
        return self._own_files.union(*(service.public_files for service in self.services.values()))
