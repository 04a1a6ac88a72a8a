"""Every operation that the functions have, as their own OpenAPI tells it."""

from functools import cache
from typing import Any, NamedTuple, cast

from fastapi import FastAPI

from dev.gateway import create_app


class Operation(NamedTuple):
    function: str
    method: str
    path: str
    document: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Return the OpenAPI document of every function, by its name."""
    functions = create_app().functions.items()
    return {name: cast("FastAPI", function).openapi() for name, function in functions}


@cache
def operations() -> list[Operation]:
    return [
        Operation(function, method.upper(), path, operation)
        for function, document in documents().items()
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
