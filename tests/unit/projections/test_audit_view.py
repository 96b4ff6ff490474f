"""The audit index: which events a tenant finds, by what, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import SecretRead, SecretsCompared, SecretsInjected
from domain.event import Event
from domain.instants import instant
from domain.transit.events import TransitKeyDeleted
from domain.transit.uses import TransitDrawn, TransitEncrypted, TransitSetAside
from projections.audit import AuditEvents, AuditFilter
from tests.unit.projections.projected import HEADER, Tables, at, created, deleted, written

pytestmark = pytest.mark.anyio

EVENTS = """CREATE TABLE events (position INTEGER PRIMARY KEY, id TEXT, stream TEXT, version INTEGER, type TEXT,
 tenant TEXT, time TEXT, actor TEXT, request_id TEXT, body BLOB, prev_hash BLOB, hash BLOB)"""


class Index:
    """The view over an index and a log, to which events are told."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.view = AuditEvents(self.tables)
        self.tables.add(self.view)
        self.tables.connection.execute(EVENTS)

    def tell(self, *events: Event, tenant: str = "acme", actor: str = "ops#tok_1", times: int = 1) -> None:
        for event in events:
            self.tables.tell(event, tenant=tenant, actor=actor, times=times)
            position = self.tables.position
            row = (
                position,
                f"{position:032x}",
                "stream",
                1,
                event.TOPIC,
                tenant,
                instant(at(position)),
                actor,
                "req",
                b"{}",
            )
            self.tables.connection.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'00', x'ff')", row
            )

    async def found(self, tenant: str = "acme", **conditions: object) -> list[int]:
        """Positions, oldest first."""
        wanted = AuditFilter(**conditions)  # type: ignore[arg-type]  # conditions of one test
        page = await self.view.page(tenant, wanted, cursor=None, newest_first=False, limit=100)
        return [event.position for event in page]


def read(path: str) -> Event:
    return SecretRead(**HEADER, path=path, number=1, how="get")  # type: ignore[arg-type]  # a mixed dict


@pytest.fixture
def index() -> Index:
    return Index()


async def test_events_are_found_by_type(index: Index) -> None:
    index.tell(created("a"), written("a"), read("a"), deleted("a"))
    assert await index.found() == [1, 2, 3, 4]
    assert await index.found(types=("secret.read",)) == [3]
    assert await index.found(types=("secret.read", "secret.deleted", "no.such")) == [3, 4]
    assert await index.found(types=("no.such",)) == []


async def test_events_are_found_by_time_from_inclusive_to_exclusive(index: Index) -> None:
    index.tell(*(read("a") for _ in range(5)))
    assert await index.found(since=at(2)) == [2, 3, 4, 5]
    assert await index.found(until=at(4)) == [1, 2, 3]
    assert await index.found(since=at(2), until=at(4)) == [2, 3]
    assert await index.found(since=at(6)) == []


async def test_events_are_found_by_subject_or_by_token(index: Index) -> None:
    index.tell(read("a"), actor="ops#tok_1")
    index.tell(read("a"), actor="ops#tok_2")
    index.tell(read("a"), actor="opsx#tok_1")
    assert await index.found(actor="ops") == [1, 2]
    assert await index.found(actor="ops#tok_2") == [2]
    assert await index.found(actor="op") == []


async def test_events_are_found_by_path_or_by_what_it_begins_with(index: Index) -> None:
    index.tell(read("app/db"), read("app/db/x"), read("app"), read("apq"))
    assert await index.found(path="app/db") == [1]
    assert await index.found(path="app/db*") == [1, 2]
    assert await index.found(path="app/*") == [1, 2]
    assert await index.found(path="*") == [1, 2, 3, 4]
    assert await index.found(path="nothing") == []


