"""JSON Schemas (draft 2020-12) of queries, bodies and answers, made from the structs that these are in the program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from api.fields import MEANINGS, MOMENTS, RULES
from api.queries import Query

Schema = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/{name}"


def schemas_of(kinds: Sequence[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """A schema for each kind, and the components that they refer to, with every member's meaning."""
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    for name, schema in components.items():
        _complete(name, schema)
    return list(schemas), components


def _complete(name: str, schema: Schema) -> None:
    schema.pop("title", None)
    if not schema.get("required"):
        schema.pop("required", None)
    schema.update(RULES.get(name, {}))
    for member, told in schema.get("properties", {}).items():
        meaning = MEANINGS.get(f"{name}.{member}") or MEANINGS.get(member)
        if "description" not in told and meaning:
            told["description"] = meaning
        told.update(RULES.get(f"{name}.{member}", {}))
        if member in MOMENTS:
            (told["anyOf"][0] if "anyOf" in told else told)["format"] = "date-time"


def parameters_of(query: type[Query]) -> list[Schema]:
    """The query's fields as OpenAPI parameters."""
    ((_,), components) = msgspec.json.schema_components([query], ref_template=_REFERENCE)
    described = components[query.__name__]
    return [_parameter(name, schema, described) for name, schema in described.get("properties", {}).items()]


def _parameter(name: str, schema: Schema, described: Schema) -> Schema:
    schema = _without_null(schema)
    description, examples = schema.pop("description", ""), schema.pop("examples", [None])
    required = name in described.get("required", ())
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": schema,
        "example": examples[0],
    }


def _without_null(schema: Schema) -> Schema:
    """A parameter is left out, it cannot be null."""
    if "anyOf" not in schema:
        return schema
    plain: Schema
    (plain,) = (each for each in schema["anyOf"] if each.get("type") != "null")
    return plain | {name: told for name, told in schema.items() if name not in {"anyOf", "default"}}
