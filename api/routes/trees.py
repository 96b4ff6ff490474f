"""Many secrets at once: import, export, comparison, references, and what `trstctl-cli run` fetches."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml
from litestar import Response, get, post

from api.bodies import ImportBody, InjectionBody
from api.dotenv import dotenv
from api.replies import answer, text_of
from api.requests import AnyRequest, call, flag, integer, rest, services
from api.routes.store import STORE
from domain.commands.comparing import FolderDiff
from domain.commands.transfer import Imported
from domain.errors import Invalid
from domain.plaintext import Plaintext
from domain.views import Use


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
async def take_in(request: AnyRequest, data: ImportBody) -> Response[Imported]:
    """Store every value as a version 1, or none."""
    values = {path: Plaintext(bytearray(value.encode())) for path, value in data.values.items()}
    try:
        return answer(*await services(request).transfer.take_in(call(request, 201), data.prefix, values), status=201)
    finally:
        _wipe(values)


@get(f"{STORE}/export", operation_id="exportSecrets", tags=["trees"])
async def give_out(request: AnyRequest) -> Response[Any]:
    """Every value under `prefix`, as json, dotenv or yaml; each read is audited."""
    form = request.query_params.get("format", "json")
    if form not in {"json", "dotenv", "yaml"}:
        raise Invalid("format is json, dotenv or yaml")
    prefix = request.query_params.get("prefix", "")
    done = await services(request).transfer.give_out(call(request), prefix, resolve=flag(request, "resolve"))
    try:
        return _exported(form, {path: _text(path, value) for path, value in done.result.items()}, prefix, done.position)
    finally:
        _wipe(done.result)


def _exported(form: str, values: dict[str, str], prefix: str, position: int) -> Response[Any]:
    headers = {"x-trstctl-position": str(position)}
    if form == "json":
        return Response({"prefix": prefix, "values": values}, headers=headers, media_type="application/json")
    if form == "yaml":
        body = yaml.safe_dump(values, allow_unicode=True, sort_keys=True, default_flow_style=False)
        return Response(body, headers=headers, media_type="application/yaml")
    return Response(dotenv(values, prefix), headers=headers, media_type="text/plain")


def _text(path: str, value: Plaintext) -> str:
    text = text_of(value)
    if text is None:
        raise Invalid(f"{path!r} is not text, so it cannot be put in a file or a variable; read it by itself")
    return text


def _wipe(values: dict[str, Plaintext]) -> None:
    for value in values.values():
        value.wipe()


@get(f"{STORE}/diff", operation_id="diffFolders", tags=["trees"])
async def diff_folders(request: AnyRequest) -> Response[Any]:
    """Which names of two folders are missing, equal or different; values only with `reveal=true`."""
    left, right = request.query_params.get("left", ""), request.query_params.get("right", "")
    if not left or not right:
        raise Invalid("left and right name two folders, such as left=staging&right=production")
    done = await services(request).comparison.folders(call(request), left, right, reveal=flag(request, "reveal"))
    return answer(_told(done.result), done.position)


def _told(diff: FolderDiff) -> dict[str, object]:
    told: dict[str, object] = {
        "left": diff.left,
        "right": diff.right,
        "only_left": diff.only_left,
        "only_right": diff.only_right,
        "equal": diff.equal,
    }
    told["different"] = [
        {"name": each.name, "left_version": each.left_version, "right_version": each.right_version}
        | _values(left_value=each.left_value, right_value=each.right_value)
        for each in diff.different
    ]
    return told


def _values(**values: Plaintext | None) -> dict[str, object]:
    shown: dict[str, object] = {}
    for name, value in values.items():
        if value is not None:
            with value:
                text = text_of(value)
                shown[name if text is not None else f"{name}_b64"] = text if text is not None else bytes(value.buffer)
    return shown


@get(f"{STORE}/diff/{{path:path}}", operation_id="diffVersions", tags=["trees"])
async def diff_versions(request: AnyRequest) -> Response[Any]:
    """Whether versions `from` and `to` hold the same value; the values only with `reveal=true`."""
    numbers = [integer(request, name, default=None, low=1, high=10**12) for name in ("from", "to")]
    if numbers[0] is None or numbers[1] is None:
        raise Invalid("from and to name two versions, such as from=1&to=2")
    path = rest(request, f"{STORE}/diff/")
    done = await services(request).comparison.versions(
        call(request), path, numbers[0], numbers[1], reveal=flag(request, "reveal")
    )
    diff = done.result
    told = {"name": diff.name, "from": diff.from_version, "to": diff.to_version, "equal": diff.equal}
    return answer(told | _values(from_value=diff.from_value, to_value=diff.to_value), done.position)


@get(f"{STORE}/references/{{path:path}}", operation_id="secretReferences", tags=["trees"])
async def references(request: AnyRequest) -> Response[ReferenceList]:
    """What the secret uses, and who uses it."""
    path = rest(request, f"{STORE}/references/")
    limit = integer(request, "limit", default=1000, low=1, high=10_000) or 1000
    uses = await services(request).resolution.references(call(request), path, limit)
    return answer(ReferenceList(path, *uses), 0)


@post("/api/v1/secrets/injections", operation_id="injectSecrets", tags=["trees"], status_code=200)
async def inject(request: AnyRequest, data: InjectionBody) -> Response[Injection]:
    """All values that a process's environment is to be filled with, in one request."""
    if data.name_style not in {"upper", "keep"}:
        raise Invalid("name_style is upper or keep")
    done = await services(request).resolution.inject(
        call(request), data.variables, prefix=data.prefix, upper=data.name_style == "upper", resolve=data.resolve
    )
    try:
        values = {name: _text(name, value) for name, value in done.result.items()}
    finally:
        _wipe(done.result)
    return answer(Injection(values, done.position), done.position)


ROUTES = [take_in, give_out, diff_folders, diff_versions, references, inject]
