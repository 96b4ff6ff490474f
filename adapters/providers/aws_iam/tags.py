"""What users and sessions are tagged with, so that whoever finds one at AWS finds its lease here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.backends import Account

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import TagTypeDef

EXPIRES: Final = "trstctl-expires"
_FOREIGN: Final = re.compile(r"[^\w .:/=+\-@]")
_LONGEST: Final = 256


def tags_of(account: Account) -> list[TagTypeDef]:
    """Tenant, lease and subject; characters that AWS takes in no tag become `_`."""
    return [
        {"Key": "trstctl-tenant", "Value": _value(account.tenant)},
        {"Key": "trstctl-lease", "Value": _value(account.lease_id)},
        {"Key": "trstctl-subject", "Value": _value(account.subject)},
    ]


def expiry_of(account: Account) -> list[TagTypeDef]:
    """When it ends, for people; what ends it is a policy."""
    return [{"Key": EXPIRES, "Value": account.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")}]


def _value(text: str) -> str:
    return _FOREIGN.sub("_", text)[:_LONGEST]
