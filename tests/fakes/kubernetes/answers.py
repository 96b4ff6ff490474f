"""Answers that are errors: the `Status` kind of Kubernetes' API conventions."""

from __future__ import annotations

from typing import Any

RBAC = "rbac.authorization.k8s.io"


class ApiError(Exception):
    """What is answered instead of an object."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details
        self.metadata: dict[str, Any] = {}

    def body(self) -> dict[str, Any]:
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "code": self.code,
        }
        if self.details:
            status["details"] = self.details
        return status


def qualified(group: str, resource: str) -> str:
    """`roles.rbac.authorization.k8s.io`, `serviceaccounts`."""
    return f"{resource}.{group}" if group else resource


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden(group: str, resource: str, name: str, why: str) -> ApiError:
    what = qualified(group, resource)
    details = {"name": name, "group": group, "kind": resource}
    subject = f'{what} "{name}"' if name else what
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", {k: v for k, v in details.items() if v})


def not_found(group: str, resource: str, name: str) -> ApiError:
    details = {"name": name, "group": group, "kind": resource}
    message = f'{qualified(group, resource)} "{name}" not found'
    return ApiError(404, "NotFound", message, {k: v for k, v in details.items() if v})


def no_such_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def exists(group: str, resource: str, name: str) -> ApiError:
    details = {"name": name, "group": group, "kind": resource}
    message = f'{qualified(group, resource)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, {k: v for k, v in details.items() if v})


def conflict(group: str, resource: str, name: str, why: str) -> ApiError:
    message = f'Operation cannot be fulfilled on {qualified(group, resource)} "{name}": {why}'
    return ApiError(409, "Conflict", message, {"name": name, "group": group, "kind": resource})


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def invalid(group: str, kind: str, name: str, causes: list[tuple[str, str]]) -> ApiError:
    """`causes` are field and message, such as `metadata.name` and `Required value`."""
    listed = [f"{field}: {told}" for field, told in causes]
    told = listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"
    details = {
        "name": name,
        "group": group,
        "kind": kind,
        "causes": [{"reason": "FieldValueInvalid", "field": field, "message": text} for field, text in causes],
    }
    what = f"{kind}.{group}" if group else kind
    return ApiError(422, "Invalid", f'{what} "{name}" is invalid: {told}', details)
