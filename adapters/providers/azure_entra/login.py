"""Tokens for Graph, by azure-identity: with a client secret, or an assertion that a certificate's key signed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from azure.core.pipeline.policies import ContentDecodePolicy, RetryPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import CertificateCredential, ClientSecretCredential

from adapters.provider_calls import Allowance
from adapters.providers.azure_entra.failures import login_translated
from adapters.providers.azure_entra.settings import Connection
from domain.errors import Invalid

_Credential = CertificateCredential | ClientSecretCredential
logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # what it warns of, our errors tell, without secrets
_YOUNG: Final = 20.0
"""Seconds for which a token that Graph refuses is taken to be as good as a new one."""


class Login:
    """Used by several threads. azure-identity keeps a token until shortly before its end."""

    def __init__(self, connection: Connection, secrets: dict[str, str], transport: RequestsTransport) -> None:
        self._scope = f"{connection.graph_endpoint}/.default"
        self._opened = _opening(connection, secrets, transport)
        self._hidden = tuple(secrets.values())
        self._lock = threading.Lock()
        self._credential, self._since = self._opened(), time.monotonic()

    def token(self, allowance: Allowance) -> str:
        """A token for Graph; raises `BackendRefused`, `BackendUnavailable`."""
        with login_translated(self._hidden):
            try:
                token = self._credential.get_token_info(self._scope).token
            except Exception:
                self._renew()  # the old one would repeat the error for up to a minute without asking
                raise
        allowance.left()
        return token

    def forget(self) -> bool:
        """Have the next token fetched, with what was granted meanwhile; False if the present one is new."""
        with self._lock:
            if time.monotonic() - self._since < _YOUNG:
                return False
        self._renew()
        return True

    def _renew(self) -> None:
        with self._lock:
            self._credential, self._since = self._opened(), time.monotonic()


def _opening(
    connection: Connection, secrets: dict[str, str], transport: RequestsTransport
) -> Callable[[], _Credential]:
    """What makes the credential. It asks nobody whether the authority is one of Microsoft's."""
    who = {"tenant_id": connection.tenant_id, "client_id": connection.client_id}
    how: dict[str, Any] = {
        "authority": connection.authority,
        "disable_instance_discovery": True,
        "transport": transport,
        "policies": [ContentDecodePolicy(), RetryPolicy.no_retries()],  # none that writes to a log
    }
    if secret := secrets.get("client_secret"):
        return lambda: ClientSecretCredential(**who, client_secret=secret, **how)
    pem = secrets["certificate"].encode()
    try:
        CertificateCredential(**who, certificate_data=pem, **how)
    except ValueError:
        raise Invalid("certificate is not a PEM certificate followed by its RSA key, unencrypted") from None
    return lambda: CertificateCredential(**who, certificate_data=pem, **how)
