"""Whether this process can do its work: write the store, trust the head of the chain, open a tenant's key."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Final

from adapters.kek_folder import KekFolder
from adapters.log.committer import WatchedLog
from domain.chain import header_bytes, link
from domain.errors import LogBroken, TrstctlError
from domain.ports import Append, Reader

_HEAD: Final = """SELECT position, id, stream, version, type, tenant, time, actor, request_id, body, prev_hash, hash
 FROM events ORDER BY position DESC LIMIT 2"""
_KEKS: Final = "SELECT DISTINCT kek_id FROM tenant_keys"
_PROBE: Final = "INSERT INTO tracking VALUES ('probe', 1) ON CONFLICT (name) DO UPDATE SET position = excluded.position"
_FRESH: Final = 1.0


class Readiness:
    """The checks, made at most once a second however often they are asked for."""

    def __init__(
        self, committer: WatchedLog, reader: Reader, keks: KekFolder, broken: Callable[[], str | None]
    ) -> None:
        self._committer = committer
        self._reader = reader
        self._keks = keks
        self._broken = broken
        self._made_at = -_FRESH
        self._made: Mapping[str, str] = {}

    async def checks(self) -> Mapping[str, str]:
        """Each check's state by its name: 'ok', or what is wrong."""
        if time.monotonic() - self._made_at >= _FRESH:
            checks = {"store": self._writable, "chain": self._consistent, "kek": self._key_usable}
            self._made = {name: await _state(check) for name, check in checks.items()}
            self._made_at = time.monotonic()
        return self._made

    async def _writable(self) -> None:
        probe = Append(tenant="", actor="", request_id="", events=(), statements=[(_PROBE, ())])
        await self._committer.append(probe)

    async def _consistent(self) -> None:
        if problem := self._broken():
            raise LogBroken(problem)
        rows = await self._reader.system_rows(_HEAD)
        if not rows:
            return
        position, *header, body, prev_hash, digest = rows[0]
        expected = link(
            bytes(prev_hash), position, sha256(header_bytes(*header)).digest(), sha256(bytes(body)).digest()
        )
        if expected != bytes(digest) or (len(rows) > 1 and bytes(rows[1][-1]) != bytes(prev_hash)):
            raise LogBroken(f"the event at position {position} does not fit the chain; see: trstctl audit verify")

    async def _key_usable(self) -> None:
        self._keks.current()
        for (kek_id,) in await self._reader.system_rows(_KEKS):
            self._keks.find(kek_id)


async def _state(check: Callable[[], Awaitable[None]]) -> str:
    try:
        await check()
    except TrstctlError as error:
        return error.message
    return "ok"
