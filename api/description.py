"""The API's description in OpenAPI 3.1, made from the routes and from the table of their operations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler

from api.edge import OPEN, PUBLIC
from api.examples import ANSWERS, BODIES
from api.failures import Problem, failure_examples, failure_responses, failures_of
from api.operation_kinds import JSON, Answer, Operation
from api.operations import OPERATIONS
from api.pages import openapi_page
from api.parameters import HEADERS, PATH_PARAMETERS, REQUEST_HEADERS
from api.schemas import parameters_of, schemas_of

Document = dict[str, Any]

VERSION: Final = "0.1.0"

_INFO: Final = {
    "title": "trstctl",
    "version": VERSION,
    "summary": "An application-secrets manager whose every fact is an event in one provable log.",
    "description": (
        "Send a token as `Authorization: Bearer trst_…`. Bodies are JSON; unknown members and unknown parameters are "
        "refused. Errors are problem+json (RFC 9457) with a stable `code`. No answer may be cached. Where a value was "
        "read or something changed, `X-Trstctl-Position` tells the position in the log of the event that says so."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_TAGS: Final = {
    "store": "One secret at a time, and the list of names.",
    "versions": "What a secret was before: history, recovery, undelete, destruction.",
    "trees": "Many secrets at once, and the references between them.",
    "leases": "Credentials that end by themselves: issued at a backend, renewed, revoked, compared with what is there.",
    "shares": "Values that somebody else may see by a link, so many times, and then never again.",
    "transit": "Encryption, signatures and HMACs by keys that stay here.",
    "rotations": "Standing accounts behind stored secrets, replaced now or by schedule, or left as they were.",
    "providers": "The backends that credentials are made in, and what may be asked of them.",
    "approvals": "Changes and reads that need others to approve them first.",
    "access": "API tokens, and who one is.",
    "audit": "The log: search, export, verification, checkpoints.",
    "operations": "For whoever operates the server. No token is needed.",
}
_MAY_BE_EMPTY: Final = frozenset({"revokeToken", "configureTransitKey"})
"""Operations whose body may be left out, for no member of it is needed."""
_CONVERTER = re.compile(r":[a-z]+}")


class Description:
    """The description as a document, as JSON and as a page; each made when it is first asked for."""

    def __init__(self, handlers: Sequence[HTTPRouteHandler]) -> None:
        self._handlers = handlers

    @cached_property
    def document(self) -> Document:
        """The document; see https://spec.openapis.org/oas/v3.1.1.html."""
        kinds = _kinds()
        schemas, components = schemas_of(list(kinds.values()))
        told = dict(zip(kinds, schemas, strict=True))
        return {
            "openapi": "3.1.0",
            "info": _INFO,
            "servers": [{"url": "/"}],
            "security": [{"token": []}],
            "tags": [{"name": name, "description": description} for name, description in _TAGS.items()],
            "paths": self._paths(told),
            "components": {
                "schemas": components,
                "responses": failure_responses(operation.errors for operation in OPERATIONS.values()),
                "examples": failure_examples(),
                "headers": HEADERS,
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "An API token."}},
            },
        }

    @cached_property
    def json(self) -> bytes:
        """The document as JSON."""
        return msgspec.json.encode(self.document)

    @cached_property
    def page(self) -> bytes:
        """The document as a page of HTML."""
        return openapi_page(self.document).encode()

    def _paths(self, schemas: Mapping[str, Document]) -> Document:
        paths: Document = {}
        for handler in self._handlers:
            (path,), (method,) = handler.paths, handler.http_methods
            address = _CONVERTER.sub("}", path)
            paths.setdefault(address, {})[str(method).lower()] = _described(handler, address, schemas)
        return paths


def _kinds() -> dict[str, Any]:
    answers = [kind for operation in OPERATIONS.values() for each in operation.answers for kind in each.kinds]
    bodies = [operation.body for operation in OPERATIONS.values() if operation.body]
    return {repr(kind): kind for kind in (*answers, *bodies, Problem)}


def _described(handler: HTTPRouteHandler, address: str, schemas: Mapping[str, Document]) -> Document:
    name = str(handler.operation_id)
    operation = OPERATIONS[name]
    text = " ".join((handler.fn.__doc__ or "").split())
    told: Document = {
        "operationId": name,
        "tags": list(handler.tags or ()),
        "summary": _title(name),
        "description": text,
        "parameters": _parameters(handler, address, operation),
        "responses": {**_answers(name, operation, schemas), **failures_of(operation.errors)},
    }
    if operation.body:
        told["requestBody"] = _body(name, operation, schemas)
    if address in PUBLIC:
        told["security"] = []
    if address in OPEN:
        told["security"] = [{}, {"token": []}]
    return told


def _title(name: str) -> str:
    words = re.findall(r"[A-Z]?[a-z]+|I", name)
    return " ".join([words[0].capitalize(), *(word if word == "I" else word.lower() for word in words[1:])])


def _parameters(handler: HTTPRouteHandler, address: str, operation: Operation) -> list[Document]:
    in_path = [PATH_PARAMETERS[name] for name in re.findall(r"{(\w+)}", address)]
    changing = not handler.http_methods & {"GET"}
    headers = [*operation.headers, *(["Idempotency-Key"] if changing else [])]
    in_query = parameters_of(operation.query) if operation.query else []
    return [*in_path, *in_query, *(REQUEST_HEADERS[name] for name in headers)]


def _body(name: str, operation: Operation, schemas: Mapping[str, Document]) -> Document:
    needed = name not in _MAY_BE_EMPTY
    content = _content(schemas[repr(operation.body)], BODIES[name])
    for example in content["examples"].values():  # what is left out says more than what is null
        example["value"] = {member: value for member, value in example["value"].items() if value is not None}
    return {"required": needed, "content": {JSON: content}}


def _answers(name: str, operation: Operation, schemas: Mapping[str, Document]) -> Document:
    responses: Document = {}
    for answer in operation.answers:
        response = responses.setdefault(str(answer.status), _response(answer))
        if answer.kinds:
            schema = _any_of([schemas[repr(kind)] for kind in answer.kinds])
            content = _content(schema, _examples(name, operation, answer))
            response.setdefault("content", {})[answer.media_type] = content
    return responses


def _response(answer: Answer) -> Document:
    headers = ["X-Request-Id", "X-Trstctl-Position"]
    docs = [" ".join(kind.__doc__.split()) for kind in answer.kinds if hasattr(kind, "__struct_fields__")]
    return {
        "description": " Or: ".join(docs) or ("The answer as a whole." if answer.kinds else "Done; nothing is told."),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
    }


def _any_of(schemas: Sequence[Document]) -> Document:
    return schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}


def _examples(name: str, operation: Operation, answer: Answer) -> Mapping[str, object]:
    first = operation.answers[0]
    if answer.status != first.status:
        return ANSWERS[f"{name} {answer.status}"]
    return ANSWERS[name if answer.media_type == first.media_type else f"{name} {answer.media_type}"]


def _content(schema: Document, examples: Mapping[str, object]) -> Document:
    told = {name: {"value": msgspec.to_builtins(value)} for name, value in examples.items()}
    return {"schema": schema, "examples": told}
