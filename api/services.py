"""What the API is handed by the composition root. It imports no adapter; these are all it knows of the outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.metrics import Metrics
from domain.call import Call
from domain.commands.approvals import ApprovalCommands
from domain.commands.attention import AttentionCommands
from domain.commands.comparing import SecretComparison
from domain.commands.inbox import ApprovalInbox
from domain.commands.kv import KvCommands
from domain.commands.lease_audit import LeaseAudit
from domain.commands.lease_making import LeaseMaking
from domain.commands.leases import LeaseCommands
from domain.commands.provider_rotation import ProviderRotation
from domain.commands.providers import ProviderCommands
from domain.commands.reading import SecretReads
from domain.commands.redeeming import ShareRedeeming
from domain.commands.resolving import SecretResolution
from domain.commands.rotation_schedules import ScheduleCommands
from domain.commands.rotations import RotationCommands
from domain.commands.secrets import SecretCommands
from domain.commands.shares import ShareCommands
from domain.commands.static_roles import StaticRoleCommands
from domain.commands.token_ends import TokenEnds
from domain.commands.tokens import TokenCommands
from domain.commands.transfer import SecretTransfer
from domain.commands.transit import TransitCommands
from projections.audit import AuditEvents


class StoredReply(Protocol):
    """What was answered to a request with the same idempotency key."""

    @property
    def status(self) -> int:
        """The HTTP status it had."""
        ...

    @property
    def body(self) -> bytes:
        """Its body: JSON."""
        ...


class ReplyFinder(Protocol):
    """Finds the reply to a repeated request; raises `IdempotencyMismatch` if it is not the same one."""

    async def find(self, call: Call) -> StoredReply | None:
        """What was answered to the request with this call's idempotency key, or None if it is new."""
        ...


class Auditing(Protocol):
    """What the API asks of the log itself, beyond appending."""

    def export(self, tenant: str) -> AsyncIterator[bytes]:
        """NDJSON lines of the whole chain, other tenants' events withheld."""
        ...

    async def caught_up(self) -> None:
        """Wait until what was written before now is found by a search."""
        ...

    async def verify(self) -> Mapping[str, object]:
        """Check the whole log now; the report as JSON would have it."""
        ...

    async def checkpoints(self) -> Sequence[str]:
        """The signed checkpoints held, oldest first."""
        ...

    async def checkpoint(self) -> str:
        """Sign and keep a checkpoint of the head now."""
        ...

    def public_key(self) -> str:
        """The key that verifies checkpoints, as a C2SP vkey."""
        ...


@dataclass(frozen=True)
class Limits:
    """Bounds of a request: body sizes in bytes, rates in requests per second (0 is off), time in seconds.

    Requests are counted by token; redeems of shares, which need none, by the client's address.
    """

    body_bytes: int = 8 * 1024 * 1024
    import_bytes: int = 96 * 1024 * 1024
    requests_per_second: int = 5000
    redeems_per_second: int = 20
    client_timeout_seconds: float = 30.0


@dataclass(frozen=True)
class Services:
    """One of each; `secrets_enabled` None means the secrets surface is open, else it says why it is not."""

    secrets: SecretCommands
    reads: SecretReads
    resolution: SecretResolution
    transfer: SecretTransfer
    comparison: SecretComparison
    kv: KvCommands
    tokens: TokenCommands
    token_ends: TokenEnds
    attention: AttentionCommands
    approvals: ApprovalCommands
    approval_inbox: ApprovalInbox
    providers: ProviderCommands
    lease_making: LeaseMaking
    leases: LeaseCommands
    lease_audit: LeaseAudit
    rotations: RotationCommands
    rotation_schedules: ScheduleCommands
    static_roles: StaticRoleCommands
    provider_rotation: ProviderRotation
    shares: ShareCommands
    redeeming: ShareRedeeming
    transit: TransitCommands
    audit_events: AuditEvents
    auditing: Auditing
    replies: ReplyFinder
    metrics: Metrics
    limits: Limits
    secrets_disabled: str | None
    ready: Callable[[], Awaitable[Mapping[str, str]]]
    """Checks by name; each is 'ok' or says what is wrong."""
    tenant_name: Callable[[str], Awaitable[str]]
