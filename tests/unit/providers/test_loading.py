"""What a kind of provider needs is imported on a thread: an SDK takes up to a second, and the event loop serves all."""

from __future__ import annotations

import threading
from importlib import import_module
from types import ModuleType

import pytest

from adapters import provider_table
from domain.errors import Invalid

pytestmark = pytest.mark.anyio


async def test_all_of_a_kind_is_imported_and_none_of_it_on_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: dict[str, threading.Thread] = {}

    def watched(name: str) -> ModuleType:
        imported[name] = threading.current_thread()
        return import_module(name)

    monkeypatch.setattr(provider_table, "import_module", watched)
    await provider_table.load("kubernetes")
    assert {"adapters.providers.kubernetes.backend", "adapters.providers.kubernetes.client"} <= imported.keys()
    assert threading.current_thread() not in imported.values()


async def test_unknown_kind_is_refused() -> None:
    with pytest.raises(Invalid, match="no provider kind"):
        await provider_table.load("nothing")
