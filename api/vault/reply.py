"""What the Vault surface answers, and how that looks on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

JSON: Final = "application/json"
"""Exactly so, without a charset: hvac compares it."""


class Auth(msgspec.Struct, frozen=True, kw_only=True):
    """What a login or the creation of a token gives. `lease_duration` in seconds."""

    client_token: str
    accessor: str
    policies: list[str]
    token_policies: list[str]
    metadata: dict[str, str] | None
    lease_duration: int
    renewable: bool
    entity_id: str = ""
    token_type: str = "service"  # noqa: S105 - the word for a kind of token
    orphan: bool = False
    mfa_requirement: None = None
    num_uses: int = 0


class WrapInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the answer lies that was wrapped. `ttl` in seconds, `creation_time` RFC 3339."""

    token: str
    accessor: str
    ttl: int
    creation_time: str
    creation_path: str
    wrapped_accessor: str = ""


class Reply(msgspec.Struct, kw_only=True):
    """An answer with a body; a handler that has nothing to say gives None, which is 204."""

    data: Mapping[str, Any] | None = None
    """What was asked for; values may be `msgspec.Raw`."""
    auth: Auth | None = None
    wrap_info: WrapInfo | None = None
    lease_id: str = ""
    renewable: bool = False
    lease_duration: int = 0
    warnings: Sequence[str] | None = None
    status: int = 200
    hoisted: bool = False
    """Whether the keys of `data` stand at the top as well, as on most of `sys/`."""
    bare: bool = False
    """Whether `data` is the whole body, without an envelope."""
    body: bytes | None = None
    """The whole body, if it is not JSON of ours: what was wrapped, a raw certificate."""
    media_type: str = JSON
    position: int = 0
    """Of the event in the log that makes it so; 0 if there is none to tell of."""

    def encoded(self, request_id: str) -> bytes:
        """The body."""
        if self.body is not None:
            return self.body
        if self.bare:
            return msgspec.json.encode(self.data)
        return msgspec.json.encode(self._envelope(request_id))

    def _envelope(self, request_id: str) -> dict[str, Any]:
        wrapped = self.wrap_info is not None
        envelope: dict[str, Any] = {
            "request_id": "" if wrapped else request_id,
            "lease_id": self.lease_id,
            "renewable": self.renewable,
            "lease_duration": self.lease_duration,
            "data": self.data,
            "wrap_info": self.wrap_info,
            "warnings": self.warnings,
            "auth": self.auth,
        }
        return {**self.data, **envelope} if self.hoisted and self.data is not None else envelope


def listed(keys: Sequence[str], **more: Any) -> Reply | None:  # noqa: ANN401 - JSON
    """The answer to a list; one of nothing is no answer at all, which is 404."""
    return Reply(data={"keys": list(keys), **more}) if keys else Reply(status=404)
