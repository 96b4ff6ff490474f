"""/api/v1/transit/keys: the keys themselves."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, delete, get, patch, post

from api import transit_replies as replies
from api.decoding import body_of, no_query, query_of
from api.replies import answer
from api.requests import AnyRequest, call, rest, services
from api.routes.transit import TRANSIT
from api.transit_bodies import ExportQuery, KeyBody, KeyChangeBody, KeysQuery, RestoreBody, RotateKeyBody, TrimBody
from domain.transit.key_types import chosen
from domain.transit.plans import KeyPlan
from domain.transit.results import TransitKeyMeta

KEYS: Final = f"{TRANSIT}/keys"
_ONE: Final = f"{KEYS}/{{key_name:str}}"
_FIELDS: Final = {
    "min_decryption": "min_decryption_version",
    "min_encryption": "min_encryption_version",
    "deletion_allowed": "deletion_allowed",
    "exportable": "exportable",
    "plaintext_backup": "allow_plaintext_backup",
    "auto_rotate_seconds": "auto_rotate_seconds",
}


class TransitKeyPage(msgspec.Struct, frozen=True):
    """Keys in order of name, without their versions; `next_cursor` is where to go on, None at the end."""

    items: list[TransitKeyMeta]
    next_cursor: str | None


@post(KEYS, operation_id="createTransitKey", tags=["transit"])
async def create(request: AnyRequest) -> Response[TransitKeyMeta]:
    """Make a key with its first version. Its material stays here, sealed."""
    no_query(request)
    body = body_of(request, KeyBody)
    kind = chosen(body.kind, body.type)
    plan = KeyPlan(
        type=kind,
        derived=body.derived,
        convergent=body.convergent,
        size=body.key_size if kind.name == "hmac" else 0,
        exportable=body.exportable,
        plaintext_backup=body.allow_plaintext_backup,
        auto_rotate_seconds=body.auto_rotate_seconds,
    )
    return answer(*await services(request).transit.keys.create(call(request, 201), body.name, plan), status=201)


@post(f"{KEYS}/rotate", operation_id="rotateTransitKey", tags=["transit"], status_code=200)
async def rotate(request: AnyRequest) -> Response[TransitKeyMeta]:
    """Give a key a further version, which encrypts and signs from now on; the former ones still decrypt and verify."""
    no_query(request)
    body = body_of(request, RotateKeyBody)
    return answer(*await services(request).transit.keys.rotate(call(request), body.name))


@get(KEYS, operation_id="listTransitKeys", tags=["transit"])
async def page(request: AnyRequest) -> Response[TransitKeyPage]:
    """The keys that the caller may see."""
    query = query_of(request, KeysQuery)
    found = await services(request).transit.keys.page(call(request), query.prefix, query.cursor, query.limit)
    return answer(TransitKeyPage(found, found[-1].name if len(found) == query.limit else None), 0)


@get(_ONE, operation_id="showTransitKey", tags=["transit"])
async def show(request: AnyRequest) -> Response[TransitKeyMeta]:
    """One key with its versions and their public keys, never what is secret."""
    no_query(request)
    return answer(await services(request).transit.keys.show(call(request), _name(request)), 0)


@patch(_ONE, operation_id="configureTransitKey", tags=["transit"])
async def configure(request: AnyRequest) -> Response[TransitKeyMeta]:
    """Say which versions may be used, whether it may be deleted, exported, backed up, and how often it rotates."""
    no_query(request)
    body = body_of(request, KeyChangeBody)
    given = {name: getattr(body, field) for name, field in _FIELDS.items()}
    changes = {name: value for name, value in given.items() if value is not None}
    return answer(*await services(request).transit.keys.configure(call(request), _name(request), changes))


@delete(_ONE, operation_id="deleteTransitKey", tags=["transit"], status_code=204)
async def remove(request: AnyRequest) -> Response[None]:
    """Destroy a key for good, if its configuration allows it: nobody can decrypt any more what it encrypted."""
    no_query(request)
    done = await services(request).transit.keys.delete(call(request, 204), _name(request))
    return Response(None, status_code=204, headers={"x-trstctl-position": str(done.position)})


@post(f"{_ONE}/trim", operation_id="trimTransitKey", tags=["transit"], status_code=200)
async def trim(request: AnyRequest) -> Response[TransitKeyMeta]:
    """Destroy old versions for good."""
    no_query(request)
    body = body_of(request, TrimBody)
    name = _name(request).removesuffix("/trim")
    return answer(*await services(request).transit.keys.trim(call(request), name, body.min_available_version))


@get(f"{_ONE}/export", operation_id="exportTransitKey", tags=["transit"])
async def export(request: AnyRequest) -> Response[replies.ExportedKey]:
    """Parts of a key: its public keys, or what is secret if it is exportable."""
    query = query_of(request, ExportQuery)
    name = _name(request).removesuffix("/export")
    commands = services(request).transit
    parts, position = await commands.copies.export(call(request), name, query.kind, query.version)
    keys = {str(number): text for number, text in parts.parts.items()}
    return answer(replies.ExportedKey(name=name, type=parts.type, kind=query.kind, keys=keys), position)


@get(f"{_ONE}/backup", operation_id="backUpTransitKey", tags=["transit"])
async def backup(request: AnyRequest) -> Response[replies.KeyBackup]:
    """The whole key with its material in the clear, if its configuration allows it."""
    no_query(request)
    name = _name(request).removesuffix("/backup")
    text, position = await services(request).transit.copies.backup(call(request), name)
    return answer(replies.KeyBackup(backup=text), position)


@post(f"{TRANSIT}/restore", operation_id="restoreTransitKey", tags=["transit"])
async def restore(request: AnyRequest) -> Response[TransitKeyMeta]:
    """Bring a key back from a backup: of ours, of OpenBao or of Vault."""
    no_query(request)
    body = body_of(request, RestoreBody)
    name = body.name if isinstance(body.name, str) else None
    copies = services(request).transit.copies
    return answer(*await copies.restore(call(request, 201), body.backup, name, force=body.force), status=201)


def _name(request: AnyRequest) -> str:
    return rest(request, f"{KEYS}/")


ROUTES = [create, rotate, page, show, configure, remove, trim, export, backup, restore]
