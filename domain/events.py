"""Every aggregate and event that the log may hold, by topic.

An event that is not here can be neither written nor read.
"""

from __future__ import annotations

from typing import Final

from domain.access import SecretRead, SecretsCompared, SecretsInjected
from domain.api_token import ApiToken, ApiTokenIssued, ApiTokenRevoked
from domain.delivery import DeliveryAttempted, DeliveryFailed, DeliveryParked, DeliveryResolved, DeliveryRetried
from domain.event import Aggregate, Event
from domain.kek import KekRotated, SigningKeyCreated
from domain.secret import Secret, SecretCreated, SecretDeleted, SecretUndeleted, VersionsDestroyed, VersionWritten
from domain.tenant import Tenant, TenantCreated

AGGREGATES: Final[tuple[type[Aggregate], ...]] = (ApiToken, Secret, Tenant)

EVENTS: Final[dict[str, type[Event]]] = {
    event.TOPIC: event
    for event in (
        ApiTokenIssued,
        ApiTokenRevoked,
        DeliveryAttempted,
        DeliveryFailed,
        DeliveryParked,
        DeliveryResolved,
        DeliveryRetried,
        KekRotated,
        SecretCreated,
        SecretDeleted,
        SecretRead,
        SecretUndeleted,
        SecretsCompared,
        SecretsInjected,
        SigningKeyCreated,
        TenantCreated,
        VersionWritten,
        VersionsDestroyed,
    )
}
