"""What moto's IAM does not do: boundaries, pages, what keeps a user from being deleted, simulation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.exceptions import DeleteConflictException, LimitExceededException, NotFoundException
from moto.iam.models import User
from moto.iam.responses import IamResponse

from tests.fakes.aws import principals
from tests.fakes.aws.control import CONTROL
from tests.fakes.aws.policies import Question

PAGE: Final = 3
"""Users a page at most, so that few make several."""
_MOST: Final = 2048
SERVICE_CREDENTIALS: Final[dict[str, list[dict[str, Any]]]] = {}


def _create_user(self: IamResponse, original: Callable[[IamResponse], ActionResult]) -> ActionResult:
    result = original(self)
    if bound := self._get_param("PermissionsBoundary"):
        principals.document(bound)
        principals.BOUNDARIES[principals.iam().get_user(self._get_param("UserName")).id] = bound
    return result


def _put_user_policy(self: IamResponse, original: Callable[[IamResponse], ActionResult]) -> ActionResult:
    user = principals.iam().get_user(self._get_param("UserName"))
    others = [text for name, text in user.policies.items() if name != self._get_param("PolicyName")]
    if sum(len("".join(text.split())) for text in (*others, self._get_param("PolicyDocument"))) > _MOST:
        raise LimitExceededException(f"Maximum policy size of {_MOST} bytes exceeded for user {user.name}")
    return original(self)


def _delete_user(self: IamResponse, original: Callable[[IamResponse], ActionResult]) -> ActionResult:
    name = self._get_param("UserName")
    user = principals.iam().get_user(name)
    if what := next((what for what, there in _belongings(user).items() if there), None):
        raise DeleteConflictException(f"Cannot delete entity, must delete {what} first.")
    return original(self)


def _belongings(user: User) -> dict[str, Any]:
    return {
        "access keys": user.access_keys,
        "login profile": user.password,
        "signing certificates": user.signing_certificates,
        "SSH keys": user.ssh_public_keys,
        "MFA devices": user.mfa_devices,
        "groups": [group for group in principals.iam().groups.values() if user in group.users],
        "service specific credentials": SERVICE_CREDENTIALS.get(user.name),
    }


def _list_users(self: IamResponse, original: Callable[[IamResponse], ActionResult]) -> ActionResult:
    prefix, start = self._get_param("PathPrefix") or "/", int(self._get_param("Marker") or 0)
    size = min(PAGE, int(self._get_param("MaxItems") or PAGE))
    found = [user for user in principals.iam().users.values() if user.path.startswith(prefix)]
    more = start + size < len(found)
    page = {"Users": found[start : start + size], "IsTruncated": more}
    return ActionResult(page | ({"Marker": str(start + size)} if more else {}))


def _simulate_principal_policy(self: IamResponse) -> ActionResult:
    arn = self._get_param("PolicySourceArn")
    user = next((each for each in principals.iam().users.values() if each.arn == arn), None)
    if user is None:
        raise NotFoundException(f"The principal {arn} cannot be found")
    context = {"aws:CurrentTime": [CONTROL.now().isoformat()], "aws:username": [user.name]}
    for entry in self._get_param("ContextEntries", []):
        context[entry["ContextKeyName"]] = entry["ContextKeyValues"]
    asks = principals.Principal(user.arn, user.name, None)  # type: ignore[arg-type]  # it signs nothing
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": "allowed" if asks.may(Question(action, resource, context)) else "implicitDeny",
        }
        for action in self._get_param("ActionNames")
        for resource in self._get_param("ResourceArns")
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _create_service_specific_credential(self: IamResponse) -> ActionResult:
    name = principals.iam().get_user(self._get_param("UserName")).name
    made = {
        "CreateDate": datetime.now(UTC),
        "ServiceName": self._get_param("ServiceName"),
        "ServiceUserName": name,
        "ServicePassword": "x",
        "ServiceSpecificCredentialId": f"ACCA{len(SERVICE_CREDENTIALS):016}",
        "UserName": name,
        "Status": "Active",
    }
    SERVICE_CREDENTIALS.setdefault(name, []).append(made)
    return ActionResult({"ServiceSpecificCredential": made})


def _list_service_specific_credentials(self: IamResponse) -> ActionResult:
    return ActionResult({"ServiceSpecificCredentials": SERVICE_CREDENTIALS.get(self._get_param("UserName"), [])})


def _delete_service_specific_credential(self: IamResponse) -> ActionResult:
    SERVICE_CREDENTIALS.pop(self._get_param("UserName"), None)
    return EmptyResult()


def install() -> None:
    """Have moto's IAM do it."""
    for name, wrapper in (
        ("create_user", _create_user),
        ("put_user_policy", _put_user_policy),
        ("delete_user", _delete_user),
        ("list_users", _list_users),
    ):
        setattr(IamResponse, name, _wrapped(wrapper, getattr(IamResponse, name)))
    for added in (
        _simulate_principal_policy,
        _create_service_specific_credential,
        _list_service_specific_credentials,
        _delete_service_specific_credential,
    ):
        setattr(IamResponse, added.__name__.removeprefix("_"), added)


def _wrapped(wrapper: Callable[..., ActionResult], original: Callable[..., ActionResult]) -> Callable[..., Any]:
    return lambda self: wrapper(self, original)
