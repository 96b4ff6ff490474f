"""What a role says of the tokens that it gives: Vault's `token_*` parameters."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.errors import Invalid
from domain.logins.networks import checked_networks
from domain.logins.place import Place
from domain.mounts import DEFAULT_TTL
from domain.token_terms import DEFAULT, ROOT, Terms

KINDS: Final = ("default", "service", "batch", "default-service", "default-batch")
MAX_POLICIES: Final = 100
MAX_TTL: Final = 10 * 366 * 24 * 3600
"""Longest time that may be set, in seconds."""


class TokenSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Times in seconds; 0 leaves it to the mount, or means there is no such bound."""

    token_bound_cidrs: tuple[str, ...] = ()
    token_explicit_max_ttl: int = 0
    token_max_ttl: int = 0
    token_no_default_policy: bool = False
    token_num_uses: int = 0
    token_period: int = 0
    token_policies: tuple[str, ...] = ()
    token_strictly_bind_ip: bool = False
    token_ttl: int = 0
    token_type: str = "default"  # noqa: S105 - the word for a kind of token
    legacy: tuple[str, ...] = ()
    """Older names by which some of these were set (`policies`, `ttl`, …): a read tells those as well."""

    def check(self) -> None:
        """Raises `Invalid`, in Vault's words where it has some."""
        for field in ("token_explicit_max_ttl", "token_max_ttl", "token_num_uses", "token_period", "token_ttl"):
            if getattr(self, field) < 0:
                raise Invalid(f"'{field}' cannot be negative")
            if getattr(self, field) > MAX_TTL:
                raise Invalid(f"'{field}' is {MAX_TTL} at most")
        if self.token_type not in KINDS:
            raise Invalid(f"invalid 'token_type' value {self.token_type[:40]!r}")
        self._check_combinations()
        self._check_policies()
        checked_networks(self.token_bound_cidrs, "token_bound_cidrs")

    def _check_combinations(self) -> None:
        if self.is_batch and (self.token_period or self.token_num_uses):
            which = "periodic tokens" if self.token_period else "tokens with limited use count"
            raise Invalid(f"'token_type' cannot be 'batch' or 'default_batch' when set to generate {which}")
        if self.token_max_ttl and self.token_ttl > self.token_max_ttl:
            raise Invalid("'token_ttl' cannot be greater than 'token_max_ttl'")
        if self.token_strictly_bind_ip and self.token_bound_cidrs:
            raise Invalid("'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one")

    def _check_policies(self) -> None:
        if len(self.token_policies) > MAX_POLICIES or any(not 1 <= len(name) <= 512 for name in self.token_policies):
            raise Invalid(f"token_policies: at most {MAX_POLICIES} names of 1 to 512 characters")
        if ROOT in self.policies():
            raise Invalid("auth methods cannot create root tokens")

    @property
    def is_batch(self) -> bool:
        """Whether the tokens are of the kind that is not renewed."""
        return self.token_type in {"batch", "default-batch"}

    def policies(self) -> tuple[str, ...]:
        """The policies of a token, in order."""
        named = {name.strip().lower() for name in self.token_policies} - {""}
        return tuple(sorted(named if self.token_no_default_policy else named | {DEFAULT}))

    def terms(self, place: Place, at: datetime, address: str, told: Terms) -> Terms:
        """`told`, which says who it is for, with the bounds that the role and the mount set from `at` on."""
        ceiling = min(self.token_max_ttl or place.ceiling, place.ceiling)
        usual = 0 if self.token_period or ceiling >= DEFAULT_TTL else ceiling  # the system's bounds all
        longest = min(filter(None, (self.token_explicit_max_ttl, usual)), default=0)
        ttl = min(self.token_period, place.ceiling) or min(self.token_ttl or place.ttl, ceiling)
        return msgspec.structs.replace(
            told,
            kind="batch" if self.is_batch else "service",
            renewable=not self.is_batch,
            ttl=min(ttl, longest or ttl),
            period=min(self.token_period, place.ceiling),
            max_expires_at=at + timedelta(seconds=longest) if longest else None,
            explicit_max_ttl=self.token_explicit_max_ttl,
            uses=self.token_num_uses,
            cidrs=(address,) if self.token_strictly_bind_ip else told.cidrs or self.token_bound_cidrs,
        )
