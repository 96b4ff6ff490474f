"""`trstctl` with one more kind of provider, `memory`: each call to it takes a millisecond, as to a server nearby."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from adapters.provider_table import KINDS
from cli.server.main import main
from tests.fakes.memory_backend import PLACES, Place

CALL_SECONDS: Final = 0.001


def placed() -> None:
    """Make the place that a `memory` provider without settings is at."""
    KINDS["memory"] = "tests.fakes.memory_backend"
    place = PLACES["here"] = Place()
    place.before = lambda _what, _name: asyncio.sleep(CALL_SECONDS)


if __name__ == "__main__":
    placed()
    sys.exit(main())
