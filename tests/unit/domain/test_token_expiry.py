"""Which tokens authenticate: at the very instant of its expiry a token has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.commands.tokens import TokenCommands
from domain.errors import Unauthenticated
from domain.token_text import digest_of, token_text
from domain.views import TokenRow

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
TOKEN = token_text(b"e" * 32)


class OneToken:
    """A view that knows one token."""

    def __init__(self, **changes: Any) -> None:
        self.row = TokenRow(
            **{
                "tenant": "acme", "token_id": "tok_1", "subject": "ci", "scopes": ("secrets:list",), "parent": None,
                "created_at": NOW, "expires_at": None, "revoked_at": None, "revoked_by": None, "reason": None,
            } | changes
        )  # fmt: skip

    async def by_hash(self, digest: str) -> TokenRow | None:
        return self.row if digest == digest_of(TOKEN) else None


def commands(view: OneToken) -> TokenCommands:
    unused: Any = None
    return TokenCommands(unused, view, unused, lambda: NOW, bytes, 60, unused, unused)  # type: ignore[arg-type]


@pytest.mark.parametrize("after", [timedelta(microseconds=1), timedelta(days=9)])
async def test_token_authenticates_until_it_expires(after: timedelta) -> None:
    principal = await commands(OneToken(expires_at=NOW + after)).authenticate(TOKEN)
    assert (principal.tenant, principal.subject, principal.scopes) == ("acme", "ci", ("secrets:list",))
    assert principal.actor == "ci#tok_1"


@pytest.mark.parametrize(
    "changes", [{"expires_at": NOW}, {"expires_at": NOW - timedelta(seconds=1)}, {"revoked_at": NOW}], ids=str
)
async def test_token_that_has_ended_is_refused(changes: dict[str, datetime]) -> None:
    with pytest.raises(Unauthenticated):
        await commands(OneToken(**changes)).authenticate(TOKEN)


async def test_unknown_and_malformed_tokens_are_refused() -> None:
    for text in (token_text(b"f" * 32), TOKEN[:-1], "", TOKEN.lower()):
        with pytest.raises(Unauthenticated):
            await commands(OneToken()).authenticate(text)
