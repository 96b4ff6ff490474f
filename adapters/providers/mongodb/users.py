"""What MongoDB tells of users, and what we tell it of ours."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

from adapters.providers.mongodb.clients import Clients, Document
from adapters.providers.mongodb.failures import NOT_IMPLEMENTED, Failed
from domain.backends import ACCOUNT_PREFIX, Account

_DIGITS: Final = "0123456789abcdef"
PARTS: Final = (
    *(f"^{ACCOUNT_PREFIX}.*{digit}$" for digit in _DIGITS),
    f"^{ACCOUNT_PREFIX}(.*[^{_DIGITS}])?$",
)
"""Patterns of which each user of ours matches one. An answer may have 16 MiB, which a hundred thousand users would
pass, and `usersInfo` knows no pages."""


async def names(clients: Clients) -> AsyncIterator[str]:
    """The name of every user of ours."""
    for pattern in PARTS:
        for user in await _matching(clients, pattern):
            yield user


async def _matching(clients: Clients, pattern: str) -> list[str]:
    try:
        told = await clients.command({"usersInfo": 1, "filter": {"user": {"$regex": pattern}}})
    except Failed as failure:
        if failure.number != NOT_IMPLEMENTED:
            raise
        told = await clients.command({"usersInfo": 1})
    return [user["user"] for user in told["users"] if re.search(pattern, user["user"])]


async def find(clients: Clients, database: str, name: str, *, detailed: bool = False) -> Document | None:
    """The user as `usersInfo` tells of it; `detailed` with the addresses it may log in from."""
    asked: Document = {"usersInfo": {"user": name, "db": database}}
    try:
        told = await clients.command({**asked, "showAuthenticationRestrictions": True} if detailed else asked)
    except Failed as failure:
        if not detailed or failure.number != NOT_IMPLEMENTED:
            raise
        told = await clients.command(asked)  # a server that does not know of them has none
    found: list[Document] = told["users"]
    return found[0] if found else None


def likeness(user: Document) -> Document:
    """What a second user has of the first: its own roles, and the addresses it may log in from."""
    like: Document = {"roles": [{"role": role["role"], "db": role["db"]} for role in user["roles"]]}
    restrictions = [
        {key: each[key] for key in ("clientSource", "serverAddress") if each.get(key)}
        for each in user.get("authenticationRestrictions", [])
    ]
    return {**like, "authenticationRestrictions": restrictions} if restrictions else like


def description(account: Account, end: str | None) -> Document:
    """For the operator who looks at the user and wonders."""
    told: Document = {"by": "trstctl", "tenant": account.tenant, "lease": account.lease_id, "subject": account.subject}
    return {**told, "expires": end} if end else told
