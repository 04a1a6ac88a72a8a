"""The functions' OpenAPI documents as one, for the types of the page: `python -m dev.openapi` prints it."""

import importlib
import json
import sys
from typing import Any

from dev.processes import ROOT


class NameClash(Exception):
    """Two functions mean different things by one schema name; the message names it."""


def _documents() -> list[dict[str, Any]]:
    names = sorted(path.stem for path in (ROOT / "functions").glob("[a-z]*.py"))
    return [importlib.import_module(f"functions.{name}").app.openapi() for name in names]


def merge(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one document with the paths and schemas of all.

    Raises:
        NameClash: A schema has two meanings.
    """
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for document in documents:
        paths |= document["paths"]
        for name, schema in document["components"]["schemas"].items():
            if schemas.setdefault(name, schema) != schema:
                raise NameClash(f"Two functions have a schema {name!r}; rename one of them.")
    return {
        "openapi": documents[0]["openapi"],
        "info": {"title": "Lectern", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _security(documents)},
    }


def _security(documents: list[dict[str, Any]]) -> dict[str, Any]:
    schemes: dict[str, Any] = {}
    for document in documents:
        schemes |= document["components"].get("securitySchemes", {})
    return schemes


if __name__ == "__main__":
    json.dump(merge(_documents()), sys.stdout)
