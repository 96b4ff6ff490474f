"""A request for approval: who may approve it, what counts, and the ways in which it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.approval import ApprovalRequest, approval_id_of, stream_of_id
from domain.approval_change import Change, Covered, digest_of, is_bound_to, rotation_of
from domain.approval_events import ApprovalUsed
from domain.approval_policy import Demand
from domain.errors import Conflict, Forbidden, NotFound, TrstctlError, VersionConflict
from domain.lineage import Lineage, related
from domain.plaintext import Plaintext
from tests.unit.domain.folding import folded, state, taken

NOW = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=60)
ROTATE = Covered(action="rotate", path="db/password", base=3, lives=True, content_type="text/plain")


def request(needed: int = 1, *approvers: str, by: Lineage = ("ci", "mallory"), number: int = 1) -> ApprovalRequest:
    return ApprovalRequest.open(
        "t1", ROTATE, by, Demand.of(needed, approvers, 60), number=number, digest="d", seal_id="s", seal_digest="e",
        at=NOW,
    )  # fmt: skip


def test_the_state_is_what_the_events_make_it() -> None:
    made = request(2)
    made.grant(("ada",), None, NOW)
    made.grant(("grace",), None, NOW)
    made.use(None, NOW)
    events = taken(made)
    assert [event.TOPIC for event in events] == [
        "approval.requested", "approval.granted", "approval.granted", "approval.used",
    ]  # fmt: skip
    assert state(folded(ApprovalRequest, events)) == state(made)
    assert made.closed == "used"


def test_the_same_request_of_the_same_requester_has_one_stream() -> None:
    assert request().id == request(needed=2).id
    assert request(number=2).id != request().id
    assert request(by=("ci", "ada")).id != request().id
    assert stream_of_id(approval_id_of(request().id)) == request().id


@pytest.mark.parametrize("text", ["", "apr_", "apr_" + "0" * 31, "tok_" + "0" * 32, "apr_" + "0" * 32 + "\n"])
def test_what_is_no_id_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        stream_of_id(text)


@pytest.mark.parametrize("approver", [("ci",), ("mallory",), ("ada", "mallory"), ("ci", "grace"), ("x", "ci", "y")])
def test_nobody_approves_who_may_be_the_requester(approver: Lineage) -> None:
    with pytest.raises(Forbidden, match="whoever asked"):
        request().grant(approver, None, NOW)


def test_one_person_counts_once() -> None:
    made = request(2)
    made.grant(("ada",), None, NOW)
    made.grant(("ada",), None, NOW)
    assert made.approvals == [("ada",)]
    for again in (("laptop", "ada"), ("ada", "grace")):
        with pytest.raises(Conflict, match="same person"):
            made.grant(again, None, NOW)
    assert made.approvals == [("ada",)]
    with pytest.raises(VersionConflict):
        made.use(None, NOW)


def test_only_those_count_whom_the_policies_name() -> None:
    made = request(1, "ada")
    with pytest.raises(Forbidden, match="not among"):
        made.grant(("grace",), None, NOW)
    with pytest.raises(Forbidden, match="not among"):
        made.grant(("ada", "grace"), None, NOW)
    with pytest.raises(Forbidden, match="not among"):
        made.grant(("ada",), Demand.of(1, ("grace",), 60), NOW)
    made.grant(("laptop", "ada"), None, NOW)
    made.use(None, NOW)


def test_policies_by_the_time_of_use_hold_and_so_does_the_promise() -> None:
    made = request(1)
    made.grant(("ada",), None, NOW)
    for stricter in (Demand.of(2, (), 60), Demand.of(1, ("grace",), 60)):
        with pytest.raises(VersionConflict):
            made.use(stricter, NOW)
    promised = request(2)
    promised.grant(("ada",), Demand.of(1, (), 60), NOW)
    with pytest.raises(VersionConflict):
        promised.use(Demand.of(1, (), 60), NOW)


def test_use_names_the_persons_who_counted() -> None:
    made = request(1)
    made.grant(("ada",), None, NOW)
    made.grant(("laptop", "grace"), None, NOW)
    made.use(Demand.of(1, ("grace",), 60), NOW)
    used = taken(made)[-1]
    assert isinstance(used, ApprovalUsed)
    assert used.approvers == ["grace"]


ENDS: dict[str, Callable[[ApprovalRequest], None]] = {
    "used": lambda it: it.use(None, NOW),
    "denied": lambda it: it.deny(("grace",), "no", NOW),
    "withdrawn": lambda it: it.withdraw(NOW),
    "expired": lambda it: it.expire(LATER),
    "void": lambda it: it.void(NOW),
}


STEPS: dict[str, Callable[[ApprovalRequest], None]] = {**ENDS, "granted": lambda it: it.grant(("edsger",), None, NOW)}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("then", STEPS)
def test_what_has_ended_does_not_end_again(end: str, then: str) -> None:
    made = request()
    made.grant(("ada",), None, NOW)
    ENDS[end](made)
    assert made.closed == end
    with pytest.raises((Conflict, VersionConflict)):
        STEPS[then](made)
    assert made.closed == end


def test_its_time_is_up_at_the_instant_and_not_before() -> None:
    made = request()
    made.grant(("ada",), None, NOW)
    with pytest.raises(Conflict):
        made.expire(LATER - timedelta(microseconds=1))
    with pytest.raises(VersionConflict):
        made.use(None, LATER)
    with pytest.raises(Conflict):
        made.grant(("grace",), None, LATER)
    with pytest.raises(Conflict):
        made.withdraw(LATER)
    made.expire(LATER)


NAMES = st.sampled_from(["ada", "grace", "edsger", "barbara", "mallory", "ci"])
LINEAGES = st.lists(NAMES, min_size=1, max_size=3).map(tuple)


@given(requester=LINEAGES, approvers=st.lists(LINEAGES, max_size=8), needed=st.integers(1, 4))
def test_whoever_tries_no_two_that_count_may_be_one_person(
    requester: Lineage, approvers: list[Lineage], needed: int
) -> None:
    made = request(needed, by=requester)
    for approver in approvers:
        try:
            made.grant(approver, None, NOW)
        except TrstctlError:
            continue
    counted = made.approvals
    assert not any(related(each, requester) for each in counted)
    assert not any(related(one, other) for n, one in enumerate(counted) for other in counted[:n])
    persons = {each[-1] for each in approvers}
    assert len(counted) <= len(persons - set(requester))
    if len(counted) < needed:
        with pytest.raises(VersionConflict):
            made.use(None, NOW)
    else:
        made.use(None, NOW)


KEY = Plaintext(bytearray(b"k" * 32))


def change(value: bytes | None = b"s3cr3t", **more: object) -> Change:
    covered = Covered(**{"action": "rotate", "path": "a", "base": 1, "lives": True, **more})  # type: ignore[arg-type]  # a mixed dict
    return Change(covered, None if value is None else Plaintext(bytearray(value)))


def test_an_approval_is_bound_to_all_of_the_change() -> None:
    changes = [
        change(), change(b"other"), change(b""), change(None), change(action="create"), change(path="b"),
        change(base=2), change(lives=False), change(numbers=(1,)), change(everything=True), change(recovered_from=1),
        change(content_type="text/plain"), change(metadata={"a": "b"}), change(metadata={"a": "c"}),
    ]  # fmt: skip
    digests = [digest_of(KEY, each) for each in changes]
    assert len(set(digests)) == len(changes)
    assert is_bound_to(KEY, changes[0], digests[0])
    assert not is_bound_to(KEY, changes[1], digests[0])


def test_a_rotation_of_a_stored_credential_is_bound_to_whose_it_is() -> None:
    one, other = [rotation_of("db/a", 3, provider="postgresql", old_ref=ref) for ref in ("app_1", "app_2")]
    assert digest_of(KEY, one) != digest_of(KEY, other)
    assert one.covered.actions == {"rotate"}
    made = "have a new credential made and stored as version 4"
    assert one.covered.sentence == f"{made} (provider postgresql, old_ref app_1)"


def test_a_value_is_not_found_out_without_the_key() -> None:
    other = Plaintext(bytearray(b"l" * 32))
    assert digest_of(KEY, change()) != digest_of(other, change())


@given(one=st.dictionaries(st.text(max_size=3), st.text(max_size=3)), other=st.binary(max_size=8))
def test_what_is_told_and_the_value_do_not_run_into_each_other(one: dict[str, str], other: bytes) -> None:
    told = change(other, metadata=one)
    longer = change(other + b"x", metadata=one)
    assert digest_of(KEY, told) != digest_of(KEY, longer)
    assert digest_of(KEY, told) == digest_of(KEY, change(other, metadata=dict(reversed(one.items()))))
