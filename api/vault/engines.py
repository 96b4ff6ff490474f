"""Every engine of the Vault surface, by kind of mount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.vault import sys_status, tokens
from api.vault.table import Engine

ENGINES: Final[Mapping[str, Engine]] = {
    "system": Engine("system", sys_status.ROUTES),
    "token": Engine("token", tokens.ROUTES),
}
