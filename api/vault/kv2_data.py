"""KV version 2: `data/`, and the names within values, `subkeys/`."""

from __future__ import annotations

import re
from typing import Any, Final

from api.vault.failures import VaultError
from api.vault.kv2_shapes import read_data, version_data
from api.vault.kv_paths import kv, name_of, object_in, rules_of
from api.vault.reply import Reply
from api.vault.request import DELETE, PATCH, READ, UPDATE, VaultRequest
from api.vault.table import Route

_NUMBER = re.compile(r"[0-9]{1,18}\Z")


async def read(request: VaultRequest) -> Reply:
    """A version's value; of one that is deleted or destroyed what is known of it, as 404."""
    path = name_of(request)
    done = await kv(request).reading.read(request.call, path, request.fields.number("version"))
    gone = done.result.value is None
    return Reply(data=read_data(done.result), status=404 if gone else 200, position=done.position)


async def write(request: VaultRequest) -> Reply:
    """The next version; its metadata."""
    path, cas, data = name_of(request), _cas(request), _data(request)
    done = await kv(request).writing.write(request.call, path, data, await rules_of(request), cas)
    return Reply(data=version_data(done.result), position=done.position)


async def patch(request: VaultRequest) -> Reply:
    """The newest version with a merge patch (RFC 7396) applied, as the next one; 404 if it has no value."""
    path, cas, data = name_of(request), _cas(request), _data(request)
    done = await kv(request).writing.patch(request.call, path, data, await rules_of(request), cas)
    return Reply(data=version_data(done.result), position=done.position, status=200 if done.position else 404)


async def delete(request: VaultRequest) -> None:
    """Delete the newest version, if there is one that is not deleted or destroyed."""
    path = name_of(request)
    await kv(request).ending.delete_latest(request.call, path)


async def subkeys(request: VaultRequest) -> Reply:
    """The names within a version, `depth` levels deep, with null for values."""
    path, depth = name_of(request), request.fields.number("depth")
    if depth < 0:
        raise VaultError(400, "depth cannot be negative")
    (meta, names), position = await kv(request).reading.subkeys(
        request.call, path, request.fields.number("version"), depth
    )
    data = {"metadata": version_data(meta), "subkeys": names}
    return Reply(data=data, status=404 if names is None else 200, position=position)


async def exists(request: VaultRequest) -> bool:
    """Whether a write updates the secret rather than create it: whether it has metadata."""
    return await kv(request).metadata.exists(request.tenant, name_of(request))


def _data(request: VaultRequest) -> dict[str, Any]:
    data = object_in(request.fields, "data")
    if data is None:
        raise VaultError(400, "no data provided")
    return data


def _cas(request: VaultRequest) -> int | None:
    cas = (object_in(request.fields, "options") or {}).get("cas")
    if cas is None:
        return None
    text = str(int(cas)) if isinstance(cas, float) and cas.is_integer() else str(cas)
    if isinstance(cas, bool) or not _NUMBER.match(text):
        raise VaultError(400, "error parsing check-and-set parameter")
    return int(text)


ROUTES: Final = (
    Route("data/{path...}", {READ: read, UPDATE: write, PATCH: patch, DELETE: delete}, exists=exists, exact=True),
    Route("subkeys/{path...}", {READ: subkeys}),
)
