"""The store as clients of Vault's key-value engine see it: a second face on the same secrets, versions and rules."""

from __future__ import annotations

from domain.commands.kv_ending import KvEnding
from domain.commands.kv_folders import KvFolders
from domain.commands.kv_metadata import KvMetadata
from domain.commands.kv_mounts import KvMountCommands
from domain.commands.kv_reading import KvReading
from domain.commands.kv_writing import KvWriting
from domain.commands.reading import SecretReads
from domain.commands.secrets import SecretCommands
from domain.kv_view import KvView
from domain.ports import Clock, Sealer


class KvCommands:
    """All of them, by what they are about."""

    def __init__(
        self,
        commands: SecretCommands,
        reads: SecretReads,
        view: KvView,
        mounts: KvMountCommands,
        sealer: Sealer,
        clock: Clock,
    ) -> None:
        self.mounts = mounts
        self.writing = KvWriting(commands, view, sealer, clock)
        self.reading = KvReading(reads, view, clock)
        self.ending = KvEnding(commands, view, clock)
        self.metadata = KvMetadata(commands, view, clock)
        self.folders = KvFolders(view)
