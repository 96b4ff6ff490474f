"""What key-value clients ask of the tables of secrets: found by index, each tenant's its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.key_settings import KeySettings
from domain.secret_events import SecretForgotten, SettingsChanged, VersionsDeleted, VersionsExpiring, VersionsUndeleted
from domain.secret_view import DELETED, DUE, UNENDED, WITH_NAME
from projections.kv import Kv
from projections.secrets import Secrets
from tests.unit.projections.projected import HEADER, Tables, at, created, deleted, undeleted, written

pytestmark = pytest.mark.anyio


class Told:
    """The views, and the tables they read."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.secrets = Secrets(self.tables)
        self.kv = Kv(self.tables)
        self.tables.add(self.secrets)
        self.tell = self.tables.tell


@pytest.fixture
def told() -> Told:
    return Told()


async def test_native_deletion_ends_the_current_version_with_its_name(told: Told) -> None:
    told.tell(created("a"), written("a"), written("a", 2), deleted("a"))
    found = await told.kv.version("acme", "a", 0)
    assert found is not None
    assert (found.version.end, found.version.ends_at) == (WITH_NAME, at(4))
    first = await told.kv.version("acme", "a", 1)
    assert first is not None
    assert (first.version.end, first.version.ends_at) == (UNENDED, None)
    told.tell(undeleted("a"))
    found = await told.kv.version("acme", "a", 0)
    assert found is not None
    assert (found.version.end, found.version.ends_at) == (UNENDED, None)


async def test_version_of_a_deleted_name_is_deleted_though_no_row_says_so(told: Told) -> None:
    told.tell(created("a"), written("a"), written("a", 2), deleted("a"))
    told.tables.connection.execute("DELETE FROM version_ends")  # as in a store from before there was this table
    states = {number: await told.kv.version("acme", "a", number) for number in (1, 2)}
    assert {number: found and found.version.is_deleted(at(9)) for number, found in states.items()} == {
        1: False,
        2: True,
    }


async def test_what_came_due_ended_then_and_what_was_deleted_before_ended_before(told: Told) -> None:
    def expiring(number: int, seconds: int) -> VersionsExpiring:
        return VersionsExpiring(**HEADER, path="a", numbers=[number], expires_at=at(seconds))  # type: ignore[arg-type]  # a mixed dict

    told.tell(created("a"), written("a"), written("a", 2), expiring(1, 5), expiring(2, 99))
    for number in (1, 2):
        found = await told.kv.version("acme", "a", number)
        assert found is not None
        assert found.version.end == DUE
    told.tell(VersionsDeleted(**HEADER, path="a", numbers=[1, 2]))  # type: ignore[arg-type]  # a mixed dict
    ends = {each.number: each.ends_at for each in await told.kv.versions("acme", "a", 9)}
    assert ends == {1: at(5), 2: at(6)}
    told.tell(VersionsUndeleted(**HEADER, path="a", numbers=[1]))  # type: ignore[arg-type]  # a mixed dict
    found = await told.kv.version("acme", "a", 2)
    assert found is not None
    assert found.version.end == DELETED
    assert found.version.is_deleted(at(0) - timedelta(days=1))  # recorded: by whatever clock


async def test_settings_are_told_with_the_key_and_forgotten_with_it(told: Told) -> None:
    told.tell(SettingsChanged(**HEADER, path="a", max_versions=3, cas_required=True))  # type: ignore[arg-type]  # a mixed dict
    told.tell(SettingsChanged(**HEADER, path="a", custom_metadata={"b": "c"}, delete_after_seconds=9))  # type: ignore[arg-type]  # a mixed dict
    key = await told.kv.key("acme", "a")
    assert key is not None
    assert key.settings == KeySettings(
        max_versions=3, cas_required=True, delete_after_seconds=9, custom_metadata={"b": "c"}
    )
    assert (key.newest, key.born_at, key.changed_at) == (0, at(1), at(2))
    told.tell(written("a"), written("a", 2), SecretForgotten(**HEADER, path="a", number=2))  # type: ignore[arg-type]  # a mixed dict
    assert await told.kv.key("acme", "a") is None
    assert await told.secrets.current("acme", "a") is None
    told.tell(written("a", 3))
    key = await told.kv.key("acme", "a")
    assert key is not None
    assert (key.newest, key.settings, key.born_at) == (1, KeySettings(), at(6))
    found = await told.kv.version("acme", "a", 1)
    assert found is not None
    assert (found.version.number, found.forgotten, found.custom_metadata) == (3, 2, {})


async def test_tenants_are_kept_apart(told: Told) -> None:
    told.tell(created("a"), written("a"), tenant="other")
    assert await told.kv.key("acme", "a") is None
    assert await told.kv.version("acme", "a", 0) is None
    assert await told.kv.versions("acme", "a", 9) == []
    assert await told.kv.names("acme", "", "", 9) == []


QUESTIONS: dict[str, Callable[[Told], Awaitable[object]]] = {
    "current": lambda told: told.secrets.current("acme", "a"),
    "one": lambda told: told.secrets.version("acme", "a", 1),
    "history": lambda told: told.secrets.history("acme", "a", 9, 9),
    "key": lambda told: told.kv.key("acme", "a"),
    "newest": lambda told: told.kv.version("acme", "a", 0),
    "numbered": lambda told: told.kv.version("acme", "a", 1),
    "versions": lambda told: told.kv.versions("acme", "a", 9),
    "names": lambda told: told.kv.names("acme", "a/", "a/b", 9),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_each_question_is_answered_in_one_read_by_index(told: Told, question: str) -> None:
    seen: list[str] = []
    told.tables.connection.set_trace_callback(seen.append)
    await QUESTIONS[question](told)
    (asked,) = seen
    plan = told.tables.all(f"EXPLAIN QUERY PLAN {asked}")
    assert all("SEARCH" in row[3] for row in plan), plan
    assert not any("TEMP B-TREE" in row[3] for row in plan), plan
