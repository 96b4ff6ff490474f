"""What the process manager makes of tokens: one with an end comes due then, unless it was revoked before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.api_token import ApiToken, ApiTokenIssued, revocation
from domain.process import EXPIRE_TOKEN, Discharged, Due, Hastened, changes
from domain.process_vault import END_CUBBYHOLE
from tests.unit.domain.folding import taken

NOW = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)


def issued(expires_at: datetime | None) -> ApiTokenIssued:
    token = ApiToken.issue(
        "acme", token_id="tok_1", subject="ci", scopes=["*"], expires_at=expires_at, parent=None, digest="d", at=NOW
    )
    (event,) = taken(token)
    assert isinstance(event, ApiTokenIssued)
    return event


def test_token_with_an_end_comes_due_then() -> None:
    end = NOW + timedelta(minutes=5)
    assert [*changes(issued(end))] == [Due(EXPIRE_TOKEN, "tok_1", end)]


def test_token_without_an_end_never_comes_due() -> None:
    assert [*changes(issued(None))] == []


def test_revocation_of_whatever_reason_discharges_it() -> None:
    assert [*changes(revocation("acme", "tok_1", "leaked", NOW))] == [
        Discharged(EXPIRE_TOKEN, "tok_1"),
        Hastened(END_CUBBYHOLE, "tok_1", NOW),
    ]
