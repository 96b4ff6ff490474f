"""The aggregate TokenRole: a named way of creating tokens, which may give policies that its caller does not have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self
from uuid import UUID

import msgspec

from domain.errors import Invalid
from domain.event import Aggregate, Created, Event
from domain.logins.globs import matches_any
from domain.logins.networks import checked_networks
from domain.names import stream_of
from domain.token_terms import DEFAULT, ROOT, Terms

KINDS: Final = ("default-service", "default-batch", "service", "batch")
MAX_POLICIES: Final = 100
MAX_TTL: Final = 10 * 366 * 24 * 3600
"""Longest time that may be set, in seconds."""
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.@-]{0,198}[A-Za-z0-9])?\Z")
_SUFFIX = re.compile(r"[A-Za-z0-9_./-]{0,128}\Z")


class TokenRoleSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Vault's parameters by Vault's names. Times in seconds; 0 means there is no such bound."""

    allowed_policies: tuple[str, ...] = ()
    allowed_policies_glob: tuple[str, ...] = ()
    disallowed_policies: tuple[str, ...] = ()
    disallowed_policies_glob: tuple[str, ...] = ()
    orphan: bool = False
    renewable: bool = True
    path_suffix: str = ""
    token_bound_cidrs: tuple[str, ...] = ()
    token_explicit_max_ttl: int = 0
    token_no_default_policy: bool = False
    token_num_uses: int = 0
    token_period: int = 0
    token_type: str = KINDS[0]

    def check(self) -> None:
        """Raises `Invalid`."""
        for field in ("token_explicit_max_ttl", "token_num_uses", "token_period"):
            if not 0 <= getattr(self, field) <= MAX_TTL:
                raise Invalid(f"'{field}' is 0 to {MAX_TTL}")
        for field in ("allowed_policies", "allowed_policies_glob", "disallowed_policies", "disallowed_policies_glob"):
            names = getattr(self, field)
            if len(names) > MAX_POLICIES or any(not 1 <= len(name) <= 512 for name in names):
                raise Invalid(f"{field}: at most {MAX_POLICIES} names of 1 to 512 characters")
        if self.token_type not in KINDS:
            raise Invalid(f"invalid 'token_type' value {self.token_type[:40]!r}")
        if not _SUFFIX.match(self.path_suffix):
            raise Invalid("given role path suffix contains invalid characters; use at most 128 of A-Z a-z 0-9 _ . / -")
        checked_networks(self.token_bound_cidrs, "token_bound_cidrs")

    @property
    def decides(self) -> bool:
        """Whether the role says which policies a token may have; else its caller's own say it."""
        return bool(
            self.allowed_policies
            or self.allowed_policies_glob
            or self.disallowed_policies
            or self.disallowed_policies_glob
        )

    def policies(self, asked: Sequence[str], own: Sequence[str], *, no_default: bool) -> tuple[str, ...]:
        """The policies of a token that is asked for with `asked` by somebody who has `own`; raises `Invalid`."""
        add_default = not (no_default or self.token_no_default_policy or self._disallows(DEFAULT))
        policies = _sanitized(asked, add_default=add_default) if asked else ()
        if self.allowed_policies or self.allowed_policies_glob:
            allowed = _sanitized(self.allowed_policies, add_default=add_default)
            policies = policies or allowed
            for name in policies:
                if name not in allowed and not matches_any(self.allowed_policies_glob, name):
                    raise Invalid(
                        f"token policies ({_quoted(policies)}) must be subset of the role's allowed policies"
                        f" ({_quoted(allowed)}) or glob policies ({_quoted(self.allowed_policies_glob)})"
                    )
        policies = policies or _sanitized(own, add_default=add_default)
        for name in policies:
            if self._disallows(name):
                raise Invalid(f'token policy "{name}" is disallowed by this role')
        return policies

    def _disallows(self, name: str) -> bool:
        return name in self.disallowed_policies or matches_any(self.disallowed_policies_glob, name)

    def bounded(self, terms: Terms, name: str, at: datetime) -> Terms:
        """`terms` as they were asked for from `at` on, within what the role says."""
        longest = at + timedelta(seconds=self.token_explicit_max_ttl) if self.token_explicit_max_ttl else None
        uses = [number for number in (terms.uses, self.token_num_uses) if number]
        return msgspec.structs.replace(
            terms,
            role=name,
            path=f"{terms.path}/{self.path_suffix}" if self.path_suffix else terms.path,
            renewable=terms.renewable and self.renewable,
            period=self.token_period or terms.period,
            max_expires_at=min(filter(None, (terms.max_expires_at, longest)), default=None),
            uses=min(uses, default=0),
            cidrs=self.token_bound_cidrs or terms.cidrs,
        )


def _sanitized(names: Sequence[str], *, add_default: bool) -> tuple[str, ...]:
    found = {name.strip().lower() for name in names} - {""}
    return (ROOT,) if ROOT in found else tuple(sorted(found | {DEFAULT} if add_default else found))


def _quoted(names: Sequence[str]) -> str:
    return " ".join(f'"{name}"' for name in names)


def role_stream(tenant: str, role: str) -> UUID:
    """The stream of a role."""
    return stream_of("token_role", tenant, role)


class TokenRoleCreated(Created, frozen=True, kw_only=True):
    """A name was given to a way of creating tokens for the first time."""

    TOPIC: ClassVar[str] = "token_role.created"
    role: str


class TokenRoleConfigured(Event, frozen=True, kw_only=True):
    """What tokens created by it are like, and which policies they may have: `settings` as JSON."""

    TOPIC: ClassVar[str] = "token_role.configured"
    role: str
    settings: str

    def apply(self, aggregate: TokenRole) -> None:
        """As it is now."""
        aggregate.settings = self.settings


class TokenRoleRemoved(Event, frozen=True, kw_only=True):
    """No token is created by it any more; those that were live on."""

    TOPIC: ClassVar[str] = "token_role.removed"
    role: str

    def apply(self, aggregate: TokenRole) -> None:
        """Until it is configured anew."""
        aggregate.settings = ""


class TokenRole(Aggregate):
    """One role of one tenant; without settings it is not there."""

    TOPIC = "token_role"

    def __init__(self, role: str) -> None:
        self.role = role
        self.settings = ""

    @classmethod
    def begin(cls, tenant: str, role: str, at: datetime) -> Self:
        """A role without settings; raises `Invalid` for the name."""
        if not _NAME.match(role):
            raise Invalid("role name is invalid: use 1 to 200 of A-Z a-z 0-9 _ . @ -, letters or digits at the ends")
        return cls._create(TokenRoleCreated, id=role_stream(tenant, role), role=role, timestamp=at)

    def configure(self, settings: TokenRoleSettings, at: datetime) -> None:
        """Take the settings; raises `Invalid`."""
        settings.check()
        text = msgspec.json.encode(settings, order="sorted").decode()
        self.trigger_event(TokenRoleConfigured, role=self.role, settings=text, timestamp=at)

    def remove(self, at: datetime) -> None:
        """Create no token by it any more."""
        self.trigger_event(TokenRoleRemoved, role=self.role, timestamp=at)
