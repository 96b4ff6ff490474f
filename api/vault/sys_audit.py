"""`sys/audit`: every request is in the log, which is there always, for every tenant."""

from __future__ import annotations

from typing import Final

from api.vault.reply import Reply
from api.vault.request import READ, VaultRequest
from api.vault.table import Route


async def page(request: VaultRequest) -> Reply:
    """The one there is: the log itself. It can be neither enabled nor disabled."""
    request.call.require("audit:read")
    device = {
        "type": "trstctl",
        "path": "log/",
        "description": "the chained log of events",
        "options": None,
        "local": False,
    }
    return Reply(data={"log/": device}, hoisted=True)


ROUTES: Final = (
    Route("audit", {READ: page}, sudo=True),
    Route("audit/{path...}", {}, sudo=True),
    Route("audit-hash/{path...}", {}),
)
