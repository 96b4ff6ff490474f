"""The aggregate ApiToken: issued once, revoked once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.api_token import ApiToken, ApiTokenIssued, ApiTokenRevoked, inherited, revocation
from domain.errors import Invalid
from domain.names import stream_of
from tests.unit.domain.folding import folded, state, taken

NOW = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)


def issued(subject: str = "ci/deploy") -> ApiToken:
    return ApiToken.issue(
        "acme",
        token_id="tok_1",
        subject=subject,
        scopes=["secrets:read:app/*"],
        expires_at=NOW + timedelta(days=1),
        parent="tok_0",
        digest="ab" * 32,
        at=NOW,
    )


def test_issue_is_one_event_that_holds_the_hash() -> None:
    (event,) = taken(issued())
    assert event == ApiTokenIssued(
        originator_id=stream_of("api_token", "acme", "tok_1"), originator_version=1, timestamp=NOW,
        originator_topic="api_token", token_id="tok_1", subject="ci/deploy", scopes=["secrets:read:app/*"],
        expires_at=NOW + timedelta(days=1), parent="tok_0", hash="ab" * 32,
    )  # fmt: skip


def test_revocation_follows_the_issue_and_nothing_else() -> None:
    assert revocation("acme", "tok_1", "leaked", NOW) == ApiTokenRevoked(
        originator_id=stream_of("api_token", "acme", "tok_1"), originator_version=2, timestamp=NOW, token_id="tok_1",
        reason="leaked",
    )  # fmt: skip


def test_reason_is_cut_to_its_bound() -> None:
    assert revocation("acme", "tok_1", "x" * 600, NOW).reason == "x" * 500
    assert len(inherited("tok_1", "x" * 600)) == 500


def test_reason_of_a_token_that_was_minted_names_the_one_revoked() -> None:
    assert inherited("tok_1", "leaked") == "revoked with tok_1: leaked"
    assert inherited("tok_1", "") == "revoked with tok_1"


@pytest.mark.parametrize("subject", ["a", "ops@example.com", "spiffe://x/y", "A.b_c-d+e", "0" * 200])
def test_subject_is_taken(subject: str) -> None:
    assert issued(subject).subject == subject


@pytest.mark.parametrize("subject", ["", "-a", ".a", "a b", "a\n", "a#b", "ä", "a" * 201, "a\x00"])
def test_subject_that_could_be_mistaken_is_refused(subject: str) -> None:
    with pytest.raises(Invalid, match="subject"):
        issued(subject)


def test_folding_the_events_gives_the_same_token() -> None:
    token = issued()
    events = taken(token)
    assert state(folded(ApiToken, events)) == state(token)
    assert not token.revoked
    assert folded(ApiToken, [*events, revocation("acme", "tok_1", "leaked", NOW)]).revoked
