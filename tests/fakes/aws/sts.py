"""STS: moto gives federation tokens that nobody can use, and looks neither at lives nor at policies of sessions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.exceptions import AccessDeniedError
from moto.core.responses import ActionResult
from moto.sts.exceptions import STSValidationError
from moto.sts.responses import TokenResponse

from tests.fakes.aws import principals
from tests.fakes.aws.control import CONTROL
from tests.fakes.aws.policies import Document, Question, concerns
from tests.fakes.aws.principals import ACCOUNT, SESSIONS, Principal, Session


def _assume_role(self: TokenResponse) -> ActionResult:
    role = principals.iam().get_role_by_arn(self._get_param("RoleArn"))
    caller, name = _caller(self), self._get_param("RoleSessionName")
    for action in ("sts:AssumeRole", *(["sts:TagSession"] if self._get_param("Tags") else [])):
        _check_trust(self, json.loads(role.assume_role_policy_document), caller, role.arn, action)
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/{name}"
    session = _session(self, arn, role.name, is_role=True, longest=int(role.max_session_duration or 3600))
    user = {"AssumedRoleId": f"{role.id}:{name}", "Arn": arn}
    return ActionResult({"Credentials": _told(session), "AssumedRoleUser": user, "PackedPolicySize": 1})


def _get_federation_token(self: TokenResponse) -> ActionResult:
    caller, name = _caller(self), self._get_param("Name")
    if caller.session:
        raise AccessDeniedError(user_arn=caller.arn, action="sts:GetFederationToken")
    if len(name) > 32:
        raise STSValidationError("1 validation error detected: 'name' must have length less than or equal to 32")
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/{name}"
    session = _session(self, arn, caller.name, is_role=False, longest=129_600)
    user = {"FederatedUserId": f"{ACCOUNT}:{name}", "Arn": arn}
    return ActionResult({"Credentials": _told(session), "FederatedUser": user, "PackedPolicySize": 1})


def _get_caller_identity(self: TokenResponse) -> ActionResult:
    caller = _caller(self)
    return ActionResult({"UserId": caller.name, "Account": ACCOUNT, "Arn": caller.arn})


def _caller(self: TokenResponse) -> Principal:
    found = principals.find(self.get_access_key(), self.headers.get("X-Amz-Security-Token"), CONTROL)
    assert found, "it was authorized just now"
    return found


def _check_trust(self: TokenResponse, trust: Document, caller: Principal, role: str, action: str) -> None:
    context = {**caller.context(), "sts:RoleSessionName": [self._get_param("RoleSessionName")]}
    if external := self._get_param("ExternalId"):
        context["sts:ExternalId"] = [external]
    for statement in trust["Statement"]:
        trusted = statement["Principal"].get("AWS", ())
        is_trusted = caller.arn in trusted or f"arn:aws:iam::{ACCOUNT}:root" in trusted
        if is_trusted and statement["Effect"] == "Allow" and concerns(statement, Question(action, role, context)):
            return
    raise AccessDeniedError(user_arn=caller.arn, action=f"{action} on resource: {role}")


def _session(self: TokenResponse, arn: str, issuer: str, *, is_role: bool, longest: int) -> Session:
    seconds = int(self._get_param("DurationSeconds") or 3600)
    if not 900 <= seconds <= longest:
        raise STSValidationError(f"1 validation error detected: {seconds} is not 900 to {longest} seconds")
    session = Session(
        arn=arn,
        issuer=issuer,
        is_role=is_role,
        restrictions=_restrictions(self, is_role=is_role),
        expires_at=datetime.now(UTC) + timedelta(seconds=seconds),
        tags={tag["Key"]: tag["Value"] for tag in self._get_param("Tags") or []},
    )
    SESSIONS[session.key_id] = session
    return session


def _restrictions(self: TokenResponse, *, is_role: bool) -> list[Document] | None:
    """A federated user without any may do nothing, a role without any what the role may."""
    text, arns = self._get_param("Policy"), self._get_param("PolicyArns") or []
    if text and len(text) > 2048:
        raise STSValidationError("1 validation error detected: 'policy' must have length less than or equal to 2048")
    if not text and not arns:
        return None if is_role else []
    return [*([json.loads(text)] if text else []), *(principals.document(each["arn"]) for each in arns)]


def _told(session: Session) -> dict[str, Any]:
    return {
        "AccessKeyId": session.key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires_at,
    }


def install() -> None:
    """Have moto's STS do it."""
    for added in (_assume_role, _get_federation_token, _get_caller_identity):
        setattr(TokenResponse, added.__name__.removeprefix("_"), added)
