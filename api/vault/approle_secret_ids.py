"""`auth/approle/role/R/secret-id` and what lies about it."""

from __future__ import annotations

from typing import Any, Final

from api.vault.failures import VaultError, no_handler
from api.vault.login_roles import place_of, texts
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.token_shapes import instant
from domain.commands.login_secret_ids import AskedSecretId, SecretIds
from domain.errors import NotFound
from domain.logins.approle import MAX_SECRET_ID
from domain.logins.rows import SecretIdRow

_PAGE: Final = 100_000
_NEVER: Final = "0001-01-01T00:00:00Z"
"""Go's zero time."""


async def issue(request: VaultRequest) -> Reply:
    """A secret id that is drawn."""
    return await _issued(request, None)


async def issue_custom(request: VaultRequest) -> Reply:
    """A secret id that somebody chose."""
    return await _issued(request, _text(request))


async def handles(request: VaultRequest) -> Reply | None:
    """Accessors of the role's secret ids."""
    limit, after = request.fields.number("limit"), request.fields.text("after")
    try:
        found = await _commands(request).handles(
            request.call, place_of(request), request.values["name"], after, limit if limit > 0 else _PAGE
        )
    except NotFound as error:
        raise VaultError(400, error.message) from None
    return listed(found)


async def lookup(request: VaultRequest) -> Reply | None:
    """What is known of a secret id; nothing, 204, of one that is none."""
    text = _text(request)
    try:
        row = await _commands(request).by_text(request.call, place_of(request), request.values["name"], text)
    except NotFound as error:
        raise VaultError(400, error.message) from None
    return Reply(data=_told(row)) if row else None


async def lookup_accessor(request: VaultRequest) -> Reply:
    """What is known of a secret id, by its accessor."""
    handle = request.fields.required("secret_id_accessor")
    try:
        row = await _commands(request).by_handle(request.call, place_of(request), request.values["name"], handle)
    except NotFound as error:
        raise VaultError(400, error.message) from None
    if row is None:
        raise VaultError(404, f'failed to find accessor entry for secret_id_accessor: "{handle[:60]}"')
    return Reply(data=_told(row))


async def destroy(request: VaultRequest) -> None:
    """End a secret id; one that is none has ended."""
    text = _text(request)
    try:
        await _commands(request).destroy_by_text(request.call, place_of(request), request.values["name"], text)
    except NotFound as error:
        raise VaultError(400, error.message) from None


async def destroy_accessor(request: VaultRequest) -> None:
    """End a secret id, by its accessor."""
    handle = request.fields.required("secret_id_accessor")
    try:
        there = await _commands(request).destroy_by_handle(
            request.call, place_of(request), request.values["name"], handle
        )
    except NotFound as error:
        raise VaultError(400, error.message) from None
    if not there:
        raise VaultError(400, f'failed to find accessor entry for secret_id_accessor: "{handle[:60]}"')


async def tidy(request: VaultRequest) -> Reply:
    """Clear away secret ids that have expired."""
    await _commands(request).tidy(request.call, place_of(request))
    return Reply(status=202, warnings=["Tidy operation successfully started. What expired is gone by now."])


async def _issued(request: VaultRequest, text: str | None) -> Reply:
    asked = AskedSecretId(
        text=text,
        uses=request.fields.number("num_uses") if request.fields.given("num_uses") else None,
        ttl=request.fields.seconds("ttl") if request.fields.given("ttl") else None,
        metadata=request.fields.mapping("metadata"),
        cidrs=texts(request.fields, "cidr_list"),
        token_cidrs=texts(request.fields, "token_bound_cidrs"),
    )
    try:
        made = await _commands(request).issue(request.call, place_of(request), request.values["name"], asked)
    except NotFound:
        raise no_handler(request.path) from None
    data = {
        "secret_id": made.text,
        "secret_id_accessor": made.handle,
        "secret_id_ttl": made.ttl,
        "secret_id_num_uses": made.uses,
    }
    return Reply(data=data, position=made.position)


def _commands(request: VaultRequest) -> SecretIds:
    return request.services.logins.secret_ids


def _text(request: VaultRequest) -> str:
    return request.fields.required("secret_id", most=MAX_SECRET_ID)


def _told(row: SecretIdRow) -> dict[str, Any]:
    return {
        "secret_id_accessor": row.handle,
        "secret_id_num_uses": row.uses_left,
        "secret_id_ttl": row.ttl_seconds,
        "creation_time": instant(row.issued_at),
        "expiration_time": instant(row.expires_at) or _NEVER,
        "last_updated_time": instant(row.used_at),
        "metadata": row.metadata,
        "cidr_list": row.cidrs,
        "token_bound_cidrs": row.token_cidrs,
    }


ROUTES: Final = (
    Route("role/{name}/secret-id", {UPDATE: issue, LIST: handles}),
    Route("role/{name}/custom-secret-id", {UPDATE: issue_custom}),
    Route("role/{name}/secret-id/lookup", {UPDATE: lookup}),
    Route("role/{name}/secret-id/destroy", {UPDATE: destroy, DELETE: destroy}),
    Route("role/{name}/secret-id-accessor/lookup", {UPDATE: lookup_accessor}),
    Route("role/{name}/secret-id-accessor/destroy", {UPDATE: destroy_accessor, DELETE: destroy_accessor}),
    Route("tidy/secret-id", {UPDATE: tidy}),
)
