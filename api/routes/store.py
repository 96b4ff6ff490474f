"""/api/v1/secrets/store: one secret at a time, and the list of names."""

from __future__ import annotations

from typing import Final

from litestar import Response, delete, get, post, put

from api.bodies import ValueBody, new_value
from api.replies import SecretValue, answer, shown
from api.requests import AnyRequest, call, flag, integer, rest, services
from domain.commands.reading import Page
from domain.errors import CheckAndSetFailed, Invalid
from domain.results import SecretMeta

STORE: Final = "/api/v1/secrets/store"
_PATH: Final = f"{STORE}/{{path:path}}"


async def _create(request: AnyRequest, data: ValueBody, path: str) -> Response[SecretMeta]:
    value = new_value(data)
    with value.plaintext:
        done = await services(request).secrets.create(call(request, 201), path, value)
    return answer(*done, status=201)


@post(STORE, operation_id="createSecretByName", tags=["store"])
async def create_by_name(request: AnyRequest, data: ValueBody) -> Response[SecretMeta]:
    """Store a first value under the name in the body."""
    if not isinstance(data.name, str):
        raise Invalid("name is missing; or POST to the secret's own path")
    return await _create(request, data, data.name)


@post(_PATH, operation_id="createSecret", tags=["store"])
async def create(request: AnyRequest, data: ValueBody) -> Response[SecretMeta]:
    """Store a first value under the name in the path; a name in the body must be the same."""
    path = rest(request, f"{STORE}/")
    if isinstance(data.name, str) and data.name != path:
        raise Invalid(f"the body names {data.name!r} and the path {path!r}; name the same secret, or leave out the body's")
    return await _create(request, data, path)


@get(STORE, operation_id="listSecrets", tags=["store"])
async def names(request: AnyRequest) -> Response[Page]:
    """Names in byte order, never values. `delimiter=/` shows folders as one entry each."""
    query = request.query_params
    delimiter = query.get("delimiter", "")
    if len(delimiter) > 1:
        raise Invalid("delimiter is one character, most often /")
    limit = integer(request, "limit", default=100, low=1, high=1000)
    page = await services(request).reads.names(
        call(request),
        query.get("prefix", ""),
        delimiter,
        query.get("cursor", ""),
        limit or 100,
        live=not flag(request, "deleted"),
    )
    return answer(page, 0)


@get(_PATH, operation_id="readSecret", tags=["store"])
async def read(request: AnyRequest) -> Response[SecretValue]:
    """The newest version, or `version=N`; with `resolve=true` its references are expanded."""
    path = rest(request, f"{STORE}/")
    number = integer(request, "version", default=None, low=1, high=10**12)
    if flag(request, "resolve"):
        done = await services(request).resolution.resolve(call(request), path, number)
    else:
        done = await services(request).reads.get(call(request), path, number)
    return answer(shown(done.result), done.position)


@put(_PATH, operation_id="rotateSecret", tags=["store"])
async def rotate(request: AnyRequest, data: ValueBody) -> Response[SecretMeta]:
    """Store the next version; with `cas` or `If-Match` only if the current one is as named."""
    value = new_value(data)
    with value.plaintext:
        done = await services(request).secrets.rotate(call(request), rest(request, f"{STORE}/"), value, _cas(request, data))
    return answer(*done)


def _cas(request: AnyRequest, data: ValueBody) -> int | None:
    matched = request.headers.get("if-match")
    if matched is None:
        return data.cas if isinstance(data.cas, int) else None
    text = matched.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid('If-Match names a version, such as If-Match: "3"')
    if isinstance(data.cas, int) and data.cas != int(text):
        raise CheckAndSetFailed("If-Match and cas name different versions", current=data.cas)
    return int(text)


@delete(_PATH, operation_id="deleteSecret", tags=["store"], status_code=204)
async def remove(request: AnyRequest) -> Response[None]:
    """Stop answering for the name; its versions stay and can be restored."""
    done = await services(request).secrets.delete(call(request, 204), rest(request, f"{STORE}/"))
    return Response(None, status_code=204, headers={"x-trstctl-position": str(done.position)})


ROUTES = [create_by_name, create, names, read, rotate, remove]
