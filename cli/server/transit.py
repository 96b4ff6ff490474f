"""Transit encryption put together."""

from __future__ import annotations

import os

from adapters.crypto.transit import TransitCryptography
from adapters.transit_ring import TransitRing
from cli.server.leasing import Base
from domain.commands.transit import TransitCommands
from domain.commands.transit_copies import TransitCopies
from domain.commands.transit_encryption import TransitEncryption
from domain.commands.transit_keys import TransitKeyCommands
from domain.commands.transit_signing import TransitSigning
from domain.commands.transit_tools import TransitTools
from domain.commands.transit_using import KeyUse
from domain.ports import Clock


class Transit:
    """The commands on transit keys, and the keys that are kept open."""

    def __init__(self, base: Base, clock: Clock) -> None:
        log, repository, sealer, view, replies = (
            base.log, base.repository, base.sealer, base.views.transit_keys, base.replies,
        )  # fmt: skip
        self._cryptography = TransitCryptography()
        self._ring = TransitRing(view, sealer, self._cryptography)
        use = KeyUse(log, self._ring, view, self._cryptography, replies, clock)
        keys = TransitKeyCommands(log, repository, sealer, view, self._cryptography, replies, clock, os.urandom)
        self.commands = TransitCommands(
            keys=keys,
            encryption=TransitEncryption(use, self._cryptography),
            signing=TransitSigning(use, self._cryptography),
            copies=TransitCopies(log, repository, sealer, view, self._cryptography, keys, replies, clock),
            tools=TransitTools(use, self._cryptography),
        )

    def close(self) -> None:
        """Finish what is under way and wipe the keys."""
        self._cryptography.close()
        self._ring.wipe()
