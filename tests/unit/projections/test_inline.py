"""Events that say no inline read model concerns itself with them: the committer then asks none."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import projections
from domain.event import Event
from domain.events import EVENTS
from domain.ports import Record
from tests.stores import every_projection

PASSED_OVER = [kind for kind in EVENTS.values() if not kind.INLINE]
NOW = datetime(2026, 6, 25, 12, tzinfo=UTC)
VALUES: dict[str, Any] = {"numbers": [1], "number": 1, "count": 1, "failed": 0, "originator_version": 1}


def sample(kind: type[Event]) -> Record:
    fields = {name: VALUES.get(name, "x") for name in kind.__struct_fields__}
    event = kind(**{**fields, "originator_id": uuid4(), "timestamp": NOW})
    return Record(
        position=1, id="e", stream=uuid4(), version=1, type=kind.TOPIC, tenant="acme", time=NOW, actor="alice#tok",
        request_id="r", event=event,
    )  # fmt: skip


def test_the_commonest_events_are_passed_over() -> None:
    assert {"secret.read", "transit.encrypted", "transit.decrypted"} <= {kind.TOPIC for kind in PASSED_OVER}


@pytest.mark.parametrize("kind", PASSED_OVER, ids=lambda kind: kind.TOPIC)
def test_no_inline_read_model_changes_by_them(kind: type[Event]) -> None:
    for projection in every_projection():
        if projection.name != "audit":  # it follows the log, and is asked for every event
            assert list(projection.apply(sample(kind))) == [], projection.name


@pytest.mark.parametrize("kind", PASSED_OVER, ids=lambda kind: kind.TOPIC)
def test_no_inline_read_model_names_them(kind: type[Event]) -> None:
    folder = Path(projections.__path__[0])
    bases = [base.__name__ for base in kind.__mro__[: kind.__mro__.index(Event)] if base.__name__ != "AccessEvent"]
    for file in folder.glob("*.py"):
        if file.name != "audit.py":
            assert not re.search(rf"\b({'|'.join(bases)})\b", file.read_text()), file.name
