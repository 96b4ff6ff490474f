"""Every aggregate and event that the log may hold, by topic.

An event that is not here can be neither written nor read.
"""

from __future__ import annotations

from typing import Final

from domain.access import SecretRead, SecretsCompared, SecretsInjected
from domain.acl_policy import AclPolicy, AclPolicyCreated, AclPolicyDeleted, AclPolicyWritten
from domain.api_token import ApiToken, ApiTokenIssued, ApiTokenRevoked
from domain.approval import ApprovalRequest
from domain.approval_events import (
    ApprovalBypassed,
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    ApprovalUsed,
    ApprovalVoided,
    ApprovalWithdrawn,
)
from domain.cubbyhole import (
    Cubbyhole,
    CubbyholeCreated,
    CubbyholeEnded,
    CubbyholeEntriesDestroyed,
    CubbyholeRead,
    CubbyholeWritten,
)
from domain.delivery import DeliveryAttempted, DeliveryFailed, DeliveryParked, DeliveryResolved, DeliveryRetried
from domain.event import Aggregate, Event
from domain.kek import KekRotated, SigningKeyCreated
from domain.kv_config import KvMount, KvMountConfigured, KvMountKnown
from domain.lease import (
    Lease,
    LeaseFailed,
    LeaseIssued,
    LeaseRenewalFailed,
    LeaseRenewalRequested,
    LeaseRenewed,
    LeaseRequested,
    LeaseRevocationRequested,
    LeaseRevocationVerified,
)
from domain.logins.method import LoginMethod, LoginMethodConfigured, LoginMethodCreated, LoginMethodRemoved
from domain.logins.outcome import LoginRefused, LoginSucceeded
from domain.logins.role import LoginRole, LoginRoleConfigured, LoginRoleCreated, LoginRoleRemoved
from domain.logins.secret_id import LoginSecretId, SecretIdDestroyed, SecretIdIssued, SecretIdUsed
from domain.mount import MountClosed, MountDisabled, MountEnabled, MountTable, MountTableCreated, MountTuned
from domain.provider import (
    Provider,
    ProviderConfigured,
    ProviderCreated,
    ProviderCredentialsDestroyed,
    ProviderCredentialsStaged,
    ProviderRemoved,
    RoleConfigured,
    RoleRemoved,
)
from domain.rotation import (
    Rotation,
    RotationCompleted,
    RotationCutOver,
    RotationFailed,
    RotationRestored,
    RotationRolledBack,
    RotationStaged,
    RotationStarted,
    RotationVerified,
)
from domain.rotation_schedule import (
    RotationSchedule,
    ScheduleCreated,
    ScheduleFired,
    ScheduleRemoved,
    ScheduleSet,
    ScheduleSkipped,
)
from domain.secret import Secret, SecretCreated, SecretDeleted, SecretUndeleted, VersionsDestroyed, VersionWritten
from domain.secret_events import (
    SecretForgotten,
    SettingsChanged,
    VersionsDeleted,
    VersionsExpiring,
    VersionsPruned,
    VersionsUndeleted,
)
from domain.share import (
    Share,
    ShareCreated,
    ShareExpired,
    ShareLocked,
    SharePassphraseFailed,
    ShareRevoked,
    ShareViewed,
)
from domain.static_role import (
    StaticRole,
    StaticRoleConfigured,
    StaticRoleCreated,
    StaticRolePasswordsDestroyed,
    StaticRoleRead,
    StaticRoleRemoved,
    StaticRoleRotated,
    StaticRoleRotationStarted,
)
from domain.tenant import Tenant, TenantCreated
from domain.token_life import ApiTokenRenewed, ApiTokenUsed
from domain.token_role import TokenRole, TokenRoleConfigured, TokenRoleCreated, TokenRoleRemoved
from domain.transit.events import (
    TransitKeyConfigured,
    TransitKeyCreated,
    TransitKeyDeleted,
    TransitKeyRestored,
    TransitKeyRotated,
    TransitKeyTrimmed,
    TransitVersionRestored,
)
from domain.transit.key import TransitKey
from domain.transit.uses import (
    DataKeyMade,
    TransitAuthenticated,
    TransitBackedUp,
    TransitDecrypted,
    TransitDrawn,
    TransitEncrypted,
    TransitExported,
    TransitHashed,
    TransitRewrapped,
    TransitSetAside,
    TransitSigned,
    TransitVerified,
)
from domain.wrapping import Wrapping, WrappingCreated, WrappingExpired, WrappingRefused, WrappingRevoked, WrappingUsed

