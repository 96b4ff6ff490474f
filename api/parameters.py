"""Parameters in paths and headers, and the headers of answers, for the description."""

from __future__ import annotations

from typing import Any, Final

from api.patterns import PATH
from domain.transit.limits import NAME_PATTERN

PATH_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "path": {
        "name": "path",
        "in": "path",
        "required": True,
        "description": "The secret's path: segments joined by slashes, which may stand as they are or as `%2F`.",
        "schema": {"type": "string", "minLength": 1, **PATH},
        "example": "db/password",
    },
    "approval_id": {
        "name": "approval_id",
        "in": "path",
        "required": True,
        "description": "The request's id.",
        "schema": {"type": "string", "pattern": "^apr_[0-9a-f]{32}$"},
        "example": "apr_0123456789abcdef0123456789abcdef",
    },
    "work_id": {
        "name": "work_id",
        "in": "path",
        "required": True,
        "description": "The work's id, as the list has it.",
        "schema": {"type": "string", "format": "uuid"},
        "example": "00000000-0000-5000-8000-000000000003",
    },
    "token_id": {
        "name": "token_id",
        "in": "path",
        "required": True,
        "description": "The token's id, which is not the token.",
        "schema": {"type": "string", "pattern": "^tok_[0-9a-f]{16}$"},
        "example": "tok_0123456789abcdef",
    },
    "lease_id": {
        "name": "lease_id",
        "in": "path",
        "required": True,
        "description": "The lease's id.",
        "schema": {"type": "string", "pattern": "^lse_[0-9a-f]{24}$"},
        "example": "lse_019a0123456789abcdef0123",
    },
    "share_id": {
        "name": "share_id",
        "in": "path",
        "required": True,
        "description": "The share's id, which is not its token.",
        "schema": {"type": "string", "pattern": "^shr_[0-9a-f]{24}$"},
        "example": "shr_019a0123456789abcdef0123",
    },
    "name": {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "The provider's name.",
        "schema": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$"},
        "example": "postgresql",
    },
    "key_name": {
        "name": "key_name",
        "in": "path",
        "required": True,
        "description": "The transit key's name.",
        "schema": {"type": "string", "pattern": f"^{NAME_PATTERN}$"},
        "example": "orders",
    },
    "rotation_id": {
        "name": "rotation_id",
        "in": "path",
        "required": True,
        "description": "The rotation's id.",
        "schema": {"type": "string", "pattern": "^rot_[0-9a-f]{24}$"},
        "example": "rot_019a0123456789abcdef0123",
    },
    "schedule_id": {
        "name": "schedule_id",
        "in": "path",
        "required": True,
        "description": "The schedule's id.",
        "schema": {"type": "string", "pattern": "^rsc_[0-9a-f]{16}$"},
        "example": "rsc_0123456789abcdef",
    },
    "role": {
        "name": "role",
        "in": "path",
        "required": True,
        "description": "The role's name.",
        "schema": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$"},
        "example": "readonly",
    },
}

REQUEST_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": (
            "The client's own name for this request, such as a random UUID. Repeated with it, a request that changed "
            "something is answered as the first time and changes nothing again; with another request it is 422."
        ),
        "schema": {"type": "string", "pattern": "^[ -~]{1,200}$"},
        "example": "00000000-0000-4000-8000-00000000000a",
    },
    "Trstctl-Break-Glass": {
        "name": "Trstctl-Break-Glass",
        "in": "header",
        "required": False,
        "description": (
            "Why this is to happen without the approval it needs: 1 to 500 characters of UTF-8 on one line. Needs the "
            "scope `approvals:break-glass` on the path, and is recorded with what it does; where nothing needs "
            "approval it means nothing."
        ),
        # At least one character that is to be seen, and no control characters; Python's `str.isprintable` knows more.
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": 500,
            "pattern": r"^[^\x00-\x1f\x7f-\xa0\xad]*[^\x00-\x20\x7f-\xa0\xad][^\x00-\x1f\x7f-\xa0\xad]*$",
        },
        "example": "production is down and nobody else is awake",
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The version that must be current, in quotes; the same as `cas` in the body.",
        "schema": {"type": "string", "pattern": '^("[0-9]{1,12}"|[0-9]{1,12})$'},
        "example": '"2"',
    },
}

HEADERS: Final[dict[str, dict[str, Any]]] = {
    "X-Request-Id": {
        "description": "The request's id, also in the server's log and in the events that it caused.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "example": "0123456789abcdef",
    },
    "X-Trstctl-Position": {
        "description": "Where in the log the last event of this request is, if it caused one.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 42,
    },
    "Retry-After": {
        "description": "After how many seconds to try again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "required": True,
        "schema": {"type": "string"},
        "example": 'Bearer realm="trstctl"',
    },
}
