"""`auth/token/create`: tokens that a token mints."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from api.vault.durations import shown
from api.vault.failures import VaultError, denied
from api.vault.reply import Reply
from api.vault.request import UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.token_shapes import auth_of
from domain.commands.token_life import TokenNamed
from domain.commands.token_minting import Minted, Wanted
from domain.mounts import DEFAULT_TTL
from domain.token_role import role_stream
from domain.token_terms import DEFAULT, ROOT, Terms
from domain.views import TokenRow

_MOST_POLICIES: Final = 64
_MOST_METADATA: Final = 64
_TOLD_ONCE: Final = "this request was answered before: the token was told then, and can be told no more"
_NO_BATCH: Final = "batch tokens are not served: each token here can be revoked; leave out type=batch"


async def create(request: VaultRequest) -> Reply:
    """A token with the policies named, or the caller's own."""
    return await _created(request, orphan=request.fields.flag("no_parent"))


async def create_orphan(request: VaultRequest) -> Reply:
    """A token that its maker's end does not end."""
    return await _created(request, orphan=True)


async def create_by_role(request: VaultRequest) -> Reply:
    """A token as a role says, which may have policies that its maker does not have."""
    name = request.values["role"]
    row = await request.services.token_roles.find(request.tenant, name)
    if row is None:
        raise VaultError(400, f"unknown role {name}")
    role, caller = row.settings, request.call.principal
    if role.token_type == "batch":  # noqa: S105 - the word for a kind of token
        raise VaultError(400, _NO_BATCH)
    if request.fields.flag("no_parent") and not role.orphan and not _may_orphan(request):
        raise denied()
    wanted = _wanted(request, orphan=role.orphan or request.fields.flag("no_parent"), period_given=role.token_period)
    policies = wanted.policies
    if role.decides:
        own = [ROOT] if "*" in caller.scopes else caller.policy_names
        no_default = request.fields.flag("no_default_policy")
        policies = role.policies(request.fields.texts("policies"), own, no_default=no_default)
    terms = role.bounded(wanted.terms, name, request.services.clock())
    wanted = msgspec.structs.replace(wanted, policies=policies, terms=terms)
    basis = {role_stream(request.tenant, name): row.version}
    minted = await request.services.minting.create(request.call, wanted, basis=basis, decided=role.decides)
    return await _told(request, wanted, minted)


async def _created(request: VaultRequest, *, orphan: bool) -> Reply:
    if orphan and request.path.endswith("/create") and not _may_orphan(request):
        raise denied()
    wanted = _wanted(request, orphan=orphan)
    return await _told(request, wanted, await request.services.minting.create(request.call, wanted))


async def created_again(request: VaultRequest) -> Reply:
    """Which token it was, for who repeats the request: its text was told once, and is kept nowhere."""
    row = await kept_token(request)
    return Reply(auth=auth_of(row, "", request.services.clock()), warnings=[_TOLD_ONCE])


async def kept_token(request: VaultRequest) -> TokenRow:
    """The token that a request with the same idempotency key was about."""
    stored = await request.services.native.replies.find(request.call)
    token_id = msgspec.json.decode(stored.body, type=TokenNamed).token_id if stored else ""
    row = await request.services.token_life.last_seen(request.tenant, token_id)
    if row is None:
        raise VaultError(400, "token not found")
    return row


async def _told(request: VaultRequest, wanted: Wanted, minted: Minted) -> Reply:
    policies = request.services.policies
    unknown = [
        f'Policy "{name}" does not exist'
        for name in wanted.policies
        if name != ROOT and not await policies.exists(request.tenant, name)
    ]
    warnings = [*_warnings(wanted, minted), *unknown] or None
    auth = auth_of(minted.row, minted.text, request.services.clock())
    return Reply(auth=auth, warnings=warnings, position=minted.position)


def _may_orphan(request: VaultRequest) -> bool:
    """Whoever asks by the plain route needs the right to the other."""
    policies = request.call.principal.policies
    return "*" in request.call.principal.scopes or bool(
        policies and policies.permits("auth/token/create-orphan", UPDATE, request.fields)
    )


def _wanted(request: VaultRequest, *, orphan: bool, period_given: int = 0) -> Wanted:
    """What is asked for; `period_given` is what a role says, for which nobody needs a right."""
    fields = request.fields
    _must_be_service(request)
    longest = fields.seconds("explicit_max_ttl")
    terms = Terms(
        display_name=f"token-{fields.text('display_name', most=200)}".rstrip("-"),
        metadata=_metadata(request),
        path=request.path,
        renewable=fields.flag("renewable", default=True),
        period=period_given or _period(request),
        max_expires_at=request.services.clock() + timedelta(seconds=longest) if longest > 0 else None,
        uses=_bounded(fields.number("num_uses"), "num_uses"),
        cidrs=tuple(fields.texts("bound_cidrs")),
    )
    ttl = fields.seconds("ttl") or fields.seconds("lease")
    if ttl < 0 or longest < 0:
        raise VaultError(400, "ttl and explicit_max_ttl must be positive")
    return Wanted(
        subject=request.call.principal.subject, policies=_policies(request), terms=terms, ttl=ttl, orphan=orphan
    )


def _must_be_service(request: VaultRequest) -> None:
    kind = request.fields.text("type")
    if kind == "batch":
        raise VaultError(400, _NO_BATCH)
    if kind not in {"", "service", "default"}:
        raise VaultError(400, "invalid 'token_type' value")
    if request.fields.given("id"):
        raise VaultError(400, "tokens are drawn here: leave out id")


def _policies(request: VaultRequest) -> tuple[str, ...]:
    """Those asked for, with `default` unless it is not wanted."""
    asked = [name.strip().lower() for name in request.fields.texts("policies") if name.strip()]
    if len(asked) > _MOST_POLICIES:
        raise VaultError(400, f"policies: at most {_MOST_POLICIES}")
    if not asked or ROOT in asked or request.fields.flag("no_default_policy"):
        return tuple(dict.fromkeys(asked))
    return tuple(sorted({DEFAULT, *asked}))


def _metadata(request: VaultRequest) -> dict[str, str]:
    metadata = request.fields.mapping("meta") or request.fields.mapping("metadata")
    if len(metadata) > _MOST_METADATA or any(len(key) + len(value) > 1024 for key, value in metadata.items()):
        raise VaultError(400, f"meta: at most {_MOST_METADATA} entries, each of at most 1024 characters")
    return metadata


def _period(request: VaultRequest) -> int:
    period = request.fields.seconds("period")
    if period and "*" not in request.call.principal.scopes:
        raise VaultError(400, "root or sudo privileges required to create periodic token")
    return _bounded(period, "period")


def _bounded(number: int, name: str) -> int:
    if not 0 <= number <= 10**9:
        raise VaultError(400, f"{name}: 0 to 10^9")
    return number


def _warnings(wanted: Wanted, minted: Minted) -> list[str]:
    given = minted.row.terms.ttl if minted.row.terms else 0
    if wanted.ttl > given > 0:
        bound = "the system's longest" if given >= DEFAULT_TTL - 1 else "that of the token that asks"
        return [f"TTL of {shown(wanted.ttl)} exceeds {bound}; it is {shown(given)}"]
    return []


ROUTES: Final = (
    Route("create", {UPDATE: create}, again=created_again),
    Route("create/{role}", {UPDATE: create_by_role}, again=created_again),
    Route("create-orphan", {UPDATE: create_orphan}, sudo=True, again=created_again),
)
