"""Calls of IAM and STS, as who we are, or as who was just made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, cast

from botocore.config import Config

from adapters.provider_calls import Allowance
from adapters.providers.aws_iam.failures import Busy, checked, translated
from adapters.providers.aws_iam.login import Login, session
from adapters.providers.aws_iam.settings import Connection
from adapters.providers.aws_iam.silence import silence
from adapters.providers.aws_iam.transport import Transport

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C", "IAMClient", "STSClient")
_PAUSES: Final = (0.3, 1.0, 2.0, 4.0)
"""Seconds before a request that AWS was too busy for is sent again."""
_CONFIG: Final = Config(
    retries={"total_max_attempts": 1},
    ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # unknown to the stubs
    user_agent_extra="trstctl",
    parameter_validation=True,
)


class Service:
    """Blocking; used by several threads. The clients are made when first needed."""

    def __init__(self, connection: Connection, login: Login, limit: int) -> None:
        self._connection = connection
        self._login = login
        self._transport = Transport(connection.ca_file, limit)
        self._opening = threading.Lock()
        self._iam: IAMClient | None = None
        self._sts: STSClient | None = None
        self._session: boto3.Session | None = None
        self.key_id = login.key_id

    @property
    def iam(self) -> IAMClient:
        """IAM, as we are."""
        with self._opening:
            if self._iam is None:
                url = self._connection.iam_endpoint or None
                self._iam = self._attached(self._opened().client("iam", endpoint_url=url, config=_CONFIG))
            return self._iam

    @property
    def sts(self) -> STSClient:
        """STS, as we are."""
        with self._opening:
            if self._sts is None:
                url = self._connection.sts_endpoint or None
                self._sts = self._attached(self._opened().client("sts", endpoint_url=url, config=_CONFIG))
            return self._sts

    def sts_as(self, key_id: str, secret: str, token: str = "") -> STSClient:
        """STS, as somebody else."""
        with self._opening:
            client = self._opened().client(
                "sts",
                endpoint_url=self._connection.sts_endpoint or None,
                config=_CONFIG,
                aws_access_key_id=key_id,
                aws_secret_access_key=secret,
                aws_session_token=token or None,
            )
            return self._attached(client)

    def call(
        self,
        allowance: Allowance,
        doing: str,
        operation: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """An operation's answer; raises as `failures.failure` says. AWS being busy is waited for, while there is time.

        `doing` is for the message, such as `making user trst-a`.
        """
        self._transport.allow(allowance)
        for pause in (*_PAUSES, None):
            try:
                with translated(doing, self._login.hidden):
                    return checked(doing, operation(*args, **kwargs))
            except Busy:
                if pause is None:
                    raise
                allowance.pause(pause)
        raise AssertionError

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _opened(self) -> boto3.Session:
        if self._session is None:
            self._session = session(self._connection.region, self._login)
        return self._session

    def _attached(self, client: C) -> C:
        client.meta.events.register_first("before-send", cast("Callable[..., None]", self._transport.send))
        silence()
        return client
