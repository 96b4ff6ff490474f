"""`sys/internal`: what Vault's command line and pages ask before anything else."""

from __future__ import annotations

from typing import Any, Final

from api.vault.failures import VaultError
from api.vault.mount_shapes import told
from api.vault.reply import Reply
from api.vault.request import READ, VaultRequest
from api.vault.table import Route
from domain import scopes
from domain.acl.table import resources_of
from domain.mounts import MountEntry
from domain.vault_names import FOLDER, STORE, native_prefix


async def mounts(request: VaultRequest) -> Reply:
    """The mounts that the caller may do anything in; without a good token, none."""
    seen = [entry for entry in request.mounts if _sees(request, entry)]
    engines = {entry.path: _short(entry) for entry in seen if not entry.is_auth}
    logins = {entry.path.removeprefix("auth/"): _short(entry) for entry in seen if entry.is_auth}
    return Reply(data={"secret": engines, "auth": logins})


async def mount_of(request: VaultRequest) -> Reply:
    """The mount that a path lies in, if the caller may do anything there: else it is as if there were none."""
    found = request.mounts.find(request.values["path"])
    if found is None or not _sees(request, found.mount):
        path = f"{request.values['path'].rstrip('/')}/"
        raise VaultError(
            403,
            f'preflight capability check returned 403, please ensure client\'s policies grant access to path "{path}"',
        )
    return Reply(data={**told(found.mount), "path": found.mount.path})


async def requests_counted(_request: VaultRequest) -> Reply:
    """None are, as in newer Vaults: the log has each of them."""
    return Reply(data={"counters": []})


async def entities_counted(_request: VaultRequest) -> Reply:
    """There are no identities."""
    return Reply(data={"counters": {"entities": {"total": 0}}})


async def activity(_request: VaultRequest) -> None:
    """Nothing to report, as from a Vault that has no data yet."""


async def activity_config(_request: VaultRequest) -> Reply:
    """Clients are not counted."""
    return Reply(
        data={"enabled": "default-disabled", "queries_available": False, "default_report_months": 12,
              "retention_months": 48}
    )  # fmt: skip


def _short(entry: MountEntry) -> dict[str, Any]:
    return {"type": entry.kind, "description": entry.description, "options": dict(entry.options) or None}


def _sees(request: VaultRequest, entry: MountEntry) -> bool:
    if request.caller is None:
        return False
    caller = request.caller.principal
    if caller.policies and caller.policies.sees(entry.path):
        return True
    return any(_concerns(scope, entry) for scope in caller.scopes)


def _concerns(scope: str, entry: MountEntry) -> bool:
    if scope == "*":
        return True
    resource, verb, *_ = scope.split(":")
    if resource not in resources_of(entry.engine):
        return False
    if resource != "secrets":
        return True
    starts = scopes.starts([scope], f"{resource}:{verb}", native_prefix(entry.path, ""))
    return any(entry.path != STORE or not start.startswith(FOLDER) for start in starts)


ROUTES: Final = (
    Route("internal/ui/mounts", {READ: mounts}, open=True),
    Route("internal/ui/mounts/{path...}", {READ: mount_of}, open=True),
    Route("internal/counters/requests", {READ: requests_counted}),
    Route("internal/counters/entities", {READ: entities_counted}),
    Route("internal/counters/activity", {READ: activity}),
    Route("internal/counters/config", {READ: activity_config}),
)
