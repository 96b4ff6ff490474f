"""Writes `api.md` beside this file, from the description that the server gives of itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).with_name("api.md")
sys.path.insert(0, str(PAGE.parents[2]))

from api import outline  # noqa: E402 - found by the line above
from api.app import ROUTES  # noqa: E402 - as above
from api.description import Description  # noqa: E402 - as above

Document = Mapping[str, Any]

HEAD: Final = """# REST API

This page is made by `make docs` from the routes and `api/operations.py`; change it there. A running server shows the
same at `/api/v1/docs`, and for machines, in OpenAPI 3.1, at `/api/v1/openapi.json`.

- Send a token as `Authorization: Bearer trst_…`. What needs none says so below.
- Bodies are JSON in UTF-8, sent as `application/json`. A member or a parameter that is unknown or stands twice is
  refused.
- A secret's path has segments of `A-Z a-z 0-9 _ . ~ + = : , -`, joined by `/`; the slashes may be percent-encoded. A
  path cannot begin with a word that is a route (`history`, `import`, …), nor have a segment `.` or `..`.
- Errors are problem+json (RFC 9457). Programs go by `code`, which does not change; `detail` is for people.
- Every answer carries `X-Request-Id`. Where a value was read or something changed, `X-Trstctl-Position` tells the
  position in the log of the event that says so.
- A path that is here with other methods answers 405 and names them; OPTIONS names them as well.
"""


def page() -> str:
    """The whole page."""
    document = Description(ROUTES).document
    return "\n".join([HEAD, *_contents(document), *_chapters(document), *_errors(document)])


def _contents(document: Document) -> Iterator[str]:
    yield "| operation | | needs a token |\n|---|---|---|"
    for tag in document["tags"]:
        for method, path, operation in outline.operations(document, tag["name"]):
            title = operation["summary"]
            needs = {0: "no", 1: "yes", 2: "if wanted"}[len(operation.get("security", [{}]))]
            yield f"| [{title}](#{title.lower().replace(' ', '-')}) | `{method} {path}` | {needs} |"
    yield ""


def _chapters(document: Document) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"## {tag['name'].capitalize()}\n\n{tag['description']}\n"
        for method, path, operation in outline.operations(document, tag["name"]):
            yield f"### {operation['summary']}\n\n`{method} {path}`\n\n{operation['description']}\n"
            yield from _rows("parameter", outline.parameters(operation))
            yield from _body(document, operation)
            yield from _answers(document, operation)
            yield from _failures(document, operation)


def _rows(title: str, rows: Sequence[outline.Row]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {title} | form | meaning |\n|---|---|---|"
    for row in rows:
        needed = ", required" if row.needed else ""
        place = f", in the {row.place}" if row.place in {"path", "header"} else ""
        example = f" Such as `{row.example}`." if row.example else ""
        yield f"| `{row.name}` | {row.form}{place}{needed} | {row.meaning}{example} |"
    yield ""


def _body(document: Document, operation: Document) -> Iterator[str]:
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        yield from _rows("member of the body", outline.members(document, content["schema"]))
        yield from _examples("Body", content)


def _answers(document: Document, operation: Document) -> Iterator[str]:
    for status, told in operation["responses"].items():
        response = outline.resolved(document, told)
        contents = {kind: each for kind, each in response.get("content", {}).items() if "problem" not in kind}
        if "content" not in response:
            yield f"Answer {status}, without a body.\n"
        for kind, content in contents.items():
            yield from _rows(f"member of the answer {status}", outline.members(document, content["schema"]))
            yield from _examples(f"Answer {status}, `{kind}`", content)


def _examples(title: str, content: Document) -> Iterator[str]:
    for name, example in content["examples"].items():
        value = example["value"]
        is_text = isinstance(value, str)
        text = value.rstrip("\n") if is_text else json.dumps(value, indent=2, ensure_ascii=False)
        yield f"{title} ({name}):\n\n```{'text' if is_text else 'json'}\n{text}\n```\n"


def _failures(document: Document, operation: Document) -> Iterator[str]:
    by_status: dict[str, list[str]] = {}
    for each in outline.failures(document, operation):
        by_status.setdefault(each.status, []).append(f"`{each.code}`")
    if by_status:
        told = "; ".join(f"{status} {', '.join(codes)}" for status, codes in by_status.items())
        yield f"Errors: {told}.\n"


def _errors(document: Document) -> Iterator[str]:
    yield "## Errors\n\n| code | status | meaning | such as |\n|---|---|---|---|"
    examples = document["components"]["examples"].items()
    for code, example in sorted(examples, key=lambda each: (each[1]["value"]["status"], each[0])):
        value = example["value"]
        yield f"| `{code}` | {value['status']} | {example['summary']} | {value['detail']} |"
    yield "\nThe whole of one:\n\n```json"
    yield json.dumps(document["components"]["examples"]["already-exists"]["value"], indent=2) + "\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
