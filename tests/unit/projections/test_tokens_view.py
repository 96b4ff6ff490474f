"""The read model of API tokens: found by hash, listed by tenant and subject, never the token itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.api_token import ApiTokenIssued, ApiTokenRevoked
from domain.event import Event
from domain.views import TokenRow
from projections.tokens import Tokens
from projections.vault_config import VaultConfiguration
from tests.unit.projections.projected import HEADER, Tables, at

pytestmark = pytest.mark.anyio

EXPIRY = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def view(tables: Tables) -> Tokens:
    view = Tokens(tables)
    tables.add(view, VaultConfiguration(tables))  # a look-up tells the count of the tenant's configuration along
    return view


def issued(
    token_id: str, subject: str = "ci", expires_at: datetime | None = None, parent: str | None = "tok_parent"
) -> Event:
    return ApiTokenIssued(
        **HEADER,  # type: ignore[arg-type]  # a mixed dict
        originator_topic="api_token",
        token_id=token_id,
        subject=subject,
        scopes=["secrets:read:app/*", "secrets:list"],
        expires_at=expires_at,
        parent=parent,
        hash=f"hash of {token_id}",
    )


def revoked(token_id: str) -> Event:
    return ApiTokenRevoked(**HEADER, token_id=token_id, reason="leaked")  # type: ignore[arg-type]  # a mixed dict


async def test_token_is_found_by_its_hash_whatever_its_tenant(tables: Tables, view: Tokens) -> None:
    tables.tell(issued("t1", expires_at=EXPIRY), tenant="other")
    assert await view.by_hash("hash of t1") == TokenRow(
        tenant="other", token_id="t1", subject="ci", scopes=("secrets:read:app/*", "secrets:list"), parent="tok_parent",
        created_at=at(1), expires_at=EXPIRY, revoked_at=None, revoked_by=None, reason=None,
    )  # fmt: skip
    assert await view.by_hash("hash of t2") is None


async def test_revocation_tells_when_by_whom_and_why(tables: Tables, view: Tokens) -> None:
    tables.tell(issued("t1"), issued("t2"))
    tables.tell(revoked("t1"), actor="ops#tok_9")
    row = await view.by_id("acme", "t1")
    assert row is not None
    assert (row.revoked_at, row.revoked_by, row.reason) == (at(3), "ops#tok_9", "leaked")
    other = await view.by_id("acme", "t2")
    assert other is not None
    assert other.revoked_at is None


async def test_page_is_in_order_of_id_and_narrowed_as_asked(tables: Tables, view: Tokens) -> None:
    tables.tell(issued("t3"), issued("t1"), issued("t2", "cd"), issued("t4"), revoked("t3"))

    async def ids(subject: str | None = None, after: str = "", limit: int = 9, *, every: bool = False) -> list[str]:
        page = await view.page("acme", subject, after, limit, include_revoked=every)
        return [row.token_id for row in page]

    assert await ids() == ["t1", "t2", "t4"]
    assert await ids(every=True) == ["t1", "t2", "t3", "t4"]
    assert await ids("ci") == ["t1", "t4"]
    assert await ids("ci", every=True) == ["t1", "t3", "t4"]
    assert await ids("nobody") == []
    assert await ids(limit=2) == ["t1", "t2"]
    assert await ids(after="t2") == ["t4"]


async def test_lineage_leads_from_the_oldest_to_the_token(tables: Tables, view: Tokens) -> None:
    tables.tell(issued("t1", "ann", parent=None), issued("t2", "ci", parent="t1"), issued("t3", "job", parent="t2"))
    tables.tell(issued("u1", "eve", parent=None), issued("t4", "bob", parent="u1"), tenant="other")

    async def line(token_id: str, tenant: str = "acme") -> list[tuple[str, str]]:
        return [(row.token_id, row.subject) for row in await view.lineage(tenant, token_id)]

    assert await line("t3") == [("t1", "ann"), ("t2", "ci"), ("t3", "job")]
    assert await line("t1") == [("t1", "ann")]
    assert await line("t4", "other") == [("u1", "eve"), ("t4", "bob")]
    assert await line("t4") == []


async def test_lineage_is_bounded(tables: Tables, view: Tokens) -> None:
    tables.tell(*(issued(f"t{number}", parent=f"t{number - 1}") for number in range(40)))
    assert [row.token_id for row in await view.lineage("acme", "t39")] == [f"t{number}" for number in range(8, 40)]


async def test_tenants_are_kept_apart(tables: Tables, view: Tokens) -> None:
    tables.tell(issued("t1"))
    assert await view.by_id("other", "t1") is None
    assert await view.page("other", None, "", 9, include_revoked=True) == []
    tables.tell(revoked("t1"), tenant="other")
    row = await view.by_id("acme", "t1")
    assert row is not None
    assert row.revoked_at is None
