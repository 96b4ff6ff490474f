"""The OpenAPI description as one page of plain HTML: nothing is loaded, no script runs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape

from api import outline
from api.outline import Document, Failure, Row
from api.page_style import STYLE


def openapi_page(document: Document) -> str:
    """A page with every route: its parameters, its body and answers with members and examples, and its errors."""
    info = document["info"]
    title = f"{escape(info['title'])} API {escape(info['version'])}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f'<body><div class="page">{_contents(document)}<main><h1>{title}</h1><p>{_prose(info["summary"])}</p>'
        f"<p>{_prose(info['description'])}</p>"
        f'<p>The same for machines: <a href="/api/v1/openapi.json">openapi.json</a>.</p>'
        f"{''.join(_chapter(document, tag) for tag in document['tags'])}</main></div></body></html>"
    )


def _prose(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _contents(document: Document) -> str:
    def entries(tag: str) -> str:
        return "".join(
            f'<li><a href="#{operation["operationId"]}">{_prose(operation["summary"])}</a>'
            for _, _, operation in outline.operations(document, tag)
        )

    groups = (f'<a href="#{tag["name"]}">{tag["name"]}</a><ul>{entries(tag["name"])}</ul>' for tag in document["tags"])
    return f"<nav>{''.join(groups)}</nav>"


def _chapter(document: Document, tag: Document) -> str:
    name = tag["name"]
    routes = (_route(document, *each) for each in outline.operations(document, name))
    return f'<h2 id="{name}">{escape(name)}</h2><p class="soft">{_prose(tag["description"])}</p>{"".join(routes)}'


def _route(document: Document, method: str, path: str, operation: Document) -> str:
    name = operation["operationId"]
    public = '<p class="soft">No token is needed.</p>' if operation.get("security") == [] else ""
    title = f'<h3><a href="#{name}">{_prose(operation["summary"])}</a></h3>'
    line = f'<p class="line"><b>{method}</b> <code>{escape(path)}</code></p>'
    return (
        f'<section id="{name}">{title}{line}'
        f"<p>{_prose(operation['description'])}</p>{public}{_parameters(operation)}{_body(document, operation)}"
        f"{_answers(document, operation)}{_failures(outline.failures(document, operation))}</section>"
    )


def _parameters(operation: Document) -> str:
    rows = outline.parameters(operation)
    return f"<h4>Parameters</h4>{_table(rows)}" if rows else ""


def _table(rows: Sequence[Row]) -> str:
    lines = "".join(
        f"<tr><td><code>{escape(row.name)}</code>{' *' if row.needed else ''}"
        f"<td>{escape(row.form)}{_place(row.place)}<td>{_prose(row.meaning)}{_such_as(row.example)}"
        for row in rows
    )
    return f'<div class="wide"><table><tr><th>Name (* is required)<th>Form<th>Meaning{lines}</table></div>'


def _place(place: str) -> str:
    return f'<br><span class="soft">in the {place}</span>' if place in {"path", "header"} else ""


def _such_as(example: str) -> str:
    return f" Such as <code>{escape(example)}</code>." if example else ""


def _body(document: Document, operation: Document) -> str:
    if "requestBody" not in operation:
        return ""
    content = operation["requestBody"]["content"]["application/json"]
    rows = outline.members(document, content["schema"])
    return f"<h4>Body</h4>{_table(rows)}{_examples(content)}"


def _answers(document: Document, operation: Document) -> str:
    told = []
    for status, reference in operation["responses"].items():
        response = outline.resolved(document, reference)
        contents = {kind: each for kind, each in response.get("content", {}).items() if "problem" not in kind}
        if not contents and "content" in response:
            continue
        told.append(f"<h4>{status}</h4><p>{_prose(response['description'])}</p>")
        told += [_answer(document, kind, content) for kind, content in contents.items()]
    return "".join(told)


def _answer(document: Document, kind: str, content: Document) -> str:
    rows = outline.members(document, content["schema"])
    table = f"<details><summary>Members</summary>{_table(rows)}</details>" if rows else ""
    return f'<p class="soft">{escape(kind)}</p>{table}{_examples(content)}'


def _examples(content: Document) -> str:
    return "".join(
        f"<details><summary>Example: {escape(name)}</summary><pre>{escape(_shown(each['value']))}</pre></details>"
        for name, each in content["examples"].items()
    )


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _failures(failures: Sequence[Failure]) -> str:
    if not failures:
        return ""
    lines = "".join(
        f"<tr><td>{each.status}<td><code>{escape(each.code)}</code><td>{_prose(each.meaning)}"
        f"<br>Such as: <span class=soft>{escape(each.example['detail'])}</span>"
        for each in failures
    )
    return (
        f'<details><summary>Errors</summary><div class="wide"><table><tr><th>Status<th>Code<th>Meaning{lines}'
        "</table></div></details>"
    )