AGGREGATES: Final[tuple[type[Aggregate], ...]] = (
    AclPolicy,
    ApiToken,
    ApprovalRequest,
    Cubbyhole,
    KvMount,
    Lease,
    LoginMethod,
    LoginRole,
    LoginSecretId,
    MountTable,
    Provider,
    Rotation,
    RotationSchedule,
    Secret,
    Share,
    StaticRole,
    Tenant,
    TransitKey,
    TokenRole,
    Wrapping,
)

EVENTS: Final[dict[str, type[Event]]] = {
    event.TOPIC: event
    for event in (
        AclPolicyCreated,
        AclPolicyDeleted,
        AclPolicyWritten,
        ApiTokenIssued,
        ApiTokenRenewed,
        ApiTokenRevoked,
        ApiTokenUsed,
        ApprovalBypassed,
        ApprovalDenied,
        ApprovalExpired,
        ApprovalGranted,
        ApprovalRequested,
        ApprovalUsed,
        ApprovalVoided,
        ApprovalWithdrawn,
        CubbyholeCreated,
        CubbyholeEnded,
        CubbyholeEntriesDestroyed,
        CubbyholeRead,
        CubbyholeWritten,
        DataKeyMade,
        DeliveryAttempted,
        DeliveryFailed,
        DeliveryParked,
        DeliveryResolved,
        DeliveryRetried,
        KekRotated,
        KvMountConfigured,
        KvMountKnown,
        LeaseFailed,
        LeaseIssued,
        LeaseRenewalFailed,
        LeaseRenewalRequested,
        LeaseRenewed,
        LeaseRequested,
        LeaseRevocationRequested,
        LeaseRevocationVerified,
        LoginMethodConfigured,
        LoginMethodCreated,
        LoginMethodRemoved,
        LoginRefused,
        LoginRoleConfigured,
        LoginRoleCreated,
        LoginRoleRemoved,
        LoginSucceeded,
        MountClosed,
        MountDisabled,
        MountEnabled,
        MountTableCreated,
        MountTuned,
        ProviderConfigured,
        ProviderCreated,
        ProviderCredentialsDestroyed,
        ProviderCredentialsStaged,
        ProviderRemoved,
        RoleConfigured,
        RoleRemoved,
        RotationCompleted,
        RotationCutOver,
        RotationFailed,
        RotationRestored,
        RotationRolledBack,
        RotationStaged,
        RotationStarted,
        RotationVerified,
        ScheduleCreated,
        ScheduleFired,
        ScheduleRemoved,
        ScheduleSet,
        ScheduleSkipped,
        SecretCreated,
        SecretDeleted,
        SecretForgotten,
        SecretIdDestroyed,
        SecretIdIssued,
        SecretIdUsed,
        SecretRead,
        SecretUndeleted,
        SecretsCompared,
        SecretsInjected,
        SettingsChanged,
        ShareCreated,
        ShareExpired,
        ShareLocked,
        SharePassphraseFailed,
        ShareRevoked,
        ShareViewed,
        SigningKeyCreated,
        StaticRoleConfigured,
        StaticRoleCreated,
        StaticRolePasswordsDestroyed,
        StaticRoleRead,
        StaticRoleRemoved,
        StaticRoleRotated,
        StaticRoleRotationStarted,
        TenantCreated,
        TransitAuthenticated,
        TransitBackedUp,
        TransitDecrypted,
        TransitDrawn,
        TransitEncrypted,
        TransitExported,
        TransitHashed,
        TransitKeyConfigured,
        TransitKeyCreated,
        TransitKeyDeleted,
        TransitKeyRestored,
        TransitKeyRotated,
        TransitKeyTrimmed,
        TransitRewrapped,
        TransitSetAside,
        TransitSigned,
        TransitVerified,
        TransitVersionRestored,
        TokenRoleConfigured,
        TokenRoleCreated,
        TokenRoleRemoved,
        VersionWritten,
        VersionsDeleted,
        VersionsDestroyed,
        VersionsExpiring,
        VersionsPruned,
        VersionsUndeleted,
        WrappingCreated,
        WrappingExpired,
        WrappingRefused,
        WrappingRevoked,
        WrappingUsed,
    )
}
