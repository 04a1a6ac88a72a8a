"""The documents of a function as one page of plain HTML: no script, nothing from a third party."""

from html import escape
from typing import Any

_STYLE = """
body { font: 1rem/1.6 Georgia, serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #222; background: #fdfcf9 }
code, pre { font: .875rem/1.5 ui-monospace, monospace } pre { overflow-x: auto; background: #f3f0e8; padding: .75rem }
h2 { margin-top: 2.5rem; font-size: 1.1rem } h2 code { font-size: 1rem } table { border-collapse: collapse; width: 100% }
td { padding: .25rem .75rem .25rem 0; vertical-align: top; border-top: 1px solid #e5e0d3 }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1a17 } pre { background: #26241f } td { border-color: #3a372f } }
"""


def render(openapi: dict[str, Any]) -> str:
    """Render the OpenAPI document `openapi` as HTML."""
    operations = [
        _operation(method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = openapi.get("components", {}).get("schemas", {})
    title = escape(openapi["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style><h1>{title}</h1><p>{escape(openapi['info']['description'])}</p>"
        "<p>Every error is a problem document (RFC 9457). The machine-readable form of this page is "
        f'<a href="openapi.json">openapi.json</a>.</p>{"".join(operations)}'
        f"<h1>Schemas</h1>{''.join(_schema(name, schema) for name, schema in schemas.items())}"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = [
        (f"{parameter['name']} ({parameter['in']})", parameter.get("schema", {}))
        for parameter in operation.get("parameters", [])
    ]
    content = operation.get("requestBody", {}).get("content", {})
    bodies = [(f"body ({kind})", media.get("schema", {})) for kind, media in content.items()]
    answers = ", ".join(code for code in operation["responses"] if code != "default")
    return (
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p>{_table([*parameters, *bodies])}"
        f"<p>Answers {answers}, or a problem.</p>"
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    rows = _table(list(schema.get("properties", {}).items()))
    return f'<h2 id="{escape(name)}"><code>{escape(name)}</code></h2>{rows}'


def _table(rows: list[tuple[str, dict[str, Any]]]) -> str:
    cells = (
        f"<tr><td><code>{escape(name)}</code><td>{_kind(schema)}<td>{escape(schema.get('description', ''))}"
        for name, schema in rows
    )
    return f"<table>{''.join(cells)}</table>" if rows else ""


def _kind(schema: dict[str, Any]) -> str:
    if reference := schema.get("$ref"):
        name = escape(reference.rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if options := schema.get("anyOf"):
        return " or ".join(_kind(option) for option in options)
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type") or "any"))
