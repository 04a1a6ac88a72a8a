"""What a function reaches: modules of our own, and packages from outside. Read from the source, nothing is run."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OURS = ("functions", "lib")


@dataclass(frozen=True)
class Reach:
    """Files of ours, relative to the root, and the top-level names of what is imported besides."""

    files: frozenset[str]
    packages: frozenset[str]


def reach(root: Path, module: str) -> Reach:
    """Follow the imports of `module` through `functions/` and `lib/`.

    An import inside a function counts like any other. So does a string that names a module of ours
    (`python -m` and `import_module` take such), and an f-string that begins with a package of ours
    counts as all of its modules.
    """
    files: set[str] = set()
    packages: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _find(root, name)
        if path is None:
            packages.add(name.split(".")[0])
        elif (relative := path.relative_to(root).as_posix()) not in files:
            files.add(relative)
            waiting += _names(root, ast.parse(path.read_bytes()))
    return Reach(frozenset(files), frozenset(packages - sys.stdlib_module_names))


def _find(root: Path, name: str) -> Path | None:
    """Return the file of a module of ours; None for what is not ours, or is no module."""
    if name.partition(".")[0] not in _OURS:
        return None
    path = root.joinpath(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _names(root: Path, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from _with_parents(node.module)
            yield from _submodules(root, node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _find(root, node.value):
                yield from _with_parents(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield from _family(root, node)


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length])


def _submodules(root: Path, node: ast.ImportFrom) -> Iterator[str]:
    for alias in node.names:
        name = f"{node.module}.{alias.name}"
        if _find(root, name):
            yield name


def _family(root: Path, node: ast.JoinedStr) -> Iterator[str]:
    first = node.values[0] if node.values else None
    if not (isinstance(first, ast.Constant) and str(first.value).endswith(".")):
        return
    package = str(first.value).removesuffix(".")
    initial = _find(root, package)
    if initial and initial.name == "__init__.py":
        yield from _with_parents(package)
        for path in sorted(initial.parent.glob("*.py")):
            if path != initial:
                yield f"{package}.{path.stem}"
