"""Waiting until a key that was just made is known to STS, so that whoever gets it can use it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from adapters.provider_calls import Allowance
from adapters.providers.aws_iam.failures import UnknownKey
from adapters.providers.aws_iam.service import Service
from adapters.providers.aws_iam.settings import Connection
from domain.backends import BackendError

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

_PAUSE: Final = 0.5
_RESERVE: Final = 1.0
"""Seconds of a call's time that are left over for the answer."""


class Propagation:
    """Blocking; used by several threads."""

    def __init__(self, connection: Connection, service: Service) -> None:
        self._patience = connection.propagation_seconds
        self._service = service

    def wait(self, allowance: Allowance, key_id: str, secret: str) -> None:
        """Return once STS knows the key, or it is time to: it was made, and is good a little later, too."""
        if not self._patience:
            return
        try:
            self.log_in(allowance, key_id, secret)
        except BackendError:
            return

    def log_in(self, allowance: Allowance, key_id: str, secret: str, token: str = "") -> None:
        """Ask STS who it is that this key belongs to; raises `BackendRefused` unless it knows it in time."""
        client = self._service.sts_as(key_id, secret, token)
        end = time.monotonic() + min(self._patience, allowance.left() - _RESERVE)
        while not self._is_known(allowance, client, is_last=time.monotonic() + _PAUSE >= end):
            allowance.pause(_PAUSE)

    def _is_known(self, allowance: Allowance, client: STSClient, *, is_last: bool) -> bool:
        try:
            self._service.call(allowance, "logging in with an access key", client.get_caller_identity)
        except UnknownKey:
            if is_last:
                raise
            return False
        return True
