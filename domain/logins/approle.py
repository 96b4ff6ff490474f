"""Settings of an approle role, and the rules of its secret ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from domain.errors import Invalid
from domain.logins.networks import are_within, checked_networks, lies_in
from domain.logins.outcome import NotLoggedIn
from domain.logins.place import MAX_NAME, Place
from domain.logins.rows import RoleRow, SecretIdRow
from domain.logins.token_settings import MAX_TTL, TokenSettings

METHOD: Final = "approle"
MAX_SECRET_ID: Final = 4096
"""Longest secret id, in characters."""
MAX_METADATA: Final = 64
WRONG: Final = "invalid role or secret ID"
"""What is answered whatever of the two is wrong."""
_RANDOM: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


class AppRole(TokenSettings, frozen=True, kw_only=True, omit_defaults=True):
    """One role. `role_id` names it in a login; it is kept as a user name is, not as a password is."""

    role_id: str
    bind_secret_id: bool = True
    secret_id_bound_cidrs: tuple[str, ...] = ()
    secret_id_num_uses: int = 0
    secret_id_ttl: int = 0
    local_secret_ids: bool = False

    def check(self) -> None:
        """Raises `Invalid`, in Vault's words where it has some."""
        super().check()
        if not 1 <= len(self.role_id) <= MAX_NAME:
            raise Invalid("invalid role_id supplied, or failed to generate a role_id")
        if self.secret_id_num_uses < 0:
            raise Invalid("secret_id_num_uses cannot be negative")
        if not 0 <= self.secret_id_ttl <= MAX_TTL:
            raise Invalid(f"secret_id_ttl is 0 to {MAX_TTL} seconds")
        checked_networks(self.secret_id_bound_cidrs, "secret_id_bound_cidrs")
        if not (self.bind_secret_id or self.secret_id_bound_cidrs or self.token_bound_cidrs):
            raise Invalid("at least one constraint should be enabled on the role")

    def uses(self, asked: int | None) -> int:
        """How often a new secret id may be used, if `asked` for so many; raises `Invalid` for more than the role's."""
        if asked is None:
            return self.secret_id_num_uses
        if asked < 0:
            raise Invalid("num_uses cannot be negative")
        if self.secret_id_num_uses and not 1 <= asked <= self.secret_id_num_uses:
            raise Invalid("num_uses cannot be higher than the role's secret_id_num_uses")
        return asked

    def life(self, asked: int | None, place: Place) -> int:
        """How long a new secret id lives, in seconds, if `asked` for so much; raises `Invalid` for more."""
        if asked is not None and self.secret_id_ttl and not 1 <= asked <= self.secret_id_ttl:
            raise Invalid("ttl cannot be longer than the role's secret_id_ttl")
        ttl = self.secret_id_ttl if asked is None else asked
        return place.ceiling if ttl < 0 or ttl > place.ceiling else ttl

    def check_networks(self, cidrs: Sequence[str], token_cidrs: Sequence[str]) -> None:
        """Raises `Invalid` unless a new secret id may be bound to these networks."""
        for inner, outer in ((cidrs, self.secret_id_bound_cidrs), (token_cidrs, self.token_bound_cidrs)):
            if inner and not are_within(checked_networks(inner, "cidr_list"), outer):
                raise Invalid(
                    "failed to verify subset relationship between CIDR blocks on the role and CIDR blocks on the "
                    "secret ID"
                )


def is_random(text: str) -> bool:
    """Whether `text` has the form of those that we draw: 122 random bits, of which a quick hash gives nothing away."""
    return bool(_RANDOM.match(text))


def quick_digest(place: Place, role: str, text: str) -> str:
    """What a random secret id is known by, lower-case hex."""
    return sha256(f"{place.tenant}\n{place.accessor}\n{role}\n{text}".encode()).hexdigest()


def slow_salt(place: Place, role: str) -> bytes:
    """The salt under which secret ids that somebody chose are hashed, slowly: for one role, so that they are found."""
    return sha256(f"login_secret_id\n{place.tenant}\n{place.accessor}\n{role}".encode()).digest()[:16]


def check_login(role: RoleRow, settings: AppRole, used: SecretIdRow | None, address: str) -> None:
    """Raises `NotLoggedIn` if the client's address, or the bounds of the secret id, do not allow it."""
    if used and used.cidrs:
        if not are_within(used.cidrs, settings.secret_id_bound_cidrs):
            raise NotLoggedIn(WRONG, "the secret id's networks are no longer within the role's", role=role.name)
        _check_address(address, used.cidrs, "secret ID", role)
    if settings.secret_id_bound_cidrs:
        _check_address(address, settings.secret_id_bound_cidrs, "role", role)


def _check_address(address: str, cidrs: Sequence[str], whose: str, role: RoleRow) -> None:
    if not lies_in(address, cidrs):
        raise NotLoggedIn(
            f'source address "{address}" unauthorized by CIDR restrictions on the {whose}',
            f"address outside the networks of the {whose.lower()}",
            role=role.name,
        )
