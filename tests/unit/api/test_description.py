"""The description is whole and true: of every operation all that its handler reads, answers and may refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from litestar.handlers import HTTPRouteHandler

from api.app import ROUTES
from api.description import Description
from api.edge import PUBLIC
from api.operation_kinds import ASKED
from api.operations import OPERATIONS
from api.problems import STATUS, status_of
from api.queries import Query
from domain import errors
from domain.token_text import well_formed

HANDLERS = {str(handler.operation_id): handler for handler in ROUTES}
DOCUMENT: dict[str, Any] = json.loads(Description(ROUTES).json)
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def described() -> dict[str, tuple[str, dict[str, Any]]]:
    """Path and operation, by operation id."""
    return {
        operation["operationId"]: (path, operation)
        for path, methods in DOCUMENT["paths"].items()
        for operation in methods.values()
    }


OPERATION_IDS = sorted(described())


def resolved(told: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in told:
        found: Any = DOCUMENT
        for step in told["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        told = found
    return told


def reached(function: Any, met: set[str] | None = None) -> Iterator[Any]:
    """Every global that a handler's code names, and that the functions of its own module name which it calls."""
    met = set() if met is None else met
    for name in names_in(function.__code__):
        found = function.__globals__.get(name)
        if name in met or found is None:
            continue
        met.add(name)
        yield found
        if isinstance(found, FunctionType) and found.__module__ == function.__module__:
            yield from reached(found, met)


def names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_in(constant)


def contents(operation: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each schema that the operation speaks of, with its examples."""
    told = [operation["requestBody"]] if "requestBody" in operation else []
    for each in (*told, *(resolved(response) for response in operation["responses"].values())):
        for content in each.get("content", {}).values():
            examples = {name: resolved(example)["value"] for name, example in content["examples"].items()}
            yield content["schema"], examples


def errors_in_examples(schema: dict[str, Any], example: object) -> list[str]:
    whole = {"$schema": DIALECT, "components": DOCUMENT["components"], **schema}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [str(error) for error in validator.iter_errors(example)]


def test_document_is_openapi() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_every_schema_is_a_json_schema() -> None:
    schemas = [*DOCUMENT["components"]["schemas"].values()]
    schemas += [each["schema"] for _, operation in described().values() for each in operation["parameters"]]
    assert [schema for schema in schemas if not jsonschema_rs.meta.is_valid({"$schema": DIALECT, **schema})] == []


def test_every_route_is_described_once() -> None:
    assert OPERATION_IDS == sorted(HANDLERS) == sorted(OPERATIONS)
    assert len(HANDLERS) == len(ROUTES)


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_parameters_are_those_that_the_handler_reads(name: str) -> None:
    read = {each for each in reached(HANDLERS[name].fn) if isinstance(each, type) and issubclass(each, Query)}
    if any(getattr(each, "__name__", "") == "no_query" for each in reached(HANDLERS[name].fn)):
        read.add(next(kind for kind in Query.__subclasses__() if not msgspec.structs.fields(kind)))
    wanted = OPERATIONS[name].query
    assert read == ({wanted} if wanted else set())
    told = {each["name"] for each in described()[name][1]["parameters"] if each["in"] == "query"}
    assert told == {field.encode_name for kind in read for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_body_is_the_one_that_the_handler_decodes(name: str) -> None:
    globals_read = list(reached(HANDLERS[name].fn))
    decodes = any(getattr(each, "__name__", "") == "body_of" for each in globals_read)
    body = OPERATIONS[name].body
    assert decodes == (body is not None) == ("requestBody" in described()[name][1])
    assert body is None or body in globals_read


def test_query_strings_headers_and_bodies_are_read_nowhere_else(root: Path) -> None:
    allowed = {
        "query_params": set[str](),
        "query_string": {"decoding.py", "edge.py"},
        "header_of(": {"requests.py", "decoding.py", "store.py"},
        "request.headers": set[str](),
        '["body"]': {"decoding.py"},
        "request.body()": set[str](),
        "request.json()": set[str](),
    }
    vault = root / "api" / "vault"  # described by its own table, docs/reference/vault-routes.md
    files = [path for path in (root / "api").rglob("*.py") if vault not in path.parents]
    found = {text: {path.name for path in files if text in path.read_text()} for text in allowed}
    assert found == allowed


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_every_parameter_has_a_meaning_a_form_and_an_example_of_it(name: str) -> None:
    for parameter in described()[name][1]["parameters"]:
        assert parameter["description"], parameter["name"]
        assert errors_in_examples(parameter["schema"], parameter["example"]) == []
        if parameter["in"] == "path":
            assert f"{{{parameter['name']}}}" in described()[name][0]


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_bodies_and_answers_have_examples_that_fit(name: str) -> None:
    for schema, examples in contents(described()[name][1]):
        assert examples
        assert [error for example in examples.values() for error in errors_in_examples(schema, example)] == []


def test_every_member_has_a_meaning() -> None:
    bare = [
        f"{name}.{member}"
        for name, schema in DOCUMENT["components"]["schemas"].items()
        for member, told in schema["properties"].items()
        if not told.get("description")
    ]
    assert bare == []


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_every_error_is_told_with_its_status_and_an_example(name: str) -> None:
    told = {
        (int(status), code)
        for status, response in described()[name][1]["responses"].items()
        for code in resolved(response).get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    assert told == {(status_of(kind("", **ARGUMENTS.get(kind, {}))), kind.code) for kind in OPERATIONS[name].errors}


ARGUMENTS: dict[type[errors.TrstctlError], dict[str, Any]] = {
    errors.AlreadyExists: {"paths": []},
    errors.ReferenceCycle: {"cycle": []},
    errors.CheckAndSetFailed: {"current": 1},
    errors.TooManyRequests: {"retry_after": 1},
    errors.PassphraseWrong: {"tries_left": 1},
}


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_what_the_edge_refuses_is_told_of_every_route_behind_it(name: str) -> None:
    path, operation = described()[name]
    public = path in PUBLIC
    assert (operation.get("security") == []) == public
    assert public or set(ASKED) <= set(OPERATIONS[name].errors)
    assert path.startswith(("/api/v1/secrets/", "/api/v1/transit/")) == (errors.Disabled in OPERATIONS[name].errors)
    decodes, changes = OPERATIONS[name].body is not None, HANDLERS[name].http_methods != {"GET"}
    assert decodes == (errors.UnsupportedMediaType in OPERATIONS[name].errors)
    assert changes == (errors.IdempotencyMismatch in OPERATIONS[name].errors)
    assert changes == any(each["name"] == "Idempotency-Key" for each in operation["parameters"])


def test_every_status_of_the_table_of_problems_is_told_somewhere() -> None:
    told = {int(status) for _, operation in described().values() for status in operation["responses"]}
    assert set(STATUS.values()) - told == {500}


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_the_status_of_success_is_the_handlers(name: str) -> None:
    handler: HTTPRouteHandler = HANDLERS[name]
    first = OPERATIONS[name].answers[0].status
    # A handler that answers 201 says so to `answer`; Litestar's own status is for those that return a body as it is.
    assert first == handler.status_code


def test_examples_hold_no_token_that_could_be_good() -> None:
    told = [word for word in Description(ROUTES).json.decode().split('"') if word.startswith("trst_")]
    assert told
    assert not any(well_formed(word) for word in told)
