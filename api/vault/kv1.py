"""KV version 1: a path has a value, and nothing of versions is seen. The store keeps them all the same."""

from __future__ import annotations

from typing import Final

import msgspec

from api.vault.durations import seconds_of
from api.vault.failures import VaultError
from api.vault.kv_paths import kv, name_of, names_in
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route
from domain.errors import NotFound
from domain.key_settings import NATIVE
from domain.kv_values import members
from domain.mounts import DEFAULT_TTL


async def read(request: VaultRequest) -> Reply:
    """The value, with how long it is good for: what its member `ttl` or `lease` says, else what the mount says."""
    path = name_of(request)
    done = await kv(request).reading.read(request.call, path)
    if done.result.value is None:
        raise NotFound(f"there is no secret {path!r}")
    with done.result.value as value:
        data = members(value)
    seconds = _lease(data) or request.mount.default_ttl or DEFAULT_TTL
    return Reply(data=data, lease_duration=seconds, position=done.position)


async def write(request: VaultRequest) -> None:
    """The next value: the whole body."""
    path, data = name_of(request), dict(request.fields)
    if not data:
        raise VaultError(400, "missing data fields")
    await kv(request).writing.write(request.call, path, data, NATIVE)


async def delete(request: VaultRequest) -> None:
    """Not to be read any more."""
    path = name_of(request)
    await kv(request).ending.delete_latest(request.call, path)


async def names(request: VaultRequest) -> Reply | None:
    """One level of names."""
    return listed(await names_in(request, live=True))


async def exists(request: VaultRequest) -> bool:
    """Whether a write updates rather than creates."""
    return await kv(request).metadata.lives(request.tenant, name_of(request))


def _lease(data: dict[str, msgspec.Raw]) -> int:
    for name in ("ttl", "lease"):
        if name in data:
            try:
                return max(0, seconds_of(msgspec.json.decode(data[name]), name))
            except VaultError:
                return 0
    return 0


ROUTES: Final = (
    Route("", {LIST: names}),
    Route("{path...}", {READ: read, UPDATE: write, DELETE: delete, LIST: names}, exists=exists, exact=True),
)
