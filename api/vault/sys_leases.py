"""`sys/leases`: leases of databases, by the path that they were read at and their id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from api.vault.failures import VaultError
from api.vault.lease_ids import LeaseName, lease_id_of, lease_name, mount_of
from api.vault.reply import Reply, listed
from api.vault.request import LIST, UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.token_shapes import instant
from domain.call import Call
from domain.commands.lease_terms import LeaseMeta
from domain.errors import Conflict, NotFound
from domain.lease import ACTIVE, PENDING
from domain.views import LeaseFilter

_PAGE: Final = 500
_AT_ONCE: Final = 50
"""How many leases of a prefix are revoked together."""
_MOST_LISTED: Final = 100_000


async def lookup(request: VaultRequest) -> Reply:
    """One lease, without its credential."""
    meta = await _found(request, "invalid lease")
    data = {
        "id": lease_id_of(meta.provider, meta.role, meta.id),
        "issue_time": instant(meta.issued_at or meta.requested_at),
        "expire_time": instant(meta.expires_at),
        "last_renewal": None,
        "renewable": _renewable(meta),
        "ttl": _ttl(request, meta),
        "path": f"{mount_of(meta.provider)}creds/{meta.role}",
        "type": "",
    }
    return Reply(data=data)


async def keys(request: VaultRequest) -> Reply | None:
    """What lies under a prefix: folders, or the ids of leases that live."""
    prefix = f"{request.values.get('prefix', '').strip('/')}/".lstrip("/")
    found: dict[str, None] = {}
    async for meta in _living(request, prefix):
        entry, slash, _ = lease_id_of(meta.provider, meta.role, meta.id)[len(prefix) :].partition("/")
        found[entry + slash] = None
        if len(found) >= _MOST_LISTED:
            break
    return listed(sorted(found))


async def renew(request: VaultRequest) -> Reply:
    """Let a lease live for `increment` seconds from now, at most to its longest life."""
    meta = await _found(request, "lease not found")
    commands, warnings, position = request.services.native.leases, None, 0
    if not meta.expires_at > request.services.clock():
        raise VaultError(400, "lease expired")
    increment = max(request.fields.seconds("increment"), 0) or await commands.usual_life(request.call, meta.id)
    extend = increment - _ttl(request, meta)
    if extend > 0:
        try:
            meta, position = await commands.renew(request.call, meta.id, extend)
        except Conflict as error:
            if meta.expires_at < meta.max_expires_at:
                raise VaultError(400, error.message) from None
            warnings = ["the lease is at the end of its longest life"]
    return Reply(
        lease_id=lease_id_of(meta.provider, meta.role, meta.id),
        lease_duration=_ttl(request, meta),
        renewable=_renewable(meta),
        warnings=warnings,
        position=position,
    )


async def renewed_again(request: VaultRequest) -> Reply:
    """The lease as it is now, for who repeats its renewal."""
    meta = await _found(request, "lease not found")
    return Reply(
        lease_id=lease_id_of(meta.provider, meta.role, meta.id),
        lease_duration=_ttl(request, meta),
        renewable=_renewable(meta),
    )


async def revoked_again(request: VaultRequest) -> Reply | None:
    """That it was taken back, or is being so."""
    return _ended(request)


async def revoke(request: VaultRequest) -> Reply | None:
    """Take a lease back; one that is not there has ended."""
    try:
        meta = await _found(request, "invalid lease")
        done = await request.services.native.leases.revoke(request.call, meta.id)
    except NotFound:
        return _ended(request)
    except VaultError as error:
        if error.messages != ("invalid lease",) or not lease_name(_id(request)):
            raise
        return _ended(request)
    return _ended(request, done.position)


async def revoke_prefix(request: VaultRequest) -> Reply | None:
    """Take all leases under a prefix back; under `auth/…`, revoke the tokens that were got there."""
    prefix = f"{request.values['prefix'].strip('/')}/"
    if prefix.startswith("auth/"):
        told = msgspec.structs.replace(request.call, success=204 if request.fields.flag("sync") else 202)
        await request.services.mount_ends.revoke_logins(told, prefix)
        return _ended(request)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def end(call: Call, lease_id: str) -> None:
        async with slots:
            await request.services.native.leases.revoke(call, lease_id, f"all of {prefix}")

    exact, unkeyed = prefix.rstrip("/"), msgspec.structs.replace(request.call, idempotency=None)
    *ids, last = ["", *[meta.id async for meta in _living(request, exact) if _lies_in(meta, exact)]]
    await asyncio.gather(*(end(unkeyed, lease_id) for lease_id in ids[1:]))
    if last:  # the reply to the whole is kept with it: who repeats this after a crash ends those that are left
        await end(request.call, last)
    return _ended(request)


async def tidy(request: VaultRequest) -> Reply:
    """There is nothing to tidy: what has ended is recorded by itself."""
    request.call.require("leases:revoke")
    return Reply(status=202, warnings=["Tidy operation successfully started. Leases that ended need none here."])


def _ended(request: VaultRequest, position: int = 0) -> Reply | None:
    """Done, as one who waits is told, or under way."""
    if request.fields.flag("sync"):
        return Reply(status=204, position=position) if position else None
    return Reply(status=202, position=position)


def _id(request: VaultRequest) -> str:
    text = request.values.get("lease") or request.fields.text("lease_id") or request.fields.text("url_lease_id")
    if not text:
        raise VaultError(400, "lease_id must be specified")
    return text


async def _found(request: VaultRequest, otherwise: str) -> LeaseMeta:
    """The lease that is named, if it was read at the path that is named."""
    name = lease_name(_id(request))
    if name is None:
        raise VaultError(400, otherwise)
    try:
        meta = await request.services.native.leases.show(request.call, name.native)
    except NotFound:
        raise VaultError(400, otherwise) from None
    if not _is_named(meta, name) or meta.state not in {PENDING, ACTIVE}:
        raise VaultError(400, otherwise)
    return meta


def _is_named(meta: LeaseMeta, name: LeaseName) -> bool:
    return not name.mount or (name.mount, name.role) == (mount_of(meta.provider), meta.role)


async def _living(request: VaultRequest, prefix: str) -> AsyncIterator[LeaseMeta]:
    for state in (PENDING, ACTIVE):
        after = ""
        while True:
            wanted = LeaseFilter(state=state)
            page, after = await request.services.native.leases.page(request.call, wanted, after, _PAGE)
            for meta in page:
                if lease_id_of(meta.provider, meta.role, meta.id).startswith(prefix):
                    yield meta
            if not after:
                break


def _lies_in(meta: LeaseMeta, prefix: str) -> bool:
    lease_id = lease_id_of(meta.provider, meta.role, meta.id)
    return lease_id == prefix or lease_id.startswith(f"{prefix}/")


def _renewable(meta: LeaseMeta) -> bool:
    return meta.state == ACTIVE and meta.expires_at < meta.max_expires_at


def _ttl(request: VaultRequest, meta: LeaseMeta) -> int:
    left: float = (meta.expires_at - request.services.clock()).total_seconds()
    return max(round(left), 0)


_RENEW: Final[dict[str, Any]] = {UPDATE: renew}
_REVOKE: Final[dict[str, Any]] = {UPDATE: revoke}
_PREFIX: Final[dict[str, Any]] = {UPDATE: revoke_prefix}

ROUTES: Final = (
    Route("leases/lookup", {UPDATE: lookup, LIST: keys}),
    Route("leases/lookup/{prefix...}", {LIST: keys}, sudo=True),
    Route("leases/renew", _RENEW, again=renewed_again),
    Route("leases/renew/{lease...}", _RENEW, again=renewed_again),
    Route("leases/revoke", _REVOKE, again=revoked_again),
    Route("leases/revoke/{lease...}", _REVOKE, again=revoked_again),
    Route("leases/revoke-prefix/{prefix...}", _PREFIX, sudo=True, again=revoked_again),
    Route("leases/revoke-force/{prefix...}", _PREFIX, sudo=True, again=revoked_again),
    Route("leases/tidy", {UPDATE: tidy}, sudo=True),
    Route("renew", _RENEW, again=renewed_again),
    Route("renew/{lease...}", _RENEW, again=renewed_again),
    Route("revoke", _REVOKE, again=revoked_again),
    Route("revoke/{lease...}", _REVOKE, again=revoked_again),
    Route("revoke-prefix/{prefix...}", _PREFIX, sudo=True, again=revoked_again),
    Route("revoke-force/{prefix...}", _PREFIX, sudo=True, again=revoked_again),
)
