"""How the server is: what clients ask before they show a token, and what an operator of Vault would do to it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID, uuid5

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import READ, UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.token_shapes import instant
from domain.errors import Invalid

_CLUSTERS: Final = UUID("0d6a4b52-2f5e-5c07-8f3a-1c5f6f2b9e77")
_NEVER: Final = "0001-01-01T00:00:00Z"
"""Go's time that is none."""


async def health(request: VaultRequest) -> Reply:
    """Whether requests are answered; the caller may choose the status for each case."""
    sealed = _is_sealed(request)
    data: dict[str, Any] = {
        "initialized": True,
        "sealed": sealed,
        "standby": False,
        "performance_standby": False,
        "replication_performance_mode": "disabled",
        "replication_dr_mode": "disabled",
        "server_time_utc": int(request.services.clock().timestamp()),
        "version": request.services.version,
        "enterprise": False,
    }
    if not sealed:
        data |= _cluster(request)
    status = _code(request, "sealedcode", 503) if sealed else _code(request, "activecode", 200)
    return Reply(data=data, status=status, bare=True)


async def seal_status(request: VaultRequest) -> Reply:
    """Sealed is what we call a closed secrets surface: its key is not there."""
    data = {
        "type": "shamir",
        "initialized": True,
        "sealed": _is_sealed(request),
        "t": 1,
        "n": 1,
        "progress": 0,
        "nonce": "",
        "version": request.services.version,
        "build_date": "",
        "migration": False,
        "recovery_seal": False,
        "storage_type": "trstctl",
        **_cluster(request),
    }
    return Reply(data=data, bare=True)


async def leader(_request: VaultRequest) -> Reply:
    """Every node answers alike: none leads."""
    data = {
        "ha_enabled": False,
        "is_self": True,
        "active_time": _NEVER,
        "leader_address": "",
        "leader_cluster_address": "",
        "performance_standby": False,
        "performance_standby_last_remote_wal": 0,
    }
    return Reply(data=data, bare=True)


async def initialised(_request: VaultRequest) -> Reply:
    """It is: the server has its key from its operator before it serves anybody."""
    return Reply(data={"initialized": True}, bare=True)


async def initialise(_request: VaultRequest) -> Reply:
    """There is nothing to initialise."""
    raise VaultError(400, "Vault is already initialized")


async def unseal(request: VaultRequest) -> Reply:
    """Like Vault, an open one answers as for its status; a closed one opens with its key file alone."""
    if _is_sealed(request):
        raise VaultError(400, "this server opens with its key file, not with shares: see its log for what is missing")
    return await seal_status(request)


async def seal(request: VaultRequest) -> Reply:
    """The key is a file of the operator's; nobody takes it away over the network."""
    request.call.require("operations:write")
    raise Invalid("this server is not sealed over the network: its operator closes it by taking its key file away")


async def key_status(request: VaultRequest) -> Reply:
    """The tenant's key, which wraps those of its values: how many there were (`term`), and since when it is there."""
    request.call.require("operations:read")
    status = await request.services.keys.status(request.tenant)
    return Reply(data={"term": status.term, "install_time": instant(status.since)}, hoisted=True)


def _is_sealed(request: VaultRequest) -> bool:
    return request.services.native.secrets_disabled is not None


def _cluster(request: VaultRequest) -> dict[str, str]:
    name = request.services.cluster_name
    return {"cluster_name": name, "cluster_id": str(uuid5(_CLUSTERS, name))}


def _code(request: VaultRequest, field: str, otherwise: int) -> int:
    code = request.fields.number(field, otherwise)
    if not 100 <= code <= 599:
        raise VaultError(400, f"bad status code {code} for query parameter {field}")
    return code


ROUTES: Final = (
    Route("health", {READ: health}, open=True),
    Route("seal-status", {READ: seal_status}, open=True),
    Route("leader", {READ: leader}, open=True),
    Route("init", {READ: initialised, UPDATE: initialise}, open=True),
    Route("unseal", {UPDATE: unseal}, open=True),
    Route("seal", {UPDATE: seal}, sudo=True),
    Route("key-status", {READ: key_status}),
)
