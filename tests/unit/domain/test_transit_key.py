"""The aggregate TransitKey: what may follow what, and what the process manager makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Conflict, Invalid, NotFound
from domain.process import ROTATE_TRANSIT_KEY, Change, Discharged, Due, changes
from domain.transit.key import TransitKey
from domain.transit.key_types import TYPES
from domain.transit.limits import MAX_VERSIONS, checked_name
from domain.transit.plans import KeyPlan, RestoredPlan, SealedVersion
from tests.unit.domain.folding import taken

NOW = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAN = KeyPlan(type=TYPES["aes256-gcm96"], auto_rotate_seconds=3600)


def version(number: int) -> SealedVersion:
    return SealedVersion(number=number, seal_id=f"s{number}", seal_digest="0" * 64, public="", made_at=NOW)


def made(versions: int = 1, plan: KeyPlan = PLAN) -> TransitKey:
    key = TransitKey.create("acme", "orders", 1, plan, version(1), NOW)
    for number in range(2, versions + 1):
        key.rotate(version(number), "request", NOW + (number - 1) * HOUR)
    return key


def found(key: TransitKey) -> list[Change]:
    return [change for event in taken(key) for change in changes(event)]


def test_each_rotation_sets_the_time_of_the_next() -> None:
    assert found(made(3)) == [Due(ROTATE_TRANSIT_KEY, "orders", NOW + number * HOUR) for number in (1, 2, 3)]


def test_key_without_a_period_is_not_waited_for() -> None:
    key = made()
    key.configure({"auto_rotate_seconds": 0}, NOW)
    assert found(key)[-1] == Discharged(ROTATE_TRANSIT_KEY, "orders")
    assert found(made(plan=KeyPlan(type=TYPES["ed25519"]))) == [Discharged(ROTATE_TRANSIT_KEY, "orders")]


def test_what_else_is_configured_leaves_the_time_as_it_is() -> None:
    key = made()
    key.configure({"exportable": True}, NOW + HOUR / 2)
    assert found(key)[-1] == Due(ROTATE_TRANSIT_KEY, "orders", NOW + HOUR)


def test_deleted_key_is_not_waited_for_and_does_nothing_more() -> None:
    key = made(2)
    key.configure({"deletion_allowed": True}, NOW)
    assert key.delete(NOW) == ["s1", "s2"]
    assert found(key)[-1] == Discharged(ROTATE_TRANSIT_KEY, "orders")
    for act in (
        key.must_take_another,
        lambda: key.delete(NOW),
        lambda: key.trim(1, NOW),
        lambda: key.configure({}, NOW),
    ):
        with pytest.raises(NotFound):
            act()


def test_rotation_by_period_is_due_at_its_time_alone() -> None:
    key = made()
    with pytest.raises(Conflict):
        key.must_be_due(NOW + HOUR - timedelta(seconds=1))
    key.must_be_due(NOW + HOUR)
    key.rotate(version(2), "period", NOW + HOUR)
    with pytest.raises(Conflict):
        key.must_be_due(NOW + HOUR)


def test_versions_are_bounded() -> None:
    key = made(MAX_VERSIONS)
    with pytest.raises(Conflict, match="trim"):
        key.must_take_another()
    key.configure({"min_decryption": 2, "min_encryption": 2}, NOW)
    assert key.trim(2, NOW) == ["s1"]
    assert key.must_take_another() == MAX_VERSIONS + 1


def test_trimming_again_changes_nothing_and_never_brings_back() -> None:
    key = made(3)
    key.configure({"min_decryption": 3, "min_encryption": 3}, NOW)
    assert key.trim(2, NOW) == ["s1"]
    taken(key)
    assert key.trim(2, NOW) == []
    assert taken(key) == []
    with pytest.raises(Invalid):
        key.trim(1, NOW)
    with pytest.raises(Invalid):
        key.configure({"min_decryption": 1}, NOW)


def test_restored_key_is_what_it_was() -> None:
    was = RestoredPlan(plan=PLAN, number=3, min_available=2, min_decryption=2, min_encryption=3, deletion_allowed=True)
    key = TransitKey.restore("acme", "orders", 2, was, [version(2), version(3)], NOW)
    assert (key.number, key.min_available, key.min_decryption, key.min_encryption) == (3, 2, 2, 3)
    assert key.deletion_allowed
    assert found(key) == [Due(ROTATE_TRANSIT_KEY, "orders", NOW + HOUR)]
    assert key.delete(NOW) == ["s2", "s3"]


def test_a_name_used_again_is_another_stream() -> None:
    again = TransitKey.create("acme", "orders", 2, PLAN, version(1), NOW)
    elsewhere = TransitKey.create("other", "orders", 1, PLAN, version(1), NOW)
    assert len({made().id, again.id, elsewhere.id}) == 3


@pytest.mark.parametrize("name", ["a", "_", "Orders.v2", "a-b_c", "x" * 128])
def test_names_that_may_be(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "-", "a-", ".a", "a/b", "a b", "ä", "x" * 129, "a\n"])
def test_names_that_may_not_be(name: str) -> None:
    with pytest.raises(Invalid):
        checked_name(name)
