"""The description as rows of text, for pages: what a schema says of a member, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Document = Mapping[str, Any]


class Row(NamedTuple):
    """A parameter or a member: how it is called, where it stands, what it may be, what it means."""

    name: str
    place: str
    form: str
    needed: bool
    meaning: str
    example: str = ""


class Failure(NamedTuple):
    """An error that an operation may answer with."""

    status: str
    code: str
    meaning: str
    example: Any


def operations(document: Document, tag: str) -> Iterator[tuple[str, str, Document]]:
    """Method, path and operation of each route under `tag`, in order of paths."""
    for path, methods in sorted(document["paths"].items()):
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield method.upper(), path, operation


def resolved(document: Document, told: Document) -> Document:
    """What a reference leads to, or `told` itself."""
    if "$ref" not in told:
        return told
    found: Any = document
    for step in told["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(document, found)


def parameters(operation: Document) -> list[Row]:
    """The operation's parameters."""
    return [
        Row(
            each["name"],
            each["in"],
            form(each["schema"]),
            each["required"],
            each["description"],
            _text(each["example"]),
        )
        for each in operation["parameters"]
    ]


def members(document: Document, schema: Document) -> list[Row]:
    """The members of an object, or of each object that it may be; none if it is none."""
    if "anyOf" in schema:
        return [row for each in schema["anyOf"] for row in members(document, each)]
    told = resolved(document, schema)
    needed = told.get("required", ())
    return [
        Row(name, "body", form(each), name in needed, each.get("description", ""))
        for name, each in told.get("properties", {}).items()
    ]


def failures(document: Document, operation: Document) -> list[Failure]:
    """Every error that the operation may answer with, by status and code."""
    return [
        Failure(status, code, example["summary"], example["value"])
        for status, response in operation["responses"].items()
        for content in [resolved(document, response).get("content", {}).get("application/problem+json", {})]
        for code, reference in content.get("examples", {}).items()
        for example in [resolved(document, reference)]
    ]


def form(schema: Document) -> str:
    """What a value may be, in words: `integer 1 to 1000, default 100`."""
    if "anyOf" in schema:
        return " or ".join(form(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return _with_default(" or ".join(map(str, schema["enum"])), schema)
    return _with_default(_base(schema) + _bounds(schema), schema)


def _base(schema: Document) -> str:
    kind = str(schema.get("format") or schema.get("type") or "any")
    if kind == "array":
        return f"list of {_inner(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"map to {_inner(schema['additionalProperties'])}"
    return "base64" if schema.get("contentEncoding") == "base64" else kind


def _inner(schema: Document) -> str:
    text = form(schema)
    return f"({text})" if " " in text else text


def _bounds(schema: Document) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None:
        return f" {low} to {high}" if high is not None else f" from {low}"
    if schema.get("maxLength") == 1:
        return ", at most 1 character"
    units = {"maxLength": "characters", "maxItems": "entries", "maxProperties": "members"}
    return "".join(f", at most {schema[bound]} {unit}" for bound, unit in units.items() if bound in schema)


def _with_default(text: str, schema: Document) -> str:
    default = schema.get("default")
    return f"{text}, default {_text(default)}" if default not in (None, "", {}) else text


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
