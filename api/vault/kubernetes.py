"""`auth/kubernetes/`: logins of pods by the tokens of their service accounts."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from api.vault.failures import VaultError
from api.vault.jwt import pems
from api.vault.login_roles import (
    TEXT,
    Reading,
    attempt_of,
    exists,
    given,
    logged_in,
    page,
    place_of,
    remove,
    settings_of,
    texts,
    token_data,
)
from api.vault.reply import Reply
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route
from domain.errors import NotFound
from domain.logins.jwt import MAX_JWT
from domain.logins.kubernetes import KubernetesConfig, KubernetesRole
from domain.plaintext import Plaintext

_OWN: Final[dict[str, Reading]] = {
    "bound_service_account_names": texts,
    "bound_service_account_namespaces": texts,
    "audience": TEXT,
    "alias_name_source": TEXT,
}
_LEGACY: Final = ("policies", "ttl", "max_ttl", "period", "num_uses", "bound_cidrs")
_LONGEST_PEM: Final = 64 * 1024


async def read_config(request: VaultRequest) -> Reply:
    """The settings of the mount, without the reviewer's token."""
    row = await request.services.logins.admin.method(request.call, place_of(request))
    if row is None:
        raise NotFound("the mount is not configured")
    config = msgspec.json.decode(row.settings, type=KubernetesConfig)
    told: dict[str, Any] = {field: getattr(config, field) for field in config.__struct_fields__}
    return Reply(data={**told, "pem_keys": list(config.pem_keys)})


async def write_config(request: VaultRequest) -> None:
    """Settings in place of those before."""
    fields = request.fields
    reviewer = fields.text("token_reviewer_jwt", most=MAX_JWT)
    config = KubernetesConfig(
        kubernetes_host=fields.text("kubernetes_host"),
        kubernetes_ca_cert=fields.text("kubernetes_ca_cert", most=_LONGEST_PEM),
        pem_keys=pems(request, "pem_keys"),
        issuer=fields.text("issuer"),
        disable_iss_validation=fields.flag("disable_iss_validation", default=True),
        disable_local_ca_jwt=fields.flag("disable_local_ca_jwt"),
        token_reviewer_jwt_set=bool(reviewer),
    )
    bearer = Plaintext(bytearray(reviewer.encode())) if reviewer else None
    await request.services.logins.methods.kubernetes(request.call, place_of(request), config, bearer)


async def read(request: VaultRequest) -> Reply:
    """A role."""
    role = await settings_of(request, KubernetesRole)
    names = ("bound_service_account_names", "bound_service_account_namespaces")
    own = {name: list(getattr(role, name)) for name in names}
    more = {"audience": role.audience} if role.audience else {}
    selector = {"bound_service_account_namespace_selector": "", "alias_name_source": role.alias_name_source}
    return Reply(data={**token_data(role), **own, **more, **selector})


async def write(request: VaultRequest) -> None:
    """Make a role, or change what the request names of one."""
    if request.fields.text("bound_service_account_namespace_selector"):
        raise VaultError(
            400, "bound_service_account_namespace_selector is not served: name bound_service_account_namespaces"
        )
    await request.services.logins.admin.put_role(
        request.call, place_of(request), request.values["name"], lambda old: _changed(request, old)
    )


async def login(request: VaultRequest) -> Reply:
    """A token of ours for a service account's."""
    token, role = request.fields.text("jwt", most=MAX_JWT), request.fields.text("role")
    return await logged_in(request, request.services.logins.kubernetes.enter(attempt_of(request), role, token))


def _changed(request: VaultRequest, old: str | None) -> KubernetesRole:
    before = msgspec.json.decode(old, type=KubernetesRole) if old else None
    changes = given(request.fields, _OWN, before, _LEGACY)
    if not changes.get("alias_name_source", "x"):
        del changes["alias_name_source"]
    return msgspec.structs.replace(before or KubernetesRole(), **changes)


ROUTES: Final = (
    Route("login", {UPDATE: login}, open=True),
    Route("config", {READ: read_config, UPDATE: write_config}),
    Route("role", {LIST: page}),
    Route("role/{name}", {READ: read, UPDATE: write, DELETE: remove}, exists=exists),
)
