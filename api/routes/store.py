"""/api/v1/secrets/store: one secret at a time, and the list of names."""

from __future__ import annotations

import re
from typing import Final

from litestar import Response, delete, get, post, put

from api.bodies import NamedValueBody, RotateBody, ValueBody, new_value
from api.decoding import body_of, no_query, query_of
from api.queries import NamesQuery, ReadQuery
from api.replies import SecretValue, answer, shown
from api.requests import AnyRequest, call, header_of, rest, services
from domain.commands.reading import Page
from domain.errors import Invalid
from domain.results import SecretMeta

STORE: Final = "/api/v1/secrets/store"
_PATH: Final = f"{STORE}/{{path:path}}"
_VERSION_TAG = re.compile(r'"([0-9]{1,12})"\Z|([0-9]{1,12})\Z')


async def _create(request: AnyRequest, body: ValueBody, path: str) -> Response[SecretMeta]:
    value = new_value(body)
    with value.plaintext:
        done = await services(request).secrets.create(call(request, 201), path, value)
    return answer(*done, status=201)


@post(STORE, operation_id="createSecretByName", tags=["store"])
async def create_by_name(request: AnyRequest) -> Response[SecretMeta]:
    """Store a first value under the name in the body."""
    no_query(request)
    body = body_of(request, NamedValueBody)
    return await _create(request, body, body.name)


@post(_PATH, operation_id="createSecret", tags=["store"])
async def create(request: AnyRequest) -> Response[SecretMeta]:
    """Store a first value under the name in the path; a name in the body must be the same."""
    no_query(request)
    body = body_of(request, ValueBody)
    return await _create(request, body, _path(request, body))


def _path(request: AnyRequest, body: ValueBody) -> str:
    path = rest(request, f"{STORE}/")
    if isinstance(body.name, str) and body.name != path:
        raise Invalid(
            f"the body names {body.name!r} and the path {path!r}; name the same secret, or leave out the body's"
        )
    return path


@get(STORE, operation_id="listSecrets", tags=["store"])
async def names(request: AnyRequest) -> Response[Page]:
    """Names in byte order, never values. `delimiter=/` shows folders as one entry each."""
    query = query_of(request, NamesQuery)
    page = await services(request).reads.names(
        call(request), query.prefix, query.delimiter, query.cursor, query.limit, live=not query.deleted
    )
    return answer(page, 0)


@get(_PATH, operation_id="readSecret", tags=["store"])
async def read(request: AnyRequest) -> Response[SecretValue]:
    """The newest version, or `version=N`; with `resolve=true` its references are expanded."""
    query = query_of(request, ReadQuery)
    path = rest(request, f"{STORE}/")
    if query.resolve:
        done = await services(request).resolution.resolve(call(request), path, query.version)
    else:
        done = await services(request).reads.get(call(request), path, query.version)
    return answer(shown(done.result), done.position)


@put(_PATH, operation_id="rotateSecret", tags=["store"])
async def rotate(request: AnyRequest) -> Response[SecretMeta]:
    """Store the next version; with `cas` or `If-Match` only if the current one is as named."""
    no_query(request)
    body = body_of(request, RotateBody)
    path, cas, value = _path(request, body), _cas(request, body), new_value(body)
    with value.plaintext:
        done = await services(request).secrets.rotate(call(request), path, value, cas)
    return answer(*done)


def _cas(request: AnyRequest, body: RotateBody) -> int | None:
    cas = body.cas if isinstance(body.cas, int) else None
    tag = header_of(request, b"if-match")
    if tag is None:
        return cas
    match = _VERSION_TAG.match(tag.strip())
    if match is None:
        raise Invalid('If-Match names a version, such as If-Match: "3"')
    named = int(match[1] or match[2])
    if cas not in {None, named}:
        raise Invalid(f"If-Match names version {named} and cas version {cas}; give one of them")
    return named


@delete(_PATH, operation_id="deleteSecret", tags=["store"], status_code=204)
async def remove(request: AnyRequest) -> Response[None]:
    """Stop answering for the name; its versions stay and can be restored."""
    no_query(request)
    done = await services(request).secrets.delete(call(request, 204), rest(request, f"{STORE}/"))
    return Response(None, status_code=204, headers={"x-trstctl-position": str(done.position)})


ROUTES = [create_by_name, create, names, read, rotate, remove]
