"""Signs the log's head every so many events and seconds, and when the server stops."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from adapters.checkpoint_files import CheckpointFolder
from adapters.log.linking import Head
from adapters.signing_key import SigningKey
from domain.checkpoint import parsed_checkpoint, signed_checkpoint
from domain.errors import LogBroken, TrstctlError
from domain.ports import Reader
from domain.signed_note import NoteKey

_HEAD: Final = "SELECT position, hash FROM events ORDER BY position DESC LIMIT 1"
_AT: Final = "SELECT hash FROM events WHERE position = ?"
_log = logging.getLogger("trstctl.checkpoints")


class Checkpointer:
    """Keeps checkpoints in a folder, each once. `every_events` counts from the last one it signed."""

    def __init__(
        self, reader: Reader, folder: CheckpointFolder, key: SigningKey, origin: str, every_events: int
    ) -> None:
        self.folder = folder
        self.note_key = NoteKey(origin, key.public)
        self._reader = reader
        self._key = key
        self._every = every_events
        self._signed = 0
        self.broken: str | None = None
        """What speaks against signing: a kept checkpoint that the log, as it is, does not fit."""
        self._signing: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    async def begin(self) -> None:
        """Compare the newest kept checkpoint with the log; if it fits, sign what is new.

        So a log that was cut or rolled back is not signed on. What is wrong is logged, and kept in `broken`.
        """
        try:
            await self._compare()
        except TrstctlError as error:
            self.broken = error.message
            _log.critical("the log does not fit its newest checkpoint", exc_info=error, extra={"reason": error.message})
        else:
            await self.sign_if_grown()

    async def _compare(self) -> None:
        held = await asyncio.to_thread(self.folder.newest)
        if held is None:
            return
        checkpoint = parsed_checkpoint(held.note).checkpoint
        rows = await self._reader.system_rows(_AT, (checkpoint.size,))
        if checkpoint.size and (not rows or bytes(rows[0][0]) != checkpoint.head):
            state = "ends before" if not rows else "has another event at"
            raise LogBroken(
                f"{held.source} was signed at position {checkpoint.size}, but the log {state} it: it was rolled back,"
                " cut or rewritten; see: trstctl audit verify"
            )

    async def sign(self) -> str:
        """Sign the head as it is now and return the note.

        Raises `LogBroken` if an older note says otherwise.
        """
        if self.broken:
            raise LogBroken(self.broken)
        rows = await self._reader.system_rows(_HEAD)
        position, digest = rows[0]
        note = signed_checkpoint(position, bytes(digest), self.note_key, self._key.sign)
        await asyncio.to_thread(self._keep, note)
        self._signed = position
        return note

    def _keep(self, note: str) -> None:
        self.folder.write_key(self.note_key)
        self.folder.write(note)

    async def sign_if_grown(self) -> None:
        """Sign if there are events that no checkpoint of this process covers; what goes wrong is logged, loudly."""
        try:
            rows = await self._reader.system_rows(_HEAD)
            if rows and rows[0][0] > self._signed:
                await self.sign()
        except TrstctlError as error:
            _log.critical("the log's head could not be signed", exc_info=error, extra={"reason": error.message})

    def committed(self, _count: int, _seconds: float, head: Head) -> None:
        """An observer of commits: may be called on any thread."""
        if head.position - self._signed >= self._every and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if self._signing is None or self._signing.done():
            self._signing = self._loop.create_task(self.sign_if_grown())
