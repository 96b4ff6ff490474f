"""One question to a webhook: JSON by POST, signed; its answer, whatever it may be, told without a secret."""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from typing import Any, Final, TypeVar

import msgspec
import requests

from adapters.provider_calls import Allowance
from adapters.provider_https import CHUNK, told, whole
from domain.backends import BackendRefused, BackendUnavailable

T = TypeVar("T", bound=msgspec.Struct)

SIGNATURE: Final = "Trstctl-Signature"


class Refusal(msgspec.Struct, frozen=True):
    """The body of an answer of 4xx: why."""

    error: str = ""


class Asking:
    """Asks; `seconds` is the longest that one answer may take."""

    def __init__(self, url: str, key: bytes, session: requests.Session, seconds: float) -> None:
        self._url = url
        self._key = key
        self._session = session
        self._seconds = seconds

    def ask(self, allowance: Allowance, action: str, question: dict[str, Any], answer: type[T]) -> T:
        """The answer to `action`; raises `BackendRefused` for a status of 4xx, else `BackendUnavailable`."""
        body = msgspec.json.encode({"action": action, **question})
        status, text = self._sent(allowance, action, body)
        if status == 200:
            return _decoded(action, text, answer)
        if 400 <= status < 500 and status not in {408, 429}:
            raise BackendRefused(f"the webhook refused {action}: {told(_reason(text)) or f'HTTP status {status}'}")
        raise BackendUnavailable(f"the webhook answered {action} with HTTP status {status}")

    def _sent(self, allowance: Allowance, action: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", SIGNATURE: signature(self._key, int(time.time()), body)}
        seconds = min(allowance.left(), self._seconds)
        try:
            with self._session.post(
                self._url, data=body, headers=headers, timeout=seconds, allow_redirects=False, stream=True
            ) as response:
                return response.status_code, whole(response.iter_content(CHUNK), allowance)
        except (requests.RequestException, OSError) as error:
            raise BackendUnavailable(f"the webhook gave no answer to {action}: {type(error).__name__}") from None

    def close(self) -> None:
        """Hang up."""
        self._session.close()


def signature(key: bytes, moment: int, body: bytes) -> str:
    """`t=SECONDS,v1=HEX`: HMAC-SHA256 over the seconds since 1970, a dot and the body."""
    digest = hmac.new(key, f"{moment}.".encode() + body, sha256).hexdigest()
    return f"t={moment},v1={digest}"


def _decoded(action: str, text: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BackendUnavailable(f"the webhook's answer to {action} is not of the form that it should have") from None


def _reason(text: bytes) -> str:
    try:
        return msgspec.json.decode(text, type=Refusal).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
