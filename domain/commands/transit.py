"""Transit encryption: both faces, the native one and that of Vault, call these and nothing else."""

from __future__ import annotations

from typing import NamedTuple

from domain.commands.transit_copies import TransitCopies
from domain.commands.transit_encryption import TransitEncryption
from domain.commands.transit_keys import TransitKeyCommands
from domain.commands.transit_signing import TransitSigning
from domain.commands.transit_tools import TransitTools


class TransitCommands(NamedTuple):
    """All of them, by what they are about."""

    keys: TransitKeyCommands
    encryption: TransitEncryption
    signing: TransitSigning
    copies: TransitCopies
    tools: TransitTools
