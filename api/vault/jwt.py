"""`auth/jwt/`: logins by tokens that somebody else has signed."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from api.vault.failures import VaultError
from api.vault.login_roles import (
    FLAG,
    MAPPING,
    OBJECT,
    SECONDS,
    TEXT,
    Reading,
    attempt_of,
    exists,
    given,
    logged_in,
    page,
    place_of,
    plain,
    remove,
    settings_of,
    texts,
    token_data,
)
from api.vault.reply import Reply
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route
from domain.errors import NotFound
from domain.logins.jwt import MAX_JWT, JwtConfig, JwtRole
from domain.plaintext import Plaintext

_OWN: Final[dict[str, Reading]] = {
    "role_type": TEXT,
    "user_claim": TEXT,
    "user_claim_json_pointer": FLAG,
    "bound_audiences": texts,
    "bound_subject": TEXT,
    "bound_claims_type": TEXT,
    "bound_claims": OBJECT,
    "claim_mappings": MAPPING,
    "groups_claim": TEXT,
    "expiration_leeway": SECONDS,
    "not_before_leeway": SECONDS,
    "clock_skew_leeway": SECONDS,
    "oidc_scopes": texts,
    "allowed_redirect_uris": texts,
    "verbose_oidc_logging": FLAG,
    "max_age": SECONDS,
}
_LEGACY: Final = ("policies", "ttl", "max_ttl", "period", "num_uses", "bound_cidrs")
_LONGEST_PEM: Final = 64 * 1024
_OIDC_ONLY: Final = {
    "oidc_response_mode": "",
    "oidc_response_types": list[str](),
    "provider_config": dict[str, Any](),
    "namespace_in_state": True,
}
"""Of a login by a browser, which is not served: as they read where nobody has set them."""


async def read_config(request: VaultRequest) -> Reply:
    """The settings of the mount, without what is secret."""
    logins = request.services.logins
    row = await logins.admin.method(request.call, place_of(request))
    if row is None:
        raise NotFound("the mount is not configured")
    config = msgspec.json.decode(row.settings, type=JwtConfig)
    told = {field: plain(getattr(config, field)) for field in config.__struct_fields__}
    state = await logins.methods.state(request.call, place_of(request), config)
    return Reply(data={**told, **_OIDC_ONLY, "status": state})


async def write_config(request: VaultRequest) -> Reply | None:
    """Settings in place of those before."""
    fields = request.fields
    if fields.object("provider_config"):
        raise VaultError(400, "provider_config is not served: use jwks_url, oidc_discovery_url or public keys")
    config = JwtConfig(
        oidc_discovery_url=fields.text("oidc_discovery_url"),
        oidc_discovery_ca_pem=fields.text("oidc_discovery_ca_pem", most=_LONGEST_PEM),
        oidc_client_id=fields.text("oidc_client_id"),
        jwks_url=fields.text("jwks_url"),
        jwks_ca_pem=fields.text("jwks_ca_pem", most=_LONGEST_PEM),
        jwt_validation_pubkeys=pems(request, "jwt_validation_pubkeys"),
        bound_issuer=fields.text("bound_issuer"),
        jwt_supported_algs=texts(fields, "jwt_supported_algs"),
        default_role=fields.text("default_role").lower(),
    )
    secret = fields.text("oidc_client_secret")
    if bool(secret) != bool(config.oidc_client_id):
        raise VaultError(400, "both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC")
    warnings = await request.services.logins.methods.jwt(
        request.call, place_of(request), config, Plaintext(bytearray(secret.encode())) if secret else None,
        skip_validation=fields.flag("skip_jwks_validation"),
    )  # fmt: skip
    return Reply(warnings=warnings) if warnings else None


async def read(request: VaultRequest) -> Reply:
    """A role."""
    role = await settings_of(request, JwtRole)
    return Reply(data={**token_data(role), **{name: plain(getattr(role, name)) for name in _OWN}})


async def write(request: VaultRequest) -> None:
    """Make a role, or change what the request names of one."""
    await request.services.logins.admin.put_role(
        request.call, place_of(request), request.values["name"], lambda old: _changed(request, old)
    )


async def login(request: VaultRequest) -> Reply:
    """A token of ours for one of theirs."""
    token = request.fields.text("jwt", most=MAX_JWT) or request.fields.text("token", most=MAX_JWT)
    entering = request.services.logins.jwt.enter(attempt_of(request), request.fields.text("role"), token)
    return await logged_in(request, entering)


def _changed(request: VaultRequest, old: str | None) -> JwtRole:
    before = msgspec.json.decode(old, type=JwtRole) if old else None
    return msgspec.structs.replace(before or JwtRole(), **given(request.fields, _OWN, before, _LEGACY))


def pems(request: VaultRequest, name: str) -> tuple[str, ...]:
    """A list of PEM texts, or several in one text."""
    value = request.fields.get(name)
    if not isinstance(value, str):
        return texts(request.fields, name)
    end = "-----END PUBLIC KEY-----"
    parts = [part.strip(" ,\n\r\t") for part in value.split(end)[:-1]]
    return tuple(f"{part}\n{end}\n" for part in parts) or texts(request.fields, name)


ROUTES: Final = (
    Route("login", {UPDATE: login}, open=True),
    Route("config", {READ: read_config, UPDATE: write_config}),
    Route("role", {LIST: page}),
    Route("role/{name}", {READ: read, UPDATE: write, DELETE: remove}, exists=exists),
)
