"""How the server is: what clients ask before they show a token."""

from __future__ import annotations

from typing import Final

from api.vault.reply import Reply
from api.vault.request import READ, VaultRequest
from api.vault.table import Route


async def health(request: VaultRequest) -> Reply:
    """Whether requests are answered."""
    sealed = request.services.native.secrets_disabled is not None
    data = {"initialized": True, "sealed": sealed, "standby": False, "version": request.services.version}
    return Reply(data=data, status=503 if sealed else 200, bare=True)


ROUTES: Final = (Route("health", {READ: health}, open=True),)
