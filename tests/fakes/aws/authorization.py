"""Whether a request may be made: in place of moto's own look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from moto.core.exceptions import AccessDeniedError, InvalidClientTokenIdError, _RESTError
from moto.iam import access_control

from tests.fakes.aws import principals
from tests.fakes.aws.control import CONTROL
from tests.fakes.aws.policies import Question

_SKEW: Final = timedelta(minutes=15)


class _Refused(_RESTError):
    code = 403


class Request(access_control.IAMRequest):
    """As moto's, with a principal that AWS would accept, a date that it would, and its policies read in full."""

    def check_signature(self) -> None:
        super().check_signature()
        sent_at = datetime.strptime(self._headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - sent_at) > _SKEW:
            raise _Refused("SignatureDoesNotMatch", f"Signature expired: {sent_at} is now earlier than it may be")

    def check_action_permitted(self, resource: str) -> None:
        if self._action == "sts:GetCallerIdentity":  # nobody can be denied that
            return
        asked = cast("principals.Principal", self._access_key)
        for action in (self._action, *self._further()):
            if not asked.may(Question(action, self._resource(resource), self._context())):
                raise AccessDeniedError(user_arn=asked.arn, action=f"{action} on resource: {self._resource(resource)}")

    def _further(self) -> list[str]:
        if not any(key.startswith("Tags.") for key in self._data):
            return []
        return {"iam:CreateUser": ["iam:TagUser"], "sts:AssumeRole": ["sts:TagSession"]}.get(
            self._action, ["sts:TagSession"] if self._action == "sts:GetFederationToken" else []
        )

    def _one(self, name: str) -> str:
        values: Any = self._data.get(name)  # moto takes each for a text, and has lists
        return str(values[0]) if values else ""

    def _resource(self, resource: str) -> str:
        """Of a user that is not there IAM knows no path, so what is allowed for a path is not allowed for it."""
        if self._action == "sts:GetFederationToken":
            return f"arn:aws:sts::{self.account_id}:federated-user/{self._one('Name')}"
        if self._action == "iam:SimulatePrincipalPolicy":
            return self._one("PolicySourceArn")
        if group := self._one("GroupName"):
            return f"arn:aws:iam::{self.account_id}:group/{group}"
        name = self._one("UserName")
        if self._service != "iam" or not name:
            return resource
        if user := principals.iam().users.get(name):
            return str(user.arn)
        return f"arn:aws:iam::{self.account_id}:user{self._one('Path') or '/'}{name}"

    def _context(self) -> dict[str, list[str]]:
        context = {
            "aws:CurrentTime": [CONTROL.now().isoformat()],
            **cast("principals.Principal", self._access_key).context(),
        }
        user = principals.iam().users.get(self._one("UserName"))
        bound = principals.BOUNDARIES.get(user.id) if user else self._one("PermissionsBoundary")
        for key, value in (("iam:PermissionsBoundary", bound), ("iam:PolicyARN", self._one("PolicyArn"))):
            if value:
                context[key] = [value]
        return context


def _principal(*, access_key_id: str, headers: Mapping[str, str], **_: str) -> principals.Principal:
    found = principals.find(access_key_id, headers.get("X-Amz-Security-Token"), CONTROL)
    if found is None:
        raise InvalidClientTokenIdError
    return found


def install() -> None:
    """Have moto ask here."""
    access_control.IAMRequest = Request  # type: ignore[misc]
    access_control.create_access_key = _principal  # type: ignore[assignment]
