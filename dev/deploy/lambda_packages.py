"""Installs the locked packages for the machines of AWS, and tells what belongs to each of them."""

import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYTHON_VERSION = "3.13"

# Amazon Linux 2023 has glibc 2.34.
_PLATFORMS = {"x86_64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}

# What a package uses if it is there, without saying so by an import of ours.
_UNSEEN = {"fastapi": ("python-multipart",), "pyjwt": ("cryptography",)}

# Of no use where nobody compiles, type-checks or tests. FastAPI asks for pydantic.v1 only where an app uses it; openai
# loads its other services where they are called, 2.7 MB of them; httpx would load its command line with all of click;
# and rapidfuzz has its library twice.
_BALLAST = re.compile(
    r"(^|/)(\.|(tests?|__pycache__|bin)/)|\.(pyi|pyx|pxd|c|h|pyc)$|(^|/)py\.typed$"
    r"|\.dist-info/(?!METADATA$|entry_points\.txt$)|^pydantic/v1/|^httpx/_main\.py$"
    r"|^openai/(cli|(lib|resources|types)/(admin|beta|live|realtime)|lib/streaming/agents)/"
    r"|^rapidfuzz/.*_avx2\."
)


def install(target: Path, locks: Iterable[Path], extra: Iterable[str], architecture: str) -> None:
    """Install all of the first lock and the packages `extra` of the others, by their hashes.

    Args:
        target: An empty directory.
        locks: Requirements with hashes.
        extra: Names of packages that only the later locks have.
        architecture: `x86_64` or `arm64`.
    """
    main, *others = [_entries(lock.read_text()) for lock in locks]
    for name in extra:
        main[name] = next(lock[name] for lock in others if name in lock)
    requirements = target.with_suffix(".txt")
    requirements.write_text("".join(main.values()))
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(target)),
            "--no-deps",
            *("--require-hashes", "--only-binary", ":all:", "--requirements", str(requirements)),
            *("--python-version", PYTHON_VERSION, "--python-platform", _PLATFORMS[architecture]),
        ],
        check=True,
    )


def _entries(lock: str) -> dict[str, str]:
    """Split a lock into what it says of each package."""
    entries = re.findall(r"^[^\s#].*\n(?:[ \t]+.*\n)*", lock + "\n", re.MULTILINE)
    return {canonicalize_name(re.split(r"[=\[ ;]", entry)[0]): entry for entry in entries}


@dataclass(frozen=True)
class Package:
    """An installed package: its files, relative to where it is installed, and what it requires."""

    name: str
    files: tuple[str, ...]
    requires: frozenset[str]

    @property
    def modules(self) -> set[str]:
        return {re.split(r"[/.]", file)[0] for file in self.files}


def read_packages(directory: Path, architecture: str) -> dict[str, Package]:
    """Return the packages in `directory` by name, without what is of no use on Lambda."""
    found = [_read(each, architecture) for each in distributions(path=[str(directory)])]
    return {package.name: package for package in found}


def _read(distribution: Distribution, architecture: str) -> Package:
    name = canonicalize_name(distribution.metadata["Name"])
    files = (str(path) for path in distribution.files or ())
    requirements = map(Requirement, distribution.requires or ())
    environment = _environment(architecture)
    required = {
        canonicalize_name(requirement.name)
        for requirement in requirements
        if not requirement.marker or requirement.marker.evaluate(environment)
    }
    return Package(
        name=name,
        files=tuple(sorted(file for file in files if not _BALLAST.search(file))),
        requires=frozenset(required | set(_UNSEEN.get(name, ()))),
    )


def _environment(architecture: str) -> dict[str, str]:
    """Return what markers ask for, as it is on Lambda: CPython on Linux."""
    return {
        "extra": "",
        "implementation_name": "cpython",
        "implementation_version": f"{PYTHON_VERSION}.0",
        "os_name": "posix",
        "platform_machine": {"arm64": "aarch64"}.get(architecture, architecture),
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{PYTHON_VERSION}.0",
        "python_version": PYTHON_VERSION,
        "sys_platform": "linux",
    }


def closure(
    imported: Iterable[str],
    packages: dict[str, Package],
    without: Iterable[str],
    added: Iterable[str] = (),
) -> list[Package]:
    """Return the packages that hold the modules `imported`, those `added` by name, and all that they require.

    Raises:
        LookupError: Nothing that is locked has such a module.
    """
    waiting = [*added, *(_holder(module, packages) for module in imported)]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in packages and name not in needed and name not in without:
            needed.add(name)
            waiting += packages[name].requires
    return [packages[name] for name in sorted(needed)]


def _holder(module: str, packages: dict[str, Package]) -> str:
    holders = sorted(name for name, package in packages.items() if module in package.modules)
    if not holders:
        raise LookupError(f"{module} is imported, and no package in requirements.txt has it.")
    return holders[0]
