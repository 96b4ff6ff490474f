"""`sys/tools`: random bytes and digests, as below `transit/`."""

from __future__ import annotations

from typing import Final

from api.vault import transit_tools

ROUTES: Final = tuple(route._replace(pattern=f"tools/{route.pattern}") for route in transit_tools.ROUTES)
