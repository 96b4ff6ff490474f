"""Who stands behind a token, whatever subject it was given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.call import Principal
from domain.errors import Forbidden
from domain.lineage import Lineage, lineage_of, person, related
from domain.views import TokenRow, TokensView

pytestmark = pytest.mark.anyio


class Tokens:
    """Tokens by number: each with its subject, and the number of the one that issued it."""

    def __init__(self, *tokens: tuple[str, int | None]) -> None:
        self.tokens = tokens
        self.most = 32

    def row(self, number: int) -> TokenRow:
        subject, parent = self.tokens[number]
        return TokenRow(
            tenant="t1", token_id=f"tok_{number}", subject=subject, scopes=("*",),
            parent=None if parent is None else f"tok_{parent}", created_at=datetime.now(UTC), expires_at=None,
            revoked_at=None, revoked_by=None, reason=None,
        )  # fmt: skip

    async def lineage(self, tenant: str, token_id: str) -> list[TokenRow]:
        number: int | None = int(token_id.removeprefix("tok_") or -1)
        found: list[TokenRow] = []
        while number is not None and 0 <= number < len(self.tokens) and len(found) < self.most:
            found.insert(0, self.row(number))
            number = self.tokens[number][1]
        return found

    async def of(self, number: int) -> Lineage:
        subject = self.tokens[number][0]
        principal = Principal(tenant="t1", subject=subject, scopes=("*",), token_id=f"tok_{number}")
        return await lineage_of(cast("TokensView", self), principal)


async def test_lineage_leads_from_the_token_to_whom_the_operator_issued_the_first() -> None:
    tokens = Tokens(("ada", None), ("team", 0), ("ci", 1))
    assert await tokens.of(0) == ("ada",)
    assert await tokens.of(2) == ("ci", "team", "ada")
    assert person(await tokens.of(2)) == "ada"


async def test_a_subject_that_comes_back_does_not_hide_who_issued_the_first() -> None:
    tokens = Tokens(("mallory", None), ("ada", 0), ("mallory", 1))
    assert await tokens.of(2) == ("mallory", "ada", "mallory")
    assert person(await tokens.of(2)) == "mallory"


async def test_a_token_of_a_borrowed_name_is_related_to_its_issuer_and_to_that_name() -> None:
    tokens = Tokens(("mallory", None), ("ada", 0), ("ada", None), ("grace", None), ("bot", 0))
    mallory, borrowed, ada, grace, bot = [await tokens.of(number) for number in range(5)]
    assert related(borrowed, mallory)
    assert related(borrowed, ada)
    assert related(borrowed, bot)
    assert not related(borrowed, grace)
    assert not related(mallory, ada)


async def test_the_operator_has_no_token_and_is_itself() -> None:
    operator = Principal(tenant="t1", subject="operator", scopes=("*",), token_id="")
    assert await lineage_of(cast("TokensView", Tokens()), operator) == ("operator",)


async def test_a_lineage_too_long_to_be_told_whole_is_refused() -> None:
    tokens = Tokens(("ada", None), ("ci", 0))
    tokens.most = 1
    with pytest.raises(Forbidden, match="by way of"):
        await tokens.of(1)


@given(
    parents=st.lists(st.integers(0, 20), min_size=1, max_size=12), names=st.lists(st.sampled_from("abcd"), min_size=13)
)
async def test_tokens_with_an_ancestor_in_common_are_related(parents: list[int], names: list[str]) -> None:
    tokens = Tokens((names[0], None), *((names[1 + n], min(parent, n)) for n, parent in enumerate(parents)))
    found = [await tokens.of(number) for number in range(len(parents) + 1)]
    assert all(related(one, other) for one in found for other in found)
    assert {person(each) for each in found} == {names[0]}