async def test_event_about_several_paths_is_found_by_each_and_told_once(index: Index) -> None:
    variables = {"A": "app/a", "B": "app/b", "C": "app/a"}
    index.tell(SecretsInjected(**HEADER, variables=variables))  # type: ignore[arg-type]  # a mixed dict
    index.tell(SecretsCompared(**HEADER, left="app/a@1", right="app/a@2"))  # type: ignore[arg-type]  # a mixed dict
    index.tell(SecretsCompared(**HEADER, left="staging", right="production"))  # type: ignore[arg-type]  # a mixed dict
    assert await index.found(path="app/b") == [1]
    assert await index.found(path="app/a") == [1, 2]
    assert await index.found(path="app/*") == [1, 2]
    assert await index.found(path="production") == [3]


async def test_events_of_a_transit_key_are_found_by_its_name(index: Index) -> None:
    use = {**HEADER, "numbers": [1], "count": 1, "failed": 0}
    index.tell(TransitEncrypted(**use, key="orders"))  # type: ignore[arg-type]  # a mixed dict
    index.tell(TransitKeyDeleted(**HEADER, key="team~eu~orders", key_type="ed25519", numbers=[1]))  # type: ignore[arg-type]
    index.tell(TransitSetAside(**HEADER, key="orders", ref="0", number=1, count=9))  # type: ignore[arg-type]
    index.tell(TransitDrawn(**use, key=""))  # type: ignore[arg-type]
    assert await index.found(path="orders") == [1, 3]
    assert await index.found(path="team~eu~*") == [2]
    assert await index.found(text="ORDERS") == [1, 2, 3]
    assert index.tables.all("SELECT count(*) FROM audit_paths") == [(3,)]


@pytest.mark.parametrize(
    "text,positions", [("APP/DB", [1]), ("secret.read", [1, 2, 3]), ("tok_7", [3]), ("%", []), ("a_p", []), ("\\", [])]
)
async def test_text_is_looked_for_literally_in_type_actor_and_paths(
    text: str, positions: list[int], index: Index
) -> None:
    index.tell(read("app/db"), read("other"))
    index.tell(read("other"), actor="ci#tok_7")
    assert await index.found(text=text) == positions


async def test_conditions_hold_together(index: Index) -> None:
    index.tell(created("a"), read("a"), read("b"))
    index.tell(read("a"), actor="ci#tok_2")
    assert await index.found(path="a", types=("secret.read",), actor="ops", since=at(1), until=at(9), text="a") == [2]


async def test_tenant_finds_its_own_events_alone(index: Index) -> None:
    index.tell(read("a"))
    index.tell(read("a"), tenant="other")
    assert await index.found() == [1]
    assert await index.found("other", path="a") == [2]
    assert await index.found("third") == []


async def test_applying_twice_changes_nothing(index: Index) -> None:
    index.tell(read("a"), written("b"), times=3)
    assert await index.found() == [1, 2]
    assert index.tables.all("SELECT count(*) FROM audit_paths") == [(2,)]


async def test_event_is_told_whole(index: Index) -> None:
    index.tell(read("a"))
    (event,) = await index.view.page("acme", AuditFilter(), cursor=None, newest_first=True, limit=1)
    assert (event.position, event.id, event.type, event.tenant) == (1, f"{1:032x}", "secret.read", "acme")
    assert (event.time, event.actor, event.request_id) == (instant(at(1)), "ops#tok_1", "req")
    assert (event.body, event.hash) == ({}, "ff")


@given(st.lists(st.sampled_from(["a", "b"]), max_size=12), st.integers(1, 5), st.booleans())
async def test_cursors_lead_through_everything_both_ways(paths: Sequence[str], limit: int, newest_first: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    index = Index()
    index.tell(*(read(path) for path in paths))
    found: list[int] = []
    cursor = None
    while page := await index.view.page(
        "acme", AuditFilter(path="a"), cursor=cursor, newest_first=newest_first, limit=limit
    ):
        found += [event.position for event in page]
        cursor = found[-1]
    wanted = [position for position, path in enumerate(paths, start=1) if path == "a"]
    assert found == (wanted[::-1] if newest_first else wanted)
