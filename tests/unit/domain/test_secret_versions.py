"""Single versions of a secret: deleted, undeleted, pruned, ended by the clock; and what is set for the secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import AlreadyExists, CheckAndSetFailed, CheckAndSetRequired, Conflict, Invalid, NotFound
from domain.key_settings import MAX_DELETE_AFTER, KeySettings, MountRules, SettingsChange
from domain.secret import Secret, Written
from tests.unit.domain.folding import folded, state, taken

NOW = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def written() -> Written:
    return Written(
        seal_id="seal", seal_digest="digest", content_type="text/plain", metadata={}, references=[], cause="create"
    )


def secret(versions: int = 1, at: datetime = NOW, **settings: object) -> Secret:
    made = Secret.begin("acme", "app/db", NOW)
    if settings:
        made.set(SettingsChange(**settings), NOW)  # type: ignore[arg-type]  # the fields are those of SettingsChange
    for _ in range(versions):
        made.write(written(), at)
    taken(made)
    return made


def topics(made: Secret) -> list[str]:
    return [event.TOPIC for event in taken(made)]


def test_deleting_the_current_version_takes_the_name_and_undeleting_brings_it_back() -> None:
    made = secret(3)
    assert made.delete_versions([3, 1], LATER) == [1, 3]
    assert topics(made) == ["secret.versions.deleted", "secret.deleted"]
    assert (made.live, made.deleted) == (False, {1, 3})
    assert made.undelete_versions([3], LATER) == [3]
    assert topics(made) == ["secret.versions.undeleted", "secret.undeleted"]
    assert (made.live, made.deleted) == (True, {1})


def test_deleting_an_older_version_leaves_the_name() -> None:
    made = secret(2)
    assert made.delete_versions([1], LATER) == [1]
    assert topics(made) == ["secret.versions.deleted"]
    assert made.live


def test_what_is_not_there_destroyed_or_deleted_is_passed_over() -> None:
    made = secret(3)
    made.destroy([1], NOW)
    made.delete_versions([2], NOW)
    taken(made)
    assert made.delete_versions([0, 1, 2, 4, -1], LATER) == []
    assert made.undelete_versions([1, 9], LATER) == []
    assert made.destroy_versions([1, 9], LATER) == []
    assert topics(made) == []


def test_deleting_the_name_deletes_its_current_version() -> None:
    made = secret(2)
    made.delete(LATER)
    assert topics(made) == ["secret.deleted"]
    assert made.deleted == {2}
    made.write(written(), LATER)
    assert (made.live, made.deleted) == (True, {2})
    made.undelete_versions([2], LATER)
    assert topics(made)[1:] == ["secret.versions.undeleted"]


def test_version_ends_by_the_clock_and_takes_the_name_if_it_is_current() -> None:
    made = secret(2, delete_after_seconds=60)
    assert made.expiring == {1: NOW + timedelta(seconds=60), 2: NOW + timedelta(seconds=60)}
    assert made.settle(NOW + timedelta(seconds=59)) == []
    assert made.settle(NOW + timedelta(seconds=60)) == [1, 2]
    assert topics(made) == ["secret.versions.deleted", "secret.deleted"]
    assert (made.live, made.expiring) == (False, {})


def test_undeleted_version_lives_as_long_as_a_new_one() -> None:
    made = secret(1, delete_after_seconds=60)
    made.settle(LATER)
    taken(made)
    made.undelete(LATER)
    assert topics(made) == ["secret.undeleted", "secret.versions.expiring"]
    assert made.expiring == {1: LATER + timedelta(seconds=60)}
    made.undelete_versions([1], LATER + timedelta(seconds=1))
    assert topics(made) == ["secret.versions.undeleted", "secret.versions.expiring"]
    assert made.expiring == {1: LATER + timedelta(seconds=61)}
    made.set(SettingsChange(delete_after_seconds=0), LATER)
    made.undelete_versions([1], LATER)
    assert made.expiring == {}


def test_end_by_the_clock_is_off_once_the_version_is_deleted_or_destroyed() -> None:
    made = secret(3, delete_after_seconds=60)
    made.destroy([1], NOW)
    made.delete(NOW)
    assert topics(made) == ["secret.versions.destroyed", "secret.versions.deleted", "secret.deleted"]
    assert set(made.expiring) == {2}


def test_write_prunes_what_is_more_than_is_kept() -> None:
    made = secret(4)
    made.set(SettingsChange(max_versions=2), NOW)
    assert made.pruned_by_next() == [1, 2, 3]
    assert made.write(written(), NOW) == 5
    assert topics(made) == ["secret.settings.changed", "secret.version.written", "secret.versions.pruned"]
    assert made.gone == 3
    assert made.pruned_by_next() == [4]
    with pytest.raises(Invalid, match="versions 4 to 5"):
        made.destroy([3], NOW)
    with pytest.raises(Conflict):
        made.must_hold(3)
    made.must_hold(4)


def test_nothing_is_forgotten_of_versions_that_are_kept() -> None:
    made = secret(3, max_versions=3)
    made.destroy([2], NOW)
    made.delete_versions([1, 3], NOW)
    made.write(written(), NOW)
    assert (made.gone, made.destroyed, made.deleted) == (1, {2}, {3})


@pytest.mark.parametrize(
    "key,mount,otherwise,kept", [(0, 0, 0, 0), (0, 0, 10, 10), (5, 0, 10, 5), (5, 7, 10, 7), (9, 7, 10, 9)]
)
def test_the_larger_number_of_key_and_mount_is_kept(key: int, mount: int, otherwise: int, kept: int) -> None:
    rules = MountRules(max_versions=mount, otherwise_versions=otherwise)
    assert KeySettings(max_versions=key).kept(rules) == kept


@pytest.mark.parametrize(
    "key,mount,life", [(0, 0, None), (5, 0, 5), (0, 7, 7), (5, 7, 5), (9, 7, 7), (5, -1, None), (0, -1, None)]
)
def test_the_shorter_life_of_key_and_mount_is_given(key: int, mount: int, life: int | None) -> None:
    found = KeySettings(delete_after_seconds=key).life(MountRules(delete_after_seconds=mount))
    assert found == (None if life is None else timedelta(seconds=life))


def test_check_and_set_is_demanded_of_every_write_once_it_is_set() -> None:
    made = secret(2, cas_required=True)
    with pytest.raises(CheckAndSetRequired):
        made.must_be_at(None)
    made.must_be_at(2)
    with pytest.raises(CheckAndSetRequired):
        made.must_follow(None, MountRules())
    made.set(SettingsChange(cas_required=False), NOW)
    made.must_be_at(None)
    with pytest.raises(CheckAndSetRequired):
        made.must_follow(None, MountRules(cas_required=True))


def test_deleted_version_counts_for_who_follows_and_not_natively() -> None:
    made = secret(2)
    made.delete(NOW)
    made.must_follow(2, MountRules())
    with pytest.raises(CheckAndSetFailed):
        made.must_follow(0, MountRules())
    made.must_be_at(0)


def test_settings_without_a_version_are_no_secret() -> None:
    made = secret(0, custom_metadata={"owner": "ops"})
    made.must_be_free()
    made.must_follow(0, MountRules())
    for refused in (lambda: made.undelete(NOW), lambda: made.destroy(None, NOW), made.must_live):
        with pytest.raises(NotFound):
            refused()
    assert made.write(written(), LATER) == 1
    with pytest.raises(AlreadyExists):
        made.must_be_free()


def test_settings_not_given_stay() -> None:
    made = secret(0, max_versions=3, custom_metadata={"a": "1"})
    made.set(SettingsChange(cas_required=True), NOW)
    made.set(SettingsChange(custom_metadata={}), NOW)
    assert made.settings == KeySettings(max_versions=3, cas_required=True)


def test_forgotten_secret_goes_on_with_its_numbers_and_nothing_else() -> None:
    made = secret(3, max_versions=5, delete_after_seconds=60)
    made.destroy([1], NOW)
    taken(made)
    assert made.forget(LATER) == [2, 3]
    assert topics(made) == ["secret.versions.destroyed", "secret.forgotten"]
    assert (made.live, made.is_empty, made.settings, made.expiring) == (False, True, KeySettings(), {})
    made.must_follow(0, MountRules())
    with pytest.raises(NotFound):
        made.undelete(LATER)
    with pytest.raises(NotFound):
        made.destroy(None, LATER)
    assert made.write(written(), LATER) == 4
    assert (made.born_at, made.created_on, made.current - made.forgotten) == (LATER, NOW, 1)
    made.must_follow(1, MountRules())
    assert made.delete_versions([3, 4], LATER) == [4]


def test_forgetting_a_secret_that_was_destroyed_destroys_nothing() -> None:
    made = secret(2)
    made.destroy(None, NOW)
    taken(made)
    assert made.forget(LATER) == []
    assert topics(made) == ["secret.forgotten"]


def test_folding_the_events_gives_the_same_secret() -> None:
    made = Secret.begin("acme", "app/db", NOW)
    made.set(SettingsChange(max_versions=2, delete_after_seconds=60, custom_metadata={"a": "1"}), NOW)
    for _ in range(4):
        made.write(written(), NOW)
    made.delete_versions([3], NOW)
    made.settle(LATER)
    made.undelete_versions([4], LATER)
    made.forget(LATER)
    made.set(SettingsChange(cas_required=True), LATER)
    made.write(written(), LATER)
    assert state(folded(Secret, taken(made))) == state(made)


@pytest.mark.parametrize(
    "change",
    [
        SettingsChange(max_versions=-1),
        SettingsChange(max_versions=10**9),
        SettingsChange(delete_after_seconds=-1),
        SettingsChange(delete_after_seconds=MAX_DELETE_AFTER + 1),
        SettingsChange(custom_metadata={str(number): "x" for number in range(65)}),
        SettingsChange(custom_metadata={"": "x"}),
        SettingsChange(custom_metadata={"k" * 129: "x"}),
        SettingsChange(custom_metadata={"k": ""}),
        SettingsChange(custom_metadata={"k": "x" * 513}),
        SettingsChange(custom_metadata={"k": "a\nb"}),
        SettingsChange(custom_metadata={"k\0": "a"}),
    ],
)
def test_settings_out_of_bounds_are_refused(change: SettingsChange) -> None:
    with pytest.raises(Invalid):
        change.checked()


def test_settings_at_their_bounds_are_taken() -> None:
    custom = {f"{number:0128}": "ü" * 256 for number in range(64)}
    SettingsChange(max_versions=10**6, delete_after_seconds=MAX_DELETE_AFTER, custom_metadata=custom).checked()
