"""The aggregate Secret: which changes it allows in which state, and the events they make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from domain.errors import AlreadyExists, CheckAndSetFailed, Conflict, Invalid, NotFound
from domain.names import stream_of
from domain.secret import (
    Secret,
    SecretCreated,
    SecretDeleted,
    SecretUndeleted,
    VersionsDestroyed,
    VersionWritten,
    Written,
)
from tests.unit.domain.folding import folded, state, taken

NOW = datetime(2026, 6, 25, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def written(number: int = 1, **changes: object) -> Written:
    fields: dict[str, object] = {
        "seal_id": f"seal{number}",
        "seal_digest": f"digest{number}",
        "content_type": "text/plain",
        "metadata": {"owner": "ops"},
        "references": ["a", "b@2"],
        "cause": "create",
    }
    return Written(**(fields | changes))  # type: ignore[arg-type]  # the fields are those of Written


def secret(versions: int = 1) -> Secret:
    made = Secret.begin("acme", "app/db", NOW)
    for number in range(1, versions + 1):
        made.write(written(number), NOW)
    return made


def test_first_value_makes_two_events_of_one_stream() -> None:
    created, version = taken(secret())
    stream = stream_of("secret", "acme", "app/db")
    assert created == SecretCreated(
        originator_id=stream, originator_version=1, timestamp=NOW, originator_topic="secret", path="app/db"
    )
    assert version == VersionWritten(
        originator_id=stream, originator_version=2, timestamp=NOW, path="app/db", number=1, seal_id="seal1",
        seal_digest="digest1", content_type="text/plain", metadata={"owner": "ops"}, references=["a", "b@2"],
        cause="create", recovered_from=None,
    )  # fmt: skip


def test_each_write_is_the_next_version_and_makes_the_name_live() -> None:
    made = secret()
    made.delete(LATER)
    assert made.write(written(2, cause="recover", recovered_from=1), LATER) == 2
    assert (made.current, made.live) == (2, True)
    event = taken(made)[-1]
    assert isinstance(event, VersionWritten)
    assert (event.cause, event.recovered_from, event.timestamp) == ("recover", 1, LATER)


def test_name_is_free_before_its_first_version_and_while_deleted() -> None:
    made = Secret.begin("acme", "app/db", NOW)
    made.must_be_free()
    made.write(written(), NOW)
    with pytest.raises(AlreadyExists) as refused:
        made.must_be_free()
    assert refused.value.extensions == {"paths": ["app/db"]}
    made.delete(NOW)
    made.must_be_free()


def test_check_and_set_compares_with_the_current_version() -> None:
    made = secret(3)
    made.must_be_at(3)
    made.must_be_at(None)
    for wrong in (2, 4, 0, -1):
        with pytest.raises(CheckAndSetFailed) as refused:
            made.must_be_at(wrong)
        assert refused.value.extensions == {"current_version": 3}
    made.delete(NOW)
    made.must_be_at(0)
    with pytest.raises(CheckAndSetFailed):
        made.must_be_at(3)


def test_deleting_twice_finds_nothing() -> None:
    made = secret()
    made.delete(LATER)
    assert isinstance(taken(made)[-1], SecretDeleted)
    assert not made.live
    with pytest.raises(NotFound):
        made.must_live()
    with pytest.raises(NotFound):
        made.delete(LATER)
    assert taken(made) == []


def test_undelete_restores_a_deleted_name_only() -> None:
    made = secret(2)
    with pytest.raises(Conflict, match="not deleted"):
        made.undelete(LATER)
    made.delete(LATER)
    made.undelete(LATER)
    assert isinstance(taken(made)[-1], SecretUndeleted)
    assert (made.live, made.current) == (True, 2)


def test_undelete_is_refused_when_the_last_version_is_destroyed() -> None:
    made = secret(2)
    made.delete(NOW)
    made.destroy([2], NOW)
    with pytest.raises(Conflict, match="destroyed"):
        made.undelete(LATER)


def test_destroying_some_versions_leaves_the_name() -> None:
    made = secret(4)
    assert made.destroy([3, 1, 3], LATER) == [1, 3]
    event = taken(made)[-1]
    assert isinstance(event, VersionsDestroyed)
    assert (event.numbers, event.everything, made.live, made.destroyed) == ([1, 3], False, True, {1, 3})
    assert made.destroy([2, 3], LATER) == [2]


def test_destroying_all_takes_the_name_too() -> None:
    made = secret(3)
    made.destroy([2], NOW)
    assert made.destroy(None, LATER) == [1, 3]
    event = taken(made)[-1]
    assert isinstance(event, VersionsDestroyed)
    assert (event.everything, made.live, made.destroyed) == (True, False, {1, 2, 3})


def test_name_whose_versions_are_all_destroyed_can_still_be_taken_away() -> None:
    made = secret(1)
    made.destroy([1], NOW)
    assert made.live
    assert made.destroy(None, NOW) == []
    assert not made.live


def test_destroying_what_is_destroyed_is_a_conflict() -> None:
    made = secret(2)
    made.destroy([1], NOW)
    with pytest.raises(Conflict):
        made.destroy([1], NOW)
    made.destroy(None, NOW)
    with pytest.raises(Conflict):
        made.destroy(None, NOW)


@pytest.mark.parametrize("numbers", [[0], [3], [-1], [1, 3], [10**30]])
def test_destroying_a_version_that_never_was_is_refused_whole(numbers: list[int]) -> None:
    made = secret(2)
    taken(made)
    with pytest.raises(Invalid, match="versions 1 to 2"):
        made.destroy(numbers, NOW)
    assert taken(made) == []
    assert made.destroyed == set()


def test_numbers_go_on_after_everything_was_destroyed() -> None:
    made = secret(2)
    made.destroy(None, NOW)
    made.must_be_free()
    assert made.write(written(3), NOW) == 3
    assert made.live


def test_folding_the_events_gives_the_same_secret() -> None:
    made = secret(3)
    made.destroy([1], NOW)
    made.delete(NOW)
    made.undelete(LATER)
    made.write(written(4), LATER)
    made.destroy(None, LATER)
    events = taken(made)
    assert state(folded(Secret, events)) == state(made)
    assert [event.originator_version for event in events] == list(range(1, len(events) + 1))


def test_events_cannot_be_changed() -> None:
    (created, _) = taken(secret())
    with pytest.raises(AttributeError):
        created.timestamp = LATER  # type: ignore[misc]  # this is what must not work
    assert msgspec.structs.asdict(created)["path"] == "app/db"
