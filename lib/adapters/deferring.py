"""What big libraries do while they are imported, put off until it is needed.

A package's `__init__.py` often imports all of its modules to offer their names in one place. A deferred package is there at
once, its modules can be imported, and its own code runs when somebody asks for a name that no module of it has: whoever
looks finds the same as always. (The standard library's LazyLoader does so for modules; of a package it runs the
code as soon as a module in it is imported.) A deferred model of pydantic is built when it is first used.
"""

import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType
from typing import Any, TypeVar, cast

from pydantic import BaseModel

T = TypeVar("T")

# In which module a name of a package is, where the package is not run for it.
_places: dict[str, str] = {}
_lock = threading.RLock()


class _Deferred(ModuleType):
    """A package that has not yet run its own code."""

    def __getattr__(self, name: str) -> Any:
        whole = f"{self.__name__}.{name}"
        if whole in _places:
            found = getattr(import_module(_places[whole]), name)
            setattr(self, name, found)
            return found
        if find_spec(whole):
            return import_module(whole)
        with _lock:
            kind: type[ModuleType] = type(self)
            if kind is _Deferred:  # no other thread ran it meanwhile
                self._run()
        return getattr(self, name)

    def _run(self) -> None:
        object.__setattr__(self, "__class__", _Running)
        try:
            cast("Loader", self.__loader__).exec_module(self)
        finally:
            object.__setattr__(self, "__class__", ModuleType)  # from here on like any other


class _Running(ModuleType):
    """A package that runs its own code in one thread, while others may ask for what is not there yet."""

    def __getattr__(self, name: str) -> Any:
        with _lock:
            return ModuleType.__getattribute__(self, name)


class _DeferringLoader(Loader):
    """Makes a package as its own loader would, but for running it."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        cast("ModuleSpec", module.__spec__).loader = module.__loader__ = self._loader
        module.__class__ = _Deferred


class _Finder(MetaPathFinder):
    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.package and not fullname.startswith(f"{self.package}."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.loader and spec.submodule_search_locations is not None:
            spec.loader = _DeferringLoader(spec.loader)
        return spec


def defer(package: str, **names: str) -> None:
    """From now on let `package`, and each package in it, wait with its own code. Twice is once.

    Args:
        package: A package at the top.
        names: What is asked of the package itself, and the module in it that has it: it is not run for these.
    """
    _places.update({f"{package}.{name}": f"{package}.{module}" for name, module in names.items()})
    if all(getattr(finder, "package", None) != package for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder(package))


@contextmanager
def standing_in(modules: Mapping[str, ModuleType | None]) -> Generator[None]:
    """Around an import: what it looks for are these, or with None are not there. What is loaded stays what it is."""
    ours = {name: module for name, module in modules.items() if name not in sys.modules}
    # None is documented for sys.modules, and in no stub.
    cast("dict[str, ModuleType | None]", sys.modules).update(ours)
    try:
        yield
    finally:
        for name in ours:
            del sys.modules[name]


@contextmanager
def without_deprecations() -> Generator[None]:
    """Around the import of others' functions that are marked as deprecated: to mark them takes a reader of versions.

    We call none of them, and without the mark they only warn nobody.
    """

    def deprecated(*_: object, **__: object) -> Callable[[T], T]:
        return lambda marked: marked

    marks = ModuleType("deprecation")
    vars(marks)["deprecated"] = deprecated
    with standing_in({"deprecation": marks}):
        yield


@contextmanager
def deferred_models() -> Generator[None]:
    """Around the import of others' models. Ours are built at once: FastAPI uses them in its own way."""
    BaseModel.model_config["defer_build"] = True
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]
