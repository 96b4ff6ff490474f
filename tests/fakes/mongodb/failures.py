"""Errors as MongoDB numbers them (src/mongo/base/error_codes.yml)."""

from __future__ import annotations

from typing import Final

from tests.fakes.mongodb.wire import Document

_NAMES: Final = {
    2: "BadValue",
    11: "UserNotFound",
    13: "Unauthorized",
    18: "AuthenticationFailed",
    31: "RoleNotFound",
    59: "CommandNotFound",
    11601: "Interrupted",
    40415: "Location40415",
    51002: "Location51002",
    51003: "Location51003",
}


class CommandError(Exception):
    """A command that fails with this code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    def document(self) -> Document:
        """The answer to the command."""
        return {"ok": 0.0, "errmsg": str(self), "code": self.code, "codeName": _NAMES[self.code]}
