"""`transit/`: encryption, signatures and HMACs by keys that stay here, on the commands of the native face."""

from __future__ import annotations

from typing import Final

from api.vault import (
    transit_copies,
    transit_datakey,
    transit_encryption,
    transit_keys,
    transit_signing,
    transit_tools,
    transit_verifying,
)

ROUTES: Final = tuple(
    route
    for part in (
        transit_encryption,
        transit_signing,
        transit_verifying,
        transit_datakey,
        transit_keys,
        transit_copies,
        transit_tools,
    )
    for route in part.ROUTES
)
