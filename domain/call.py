"""Who calls, and how the call is known: what every command is given first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from domain import scopes
from domain.errors import Forbidden


class Told(NamedTuple):
    """What is given by path as it is written, and by the beginning of a path: each as Vault tells it."""

    exact: dict[str, dict[str, Any]]
    prefixes: dict[str, dict[str, Any]]


class Policies(Protocol):
    """What the policies of a token allow, on both faces: paths of the Vault surface, and scopes in their terms."""

    def allows(self, verb: str, path: str | None, *, exists: bool | None = None) -> bool:
        """Whether they give the scope `verb`, such as `secrets:read`, on `path`; without a path, on everything.

        `exists`: whether what lies there does, if that is known; policies tell creating from changing.
        """
        ...

    def somewhere(self, verb: str) -> bool:
        """Whether they give the scope `verb` on any path at all."""
        ...

    def capabilities(self, path: str) -> list[str]:
        """What they give on a path of the Vault surface, such as `secret/data/app`, in order; `["deny"]` if nothing."""
        ...

    def permits(self, path: str, capability: str, fields: Mapping[str, Any], wrap_seconds: int | None = None) -> bool:
        """Whether they give `capability` on a path of the Vault surface to a request with these fields.

        `wrap_seconds` is how long its answer is to be wrapped; None is not at all.
        """
        ...

    def told(self) -> Told:
        """All of what they give on the Vault surface, by path; that of paths with `+` is not told."""
        ...

    def sees(self, folder: str) -> bool:
        """Whether they give anything on any path in `folder`, which ends in a slash."""
        ...


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticated caller: a tenant's token with its subject, its scopes and what its policies allow besides."""

    tenant: str
    subject: str
    scopes: tuple[str, ...]
    token_id: str
    expires_at: datetime | None = None
    policies: Policies | None = None
    """None for a token that has scopes alone."""
    policy_names: tuple[str, ...] = ()
    generation: int = 0
    """Counts the changes of the tenant's mounts and policies, so that what was read of them is known to be of now."""

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

    def require(self, verb: str, path: str | None = None, *, exists: bool | None = None) -> None:
        """Raises `Forbidden` unless the caller has `verb` on `path`, of which it may be known whether it `exists`."""
        if self.principal.policies is None or not self.principal.policies.allows(verb, path, exists=exists):
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
        policies = self.principal.policies
        return scopes.allows(self.principal.scopes, verb, path) or bool(policies and policies.allows(verb, path))

    def allows_somewhere(self, verb: str) -> bool:
        """Whether the caller has `verb` on any path at all."""
        policies = self.principal.policies
        return scopes.allows_somewhere(self.principal.scopes, verb) or bool(policies and policies.somewhere(verb))

    def starts(self, verb: str, prefix: str) -> list[str]:
        """How the paths under `prefix` begin that the caller may have `verb` on, in order."""
        policies = self.principal.policies
        if policies and policies.somewhere(verb):
            return [prefix]
        return scopes.starts(self.principal.scopes, verb, prefix)
