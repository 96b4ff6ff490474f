"""Who calls, and how the call is known: what every command is given first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from domain import scopes
from domain.errors import Forbidden


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticated caller: a tenant's token with its subject and its scopes."""

    tenant: str
    subject: str
    scopes: tuple[str, ...]
    token_id: str
    expires_at: datetime | None = None

    @property
    def actor(self) -> str:
        """How the log names this caller: subject and token."""
        return f"{self.subject}#{self.token_id}"


class IdempotencyKey(msgspec.Struct, frozen=True):
    """A client's own name for one request, and a digest of what it asked: method, path, query and body."""

    key: str
    fingerprint: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request: its principal, its id, and the idempotency key it came with."""

    principal: Principal
    request_id: str
    idempotency: IdempotencyKey | None = None
    success: int = 200
    """The HTTP status to keep with the reply, if one is kept."""
    break_glass: str | None = None
    """Why this is to happen without the approval it needs; None if it is not to."""

    @property
    def tenant(self) -> str:
        """The tenant in whose name everything here happens."""
        return self.principal.tenant

    def require(self, verb: str, path: str | None = None) -> None:
        """Raises `Forbidden` unless the caller has `verb` on `path`."""
        scopes.require(self.principal.scopes, verb, path)

    def require_all(self, verb: str, paths: Iterable[str], prefix: str) -> None:
        """Raises `Forbidden` unless the caller has `verb` on each of `paths`, which are all there are under `prefix`.

        It names none of them: whoever may not use them may not learn of them.
        """
        paths = tuple(paths)
        if not all(self.allows(verb, path) for path in paths or (prefix,)):
            raise Forbidden(f"this needs the scope {verb} for everything under {prefix!r}; ask an operator for it")

    def allows(self, verb: str, path: str | None = None) -> bool:
        """Whether the caller has `verb` on `path`."""
        return scopes.allows(self.principal.scopes, verb, path)
