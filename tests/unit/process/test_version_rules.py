"""What the process manager makes of versions: one with an end comes due then, unless something came before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.key_settings import SettingsChange
from domain.process import DELETE_VERSION, Change, Discharged, Due, changes
from domain.secret import Secret, Written
from tests.unit.domain.folding import taken

NOW = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
END = NOW + timedelta(minutes=1)


def secret(versions: int = 2) -> Secret:
    made = Secret.begin("acme", "app/db", NOW)
    made.set(SettingsChange(delete_after_seconds=60, max_versions=2), NOW)
    for _ in range(versions):
        made.write(
            Written(seal_id="s", seal_digest="d", content_type="t", metadata={}, references=[], cause="create"), NOW
        )
    return made


def found(made: Secret) -> list[Change]:
    return [change for event in taken(made) for change in changes(event)]


def test_version_with_an_end_comes_due_then() -> None:
    assert found(secret()) == [Due(DELETE_VERSION, f"app/db@{number}", END) for number in (1, 2)]


def test_pruned_version_is_not_waited_for() -> None:
    assert found(secret(3))[-1] == Discharged(DELETE_VERSION, "app/db@1")


@pytest.mark.parametrize("end", ["delete", "delete_versions", "destroy", "settle", "forget"])
def test_end_that_came_before_discharges_it(end: str) -> None:
    made = secret()
    taken(made)
    ways: dict[str, Callable[[], object]] = {
        "delete": lambda: made.delete(NOW),
        "delete_versions": lambda: made.delete_versions([2], NOW),
        "destroy": lambda: made.destroy([2], NOW),
        "settle": lambda: made.settle(END),
        "forget": lambda: made.forget(NOW),
    }
    ways[end]()
    assert Discharged(DELETE_VERSION, "app/db@2") in found(made)


def test_undeleted_version_comes_due_anew() -> None:
    made = secret()
    made.settle(END)
    taken(made)
    made.undelete_versions([1], END)
    assert found(made) == [
        Discharged(DELETE_VERSION, "app/db@1"), Due(DELETE_VERSION, "app/db@1", END + timedelta(minutes=1)),
    ]  # fmt: skip
