"""What the API offers of the log itself: the export that verifies, verification, checkpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from adapters.checkpointer import Checkpointer
from adapters.crypto import ed25519_verify
from adapters.log.follower import Follower
from adapters.log_export import full_line, withheld_line
from cli.server.config import Settings
from cli.server.log_sources import of_settings
from domain.errors import KeyUnavailable
from domain.ports import Reader
from domain.verification.report import Report
from domain.verification.source import HeldCheckpoint
from domain.verification.verification import verify

_ROWS: Final = """SELECT position, id, stream, version, type, tenant, time, actor, request_id, body, prev_hash, hash
 FROM events ORDER BY position"""
_HEAD: Final = "SELECT coalesce(max(position), 0) FROM events"


class LogAuditing:
    """Without a checkpointer (for want of the KEK) checkpoints are refused, the rest is served."""

    def __init__(
        self, settings: Settings, reader: Reader, checkpointer: Checkpointer | None, follower: Follower
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._checkpointer = checkpointer
        self._follower = follower
        self._verifying = asyncio.Lock()

    async def export(self, tenant: str) -> AsyncIterator[bytes]:
        """The whole chain, a line an event: the tenant's own in full, of others only digests."""
        lines: list[bytes] = []
        async for row in self._reader.stream(None, _ROWS):
            stored = (*row[:9], bytes(row[9]), bytes(row[10]), bytes(row[11]))
            lines.append((full_line if row[5] == tenant else withheld_line)(stored))
            if len(lines) == 200:
                yield b"".join(lines)
                lines.clear()
        yield b"".join(lines)

    async def verify(self) -> Mapping[str, Any]:
        """Check the whole log; one check at a time, for each reads everything."""
        async with self._verifying:
            report = await asyncio.to_thread(self._verified)
        told: dict[str, Any] = msgspec.to_builtins(report)
        return told

    def _verified(self) -> Report:
        key = self._checkpointer.note_key if self._checkpointer else None
        held: list[HeldCheckpoint] = self._checkpointer.folder.held() if self._checkpointer else []
        with of_settings(self._settings) as source:
            return verify(source, ed25519_verify, checkpoints=held, key=key)

    async def checkpoints(self) -> Sequence[str]:
        """The notes held, the smallest first."""
        folder = self._available().folder
        return [held.note for held in await asyncio.to_thread(folder.held)]

    async def checkpoint(self) -> str:
        """Sign and keep the head as it is now."""
        return await self._available().sign()

    def public_key(self) -> str:
        """The vkey that checkpoints verify with."""
        return self._available().note_key.vkey

    def broken(self) -> str | None:
        """Why the log cannot be what was signed, or None."""
        return self._checkpointer.broken if self._checkpointer else None

    async def caught_up(self) -> None:
        """Wait until what was written before now is found by a search; raises `StoreUnavailable` after some seconds."""
        rows = await self._reader.system_rows(_HEAD)
        await self._follower.caught_up(rows[0][0], 5.0)

    def _available(self) -> Checkpointer:
        if self._checkpointer is None:
            raise KeyUnavailable("checkpoints cannot be signed for want of the KEK; see: trstctl serve --check")
        return self._checkpointer
