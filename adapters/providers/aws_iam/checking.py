"""Whether we may do what we will have to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from adapters.provider_calls import Allowance
from adapters.providers.aws_iam.failures import PAGE, Absent, Denied
from adapters.providers.aws_iam.service import Service
from adapters.providers.aws_iam.sessions import Sessions
from adapters.providers.aws_iam.settings import ASSUME_ROLE, FEDERATION, Connection, Role
from domain.backends import ACCOUNT_PREFIX, BackendRefused

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import ContextEntryTypeDef

NEEDED: Final = (
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateUser",
    "iam:DeleteAccessKey",
    "iam:DeleteUser",
    "iam:DeleteUserPolicy",
    "iam:DetachUserPolicy",
    "iam:GetUser",
    "iam:ListAccessKeys",
    "iam:ListAttachedUserPolicies",
    "iam:ListUserPolicies",
    "iam:PutUserPolicy",
    "iam:TagUser",
)
_NOBODY: Final = f"{ACCOUNT_PREFIX}check"
_SESSION: Final = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/.*")


class Checking:
    """Blocking."""

    def __init__(self, connection: Connection, service: Service, sessions: Sessions) -> None:
        self._connection = connection
        self._service = service
        self._sessions = sessions

    def check(self, allowance: Allowance) -> None:
        """Raises `BackendRefused` with what is missing, `BackendUnavailable`."""
        service = self._service
        who = service.call(allowance, "asking who we are", service.sts.get_caller_identity)
        if self._connection.users:
            iam, doing = service.iam, "listing users"
            service.call(allowance, doing, iam.list_users, PathPrefix=self._connection.path, MaxItems=1)
            self._simulate(allowance, who["Arn"], who["Account"])
        for arn in self._connection.assumable_roles:
            self._sessions.try_out(allowance, Role(method=ASSUME_ROLE, role_arn=arn))
        if self._connection.federation:
            self._sessions.try_out(allowance, Role(method=FEDERATION, policy={"Statement": []}))

    def _simulate(self, allowance: Allowance, caller: str, account: str) -> None:
        """Have IAM tell what of it we could do; who may not ask that learns of it when the first lease is issued."""
        source = _SESSION.sub(r"arn:\g<partition>:iam::\g<account>:role/\g<role>", caller)
        user = f"arn:{caller.split(':')[1]}:iam::{account}:user{self._connection.path}{_NOBODY}"
        try:
            answer = self._service.call(
                allowance,
                "asking IAM what we may do",
                self._service.iam.simulate_principal_policy,
                PolicySourceArn=source,
                ActionNames=NEEDED,
                ResourceArns=[user],
                ContextEntries=self._context(),
            )
        except (Denied, Absent):  # of a role that has a path, STS does not tell it
            return
        denied = [each["EvalActionName"] for each in answer["EvaluationResults"] if each["EvalDecision"] != "allowed"]
        if denied:
            raise BackendRefused(f"AWS: {caller} lacks {', '.join(sorted(denied))} on {user}; {PAGE} has the policy")

    def _context(self) -> list[ContextEntryTypeDef]:
        bound = self._connection.permissions_boundary
        if not bound:
            return []
        return [{"ContextKeyName": "iam:PermissionsBoundary", "ContextKeyValues": [bound], "ContextKeyType": "string"}]
