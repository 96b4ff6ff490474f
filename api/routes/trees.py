"""Many secrets at once: import, export, comparison, references, and what `trstctl-cli run` fetches."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml
from litestar import Response, get, post

from api.bodies import ImportBody, InjectionBody
from api.decoding import body_of, no_query, query_of
from api.differences import FolderDifference, VersionDifference, told_folders, told_versions
from api.dotenv import dotenv
from api.queries import ExportQuery, FolderDiffQuery, ReferencesQuery, VersionDiffQuery
from api.replies import answer, text_of
from api.requests import AnyRequest, call, rest, services
from api.routes.store import STORE
from domain.commands.transfer import Imported
from domain.errors import Invalid
from domain.plaintext import Plaintext
from domain.views import Use


class Exported(msgspec.Struct, frozen=True):
    """Values by path."""

    prefix: str
    values: dict[str, str]


class ReferenceList(msgspec.Struct, frozen=True):
    """What a secret's newest version refers to, and the living secrets that refer to it."""

    name: str
    uses: list[Use]
    used_by: list[str]


class Injection(msgspec.Struct, frozen=True):
    """Values by variable."""

    variables: dict[str, str]
    position: int


@post(f"{STORE}/import", operation_id="importSecrets", tags=["trees"])
async def take_in(request: AnyRequest) -> Response[Imported]:
    """Store every value as the first version of a free name, or none."""
    no_query(request)
    body = body_of(request, ImportBody)
    values = {path: Plaintext(bytearray(value.encode())) for path, value in body.values.items()}
    try:
        return answer(*await services(request).transfer.take_in(call(request, 201), body.prefix, values), status=201)
    finally:
        _wipe(values)


@get(f"{STORE}/export", operation_id="exportSecrets", tags=["trees"])
async def give_out(request: AnyRequest) -> Response[Any]:
    """Every value under `prefix`, as json, dotenv or yaml; each read is audited."""
    query = query_of(request, ExportQuery)
    done = await services(request).transfer.give_out(call(request), query.prefix, resolve=query.resolve)
    try:
        values = {path: _text(path, value) for path, value in done.result.items()}
    finally:
        _wipe(done.result)
    return _exported(query, values, done.position)


def _exported(query: ExportQuery, values: dict[str, str], position: int) -> Response[Any]:
    headers = {"x-trstctl-position": str(position)} if position else {}
    if query.format == "json":
        return answer(Exported(query.prefix, values), position)
    if query.format == "yaml":
        body = yaml.safe_dump(values, allow_unicode=True, sort_keys=True, default_flow_style=False)
        return Response(body, headers=headers, media_type="application/yaml")
    return Response(dotenv(values, query.prefix), headers=headers, media_type="text/plain")


def _text(path: str, value: Plaintext) -> str:
    text = text_of(value)
    if text is None:
        raise Invalid(f"{path!r} is not text, so it cannot be put in a file or a variable; read it by itself")
    return text


def _wipe(values: dict[str, Plaintext]) -> None:
    for value in values.values():
        value.wipe()


@get(f"{STORE}/diff", operation_id="diffFolders", tags=["trees"])
async def diff_folders(request: AnyRequest) -> Response[FolderDifference]:
    """Which names of two folders are missing, equal or different; values only with `reveal=true`."""
    query = query_of(request, FolderDiffQuery)
    done = await services(request).comparison.folders(call(request), query.left, query.right, reveal=query.reveal)
    return answer(told_folders(done.result), done.position)


@get(f"{STORE}/diff/{{path:path}}", operation_id="diffVersions", tags=["trees"])
async def diff_versions(request: AnyRequest) -> Response[VersionDifference]:
    """Whether versions `from` and `to` hold the same value; the values only with `reveal=true`."""
    query = query_of(request, VersionDiffQuery)
    path = rest(request, f"{STORE}/diff/")
    done = await services(request).comparison.versions(
        call(request), path, query.from_version, query.to_version, reveal=query.reveal
    )
    return answer(told_versions(done.result), done.position)


@get(f"{STORE}/references/{{path:path}}", operation_id="secretReferences", tags=["trees"])
async def references(request: AnyRequest) -> Response[ReferenceList]:
    """What the secret uses, and who uses it."""
    query = query_of(request, ReferencesQuery)
    path = rest(request, f"{STORE}/references/")
    uses = await services(request).resolution.references(call(request), path, query.limit)
    return answer(ReferenceList(path, *uses), 0)


@post("/api/v1/secrets/injections", operation_id="injectSecrets", tags=["trees"], status_code=200)
async def inject(request: AnyRequest) -> Response[Injection]:
    """All values that a process's environment is to be filled with, in one request."""
    no_query(request)
    body = body_of(request, InjectionBody)
    done = await services(request).resolution.inject(
        call(request), body.variables, prefix=body.prefix, upper=body.name_style == "upper", resolve=body.resolve
    )
    try:
        values = {name: _text(name, value) for name, value in done.result.items()}
    finally:
        _wipe(done.result)
    return answer(Injection(values, done.position), done.position)


ROUTES = [take_in, give_out, diff_folders, diff_versions, references, inject]
