"""The read model of secrets: what is current, what was, what is listed, and for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.secret_view import SecretVersion
from projections.secrets import Secrets
from tests.unit.projections.projected import Tables, at, created, deleted, destroyed, undeleted, written

pytestmark = pytest.mark.anyio

MOMENT = timedelta(milliseconds=1)


class Told:
    """The view, and the tables it reads."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.view = Secrets(self.tables)
        self.tables.add(self.view)
        self.tell = self.tables.tell


@pytest.fixture
def told() -> Told:
    return Told()


async def test_version_is_told_with_what_is_true_of_its_name(told: Told) -> None:
    told.tell(created("a"), written("a"), written("a", 2, recovered_from=1), actor="ci#tok_9")
    assert await told.view.current("acme", "a") == SecretVersion(
        path="a", number=2, seal_id="seal-a-2", content_type="text/plain", metadata={"a": "1", "b": "2"}, born_at=at(2),
        created_at=at(3), actor="ci#tok_9", cause="recover", recovered_from=1, destroyed_at=None, current=2, live=True,
    )  # fmt: skip
    first = await told.view.version("acme", "a", 1)
    assert first is not None
    assert (first.number, first.current, first.created_at, first.recovered_from) == (1, 2, at(2), None)
    assert await told.view.version("acme", "a", 3) is None
    assert await told.view.current("acme", "b") is None


async def test_name_is_deleted_and_restored(told: Told) -> None:
    told.tell(created("a"), written("a"), written("a", 2), deleted("a"))
    current = await told.view.current("acme", "a")
    assert current is not None
    assert (current.live, current.number) == (False, 2)
    assert await told.view.living("acme", ["a"]) == {}
    told.tell(undeleted("a"))
    assert set(await told.view.living("acme", ["a"])) == {"a"}
    told.tell(deleted("a"), written("a", 3))
    living = await told.view.living("acme", ["a", "b"])
    assert living["a"].number == 3
    assert living["a"].born_at == at(2)


async def test_destroyed_versions_are_marked_and_their_seals_forgotten(told: Told) -> None:
    told.tell(created("a"), written("a"), written("a", 2), written("a", 3), destroyed("a", 1, 2))
    assert await told.view.seals("acme", "a") == {3: "seal-a-3"}
    history = await told.view.history("acme", "a", 10, 10)
    assert [(version.number, version.destroyed_at) for version in history] == [(3, None), (2, at(5)), (1, at(5))]
    assert history[0].live
    told.tell(destroyed("a", 3, everything=True))
    assert [version.live for version in await told.view.history("acme", "a", 10, 1)] == [False]


async def test_history_goes_back_from_a_number(told: Told) -> None:
    told.tell(created("a"), *(written("a", number) for number in range(1, 8)))
    assert [each.number for each in await told.view.history("acme", "a", 10**18, 3)] == [7, 6, 5]
    assert [each.number for each in await told.view.history("acme", "a", 5, 3)] == [4, 3, 2]
    assert [each.number for each in await told.view.history("acme", "a", 2, 3)] == [1]
    assert await told.view.history("acme", "a", 1, 3) == []


async def test_past_is_what_was_current_then(told: Told) -> None:
    told.tell(created("a"), written("a"), written("a", 2), deleted("a"), undeleted("a"), written("a", 3), deleted("a"))

    async def number_at(position: int, moved: timedelta = timedelta()) -> int | None:
        version = await told.view.at("acme", "a", at(position) + moved)
        return version.number if version else None

    assert [await number_at(position) for position in range(1, 9)] == [None, 1, 2, None, 2, 3, None, None]
    assert await number_at(2, -MOMENT) is None
    assert await number_at(3, -MOMENT) == 1
    assert await number_at(4, -MOMENT) == 2
    assert await told.view.at("acme", "b", at(9)) is None


async def test_destroying_everything_ends_the_past_that_follows(told: Told) -> None:
    told.tell(created("a"), written("a"), destroyed("a", 1, everything=True))
    before = await told.view.at("acme", "a", at(2))
    assert before is not None
    assert before.destroyed_at == at(3)
    assert await told.view.at("acme", "a", at(3)) is None


async def test_tenants_are_kept_apart_by_every_question(told: Told) -> None:
    told.tell(created("a"), written("a"))
    view = told.view
    assert await view.current("other", "a") is None
    assert await view.version("other", "a", 1) is None
    assert await view.history("other", "a", 10, 10) == []
    assert await view.seals("other", "a") == {}
    assert await view.at("other", "a", at(9)) is None
    assert await view.page("other", "", "", 10, live=True) == []
    assert await view.living("other", ["a"]) == {}
    told.tell(created("a"), written("a"), deleted("a"), tenant="other")
    assert set(await view.living("acme", ["a"])) == {"a"}


async def test_many_names_are_looked_up_at_once(told: Told) -> None:
    names = [f"n{number}" for number in range(1100)]
    for name in names[::2]:
        told.tell(written(name))
    assert set(await told.view.living("acme", names)) == set(names[::2])
    assert await told.view.living("acme", []) == {}


NAMES = st.sets(st.text("ab/-~", min_size=1, max_size=5), max_size=12)


@given(NAMES, st.sets(st.integers(0, 11)), st.text("ab/-", max_size=3), st.integers(1, 4))
async def test_pages_give_every_name_with_the_prefix_once_in_byte_order(
    names: set[str], dead: set[int], prefix: str, limit: int
) -> None:
    told = Told()
    gone = {name for number, name in enumerate(sorted(names)) if number in dead}
    for name in names:
        told.tell(written(name))
    for name in gone:
        told.tell(deleted(name))
    for live, wanted in ((True, names - gone), (False, gone)):
        assert await paged(told.view, prefix, limit, live=live) == sorted(
            name for name in wanted if name.startswith(prefix)
        )


async def paged(view: Secrets, prefix: str, limit: int, *, live: bool) -> list[str]:
    found: list[str] = []
    while page := await view.page("acme", prefix, found[-1] if found else "", limit, live=live):
        assert len(page) <= limit
        found += [version.path for version in page]
    return found


async def test_page_is_found_by_index_and_not_by_looking_through(told: Told) -> None:
    seen: list[str] = []
    told.tables.connection.set_trace_callback(seen.append)
    await told.view.page("acme", "app/", "app/db", 10, live=True)
    plan = told.tables.all(f"EXPLAIN QUERY PLAN {seen[0]}")
    assert all("SEARCH" in row[3] for row in plan), plan
    assert not any("TEMP B-TREE" in row[3] for row in plan), plan
