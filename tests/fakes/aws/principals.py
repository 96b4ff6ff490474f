"""Whose an access key is, and by which policies it acts: IAM users of moto's, and sessions that are kept here."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.credentials import Credentials
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import IAMBackend, User, iam_backends

from tests.fakes.aws.control import Control
from tests.fakes.aws.policies import Document, Question, allowed

ACCOUNT: Final = DEFAULT_ACCOUNT_ID


@dataclass(frozen=True)
class Session:
    """Credentials that STS gave. `layers` beneath them are read anew for each request."""

    arn: str
    issuer: str
    """The user or role whose rights they are cut from: its name, and which of the two."""
    is_role: bool
    restrictions: list[Document] | None
    expires_at: datetime
    tags: dict[str, str]
    key_id: str = field(default_factory=lambda: f"ASIA{secrets.token_hex(8).upper()}")
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(30))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(150))


SESSIONS: Final[dict[str, Session]] = {}
BOUNDARIES: Final[dict[str, str]] = {}
"""ARN of the policy that bounds a user, by the user's unique id."""


class Principal:
    """Who signed a request."""

    def __init__(self, arn: str, name: str, credentials: Credentials, session: Session | None = None) -> None:
        self.arn = arn
        self.name = name
        self._credentials = credentials
        self.session = session

    def create_credentials(self) -> Credentials:
        """As moto asks for them, to verify the signature."""
        return self._credentials

    def context(self) -> dict[str, list[str]]:
        """Condition keys that say who asks."""
        tags = self.session.tags if self.session else {}
        own = {} if self.session else {"aws:username": [self.name]}
        return {"aws:PrincipalArn": [self.arn], **own, **{f"aws:PrincipalTag/{k}": [v] for k, v in tags.items()}}

    def may(self, question: Question) -> bool:
        return allowed(self._layers(), question)

    def _layers(self) -> list[list[Document]]:
        if self.session is None:
            return _layers_of_user(self.name)
        layers = [_of_role(self.session.issuer)] if self.session.is_role else _layers_of_user(self.session.issuer)
        if self.session.restrictions is not None:
            layers.append(self.session.restrictions)
        return layers


def iam() -> IAMBackend:
    backend: IAMBackend = iam_backends[ACCOUNT]["aws"]
    return backend


def find(key_id: str, token: str | None, control: Control) -> Principal | None:
    """Whose key it is; None if AWS would not know it: deleted, inactive, ended, not yet everywhere."""
    if token:
        session = SESSIONS.get(key_id)
        if not session or not secrets.compare_digest(session.token, token) or session.expires_at <= control.now():
            return None
        return Principal(session.arn, session.arn, Credentials(key_id, session.secret, token), session)
    for user in iam().users.values():
        for key in user.access_keys:
            if key.access_key_id == key_id and key.status == "Active" and not _is_young(key, control):
                return Principal(user.arn, user.name, Credentials(key_id, key.secret_access_key))
    return None


def document(arn: str) -> Document:
    """A managed policy's."""
    policy = iam().get_policy(arn)
    found: Document = json.loads(next(each.document for each in policy.versions if each.is_default))
    return found


def _is_young(key: Any, control: Control) -> bool:
    made_at = key.create_date.replace(tzinfo=UTC)
    return bool(control.told_at <= made_at and datetime.now(UTC) < made_at + timedelta(seconds=control.key_delay))


def _layers_of_user(name: str) -> list[list[Document]]:
    user: User | None = iam().users.get(name)
    if user is None:
        return [[]]
    holders: list[Any] = [user, *(group for group in iam().groups.values() if user in group.users)]
    layer = [json.loads(policy) for holder in holders for policy in holder.policies.values()]
    layer += [document(arn) for holder in holders for arn in holder.managed_policies]
    bound = BOUNDARIES.get(user.id)
    return [layer, [document(bound)]] if bound else [layer]


def _of_role(name: str) -> list[Document]:
    role: Any = iam().get_role(name)
    return [
        *(json.loads(text) for text in role.policies.values()),
        *(document(arn) for arn in role.managed_policies),
    ]
