"""The OpenAPI description as one page of plain HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

_STYLE: Final = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b1f24;background:#fff}
code{font:0.9em ui-monospace,monospace;background:#f2f4f6;padding:.1em .3em;border-radius:3px}
h2{border-bottom:1px solid #d5dae0;margin-top:2.5rem}.method{display:inline-block;min-width:4rem;font-weight:700}
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}
@media(prefers-color-scheme:dark){body{color:#e6e9ec;background:#15181c}code{background:#262b31}h2{border-color:#394049}}"""


def openapi_page(schema: Mapping[str, Any]) -> str:
    """A page with every route, its parameters, its body and its answers."""
    info = schema["info"]
    sections = "".join(_section(tag["name"], schema) for tag in schema.get("tags", ()))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])} API</title>'
        f"<style>{_STYLE}</style><h1>{escape(info['title'])} API {escape(info['version'])}</h1>"
        f"<p>{escape(info.get('description', ''))}</p>"
        f'<p>The same for machines: <a href="/api/v1/openapi.json">openapi.json</a>.</p>{sections}</html>'
    )


def _section(tag: str, schema: Mapping[str, Any]) -> str:
    routes = [
        _route(method, path, operation)
        for path, operations in sorted(schema["paths"].items())
        for method, operation in operations.items()
        if isinstance(operation, Mapping) and tag in operation.get("tags", ())
    ]
    return f"<h2>{escape(tag)}</h2>{''.join(routes)}" if routes else ""


def _route(method: str, path: str, operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code><td>{escape(each.get('description', ''))}"
        for each in operation.get("parameters", ())
    )
    answers = ", ".join(
        f"<code>{escape(status)}</code> {escape(each.get('description', ''))}"
        for status, each in sorted(operation.get("responses", {}).items())
    )
    return (
        f'<h3><span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code></h3>'
        f"<p>{escape(operation.get('description', ''))}</p>{_body(operation)}<table>{rows}</table>"
        f"<p>Answers: {answers}</p>"
    )


def _body(operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    names = [each.get("schema", {}).get("$ref", "").rpartition("/")[2] for each in content.values()]
    return "".join(f"<p>Body: <code>{escape(name)}</code></p>" for name in names if name)
