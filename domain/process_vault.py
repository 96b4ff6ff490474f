"""Further rules of the process manager: of wrapped answers, cubbyholes, and passwords that the server sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.cubbyhole import CubbyholeCreated, CubbyholeEnded
from domain.event import Event
from domain.obligations import NEVER, Change, Discharged, Due
from domain.provider import ProviderCredentialsDestroyed, ProviderCredentialsStaged
from domain.static_role import StaticRoleConfigured, StaticRoleRemoved, StaticRoleRotated, StaticRoleRotationStarted
from domain.wrapping import WrappingCreated, WrappingExpired, WrappingRevoked, WrappingUsed

EXPIRE_WRAPPING: Final = "wrapping.expire"
END_CUBBYHOLE: Final = "cubbyhole.end"
ROTATE_STATIC_ROLE: Final = "static_role.rotate"
ROTATE_PROVIDER: Final = "provider.rotate"


def _credentials_staged(event: ProviderCredentialsStaged) -> Iterable[Change]:
    """Whoever changes them has until then; after that another node goes on."""
    yield Due(ROTATE_PROVIDER, event.name, event.go_on_at, event.destination)


def _credentials_settled(event: ProviderCredentialsDestroyed) -> Iterable[Change]:
    """Every way out of it destroys a set: the old, the new, or both."""
    yield Discharged(ROTATE_PROVIDER, event.name)


def _password_due(event: StaticRoleConfigured | StaticRoleRotated) -> Iterable[Change]:
    yield Due(ROTATE_STATIC_ROLE, event.role, event.next_run_at, event.destination)


def _password_begun(event: StaticRoleRotationStarted) -> Iterable[Change]:
    """Whoever sets it has until then; after that another node does."""
    yield Due(ROTATE_STATIC_ROLE, event.role, event.go_on_at, event.destination)


def _static_role_removed(event: StaticRoleRemoved) -> Iterable[Change]:
    yield Discharged(ROTATE_STATIC_ROLE, event.role)


def _kept(event: CubbyholeCreated) -> Iterable[Change]:
    """Waits for the token's end. So the many tokens that keep nothing leave nothing to do."""
    yield Due(END_CUBBYHOLE, event.token_id, NEVER)


def _cubbyhole_ended(event: CubbyholeEnded) -> Iterable[Change]:
    yield Discharged(END_CUBBYHOLE, event.token_id)


def _wrapped(event: WrappingCreated) -> Iterable[Change]:
    yield Due(EXPIRE_WRAPPING, event.wrapping_id, event.expires_at)


def _wrapping_ended(event: WrappingUsed | WrappingExpired | WrappingRevoked) -> Iterable[Change]:
    yield Discharged(EXPIRE_WRAPPING, event.wrapping_id)


RULES: Final[dict[type[Event], Callable[[Any], Iterable[Change]]]] = {
    CubbyholeCreated: _kept,
    CubbyholeEnded: _cubbyhole_ended,
    ProviderCredentialsDestroyed: _credentials_settled,
    ProviderCredentialsStaged: _credentials_staged,
    StaticRoleConfigured: _password_due,
    StaticRoleRemoved: _static_role_removed,
    StaticRoleRotated: _password_due,
    StaticRoleRotationStarted: _password_begun,
    WrappingCreated: _wrapped,
    WrappingExpired: _wrapping_ended,
    WrappingRevoked: _wrapping_ended,
    WrappingUsed: _wrapping_ended,
}
