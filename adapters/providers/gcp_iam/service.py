"""Requests to Google's APIs, as the service account that `key_json` is of.

google-auth signs the assertion and fetches the token. Its own session is not used: beside our requests it looks up
"regional access boundaries", for which it sends our token to Google's public address, whatever endpoints are set.
"""

from __future__ import annotations

import threading
from typing import Final, cast

import msgspec
from google.oauth2 import service_account

from adapters import provider_https
from adapters.provider_calls import Allowance
from adapters.providers.gcp_iam.failures import failure, translated
from adapters.providers.gcp_iam.kind import KeyFile
from adapters.providers.gcp_iam.settings import EVERYTHING, Connection
from adapters.providers.gcp_iam.transport import Transport
from domain.backends import BackendUnavailable
from domain.errors import Invalid

_LOGIN: Final = "getting a token"


class Service:
    """Used by several threads."""

    def __init__(self, connection: Connection, key: KeyFile, limit: int) -> None:
        self._connection = connection
        self._session = provider_https.session(connection.ca_file, limit)
        self._credentials = _credentials(connection, key)
        self._refreshing = threading.Lock()
        self.caller = key.client_email

    def iam(self, allowance: Allowance, doing: str, method: str, path: str, body: object = None) -> bytes:
        """A request to the IAM API, and its answer; raises as `failure` says."""
        return self._call(allowance, doing, method, f"{self._connection.iam_endpoint}/v1/{path}", body)

    def iam_credentials(self, allowance: Allowance, doing: str, path: str, body: object) -> bytes:
        """A request to the Service Account Credentials API, and its answer; raises as `failure` says."""
        return self._call(allowance, doing, "POST", f"{self._connection.credentials_endpoint}/v1/{path}", body)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _call(self, allowance: Allowance, doing: str, method: str, url: str, body: object) -> bytes:
        token = self._token(allowance)
        status, text = self._send(allowance, doing, method, url, body, token)
        if status == 401:  # it may have been revoked before its end
            token = self._token(allowance, instead_of=token)
            status, text = self._send(allowance, doing, method, url, body, token)
        if status != 200:
            raise failure(doing, status, text, self.caller)
        return text

    def _send(
        self, allowance: Allowance, doing: str, method: str, url: str, body: object, token: str
    ) -> tuple[int, bytes]:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        data = None if body is None else msgspec.json.encode(body)
        with (
            translated(doing),
            self._session.request(
                method, url, data=data, headers=headers, timeout=allowance.left(), stream=True, allow_redirects=False
            ) as response,
        ):
            return response.status_code, provider_https.whole(response.iter_content(provider_https.CHUNK), allowance)

    def _token(self, allowance: Allowance, *, instead_of: str = "") -> str:
        if not self._refreshing.acquire(timeout=allowance.left()):
            raise BackendUnavailable("Google: another request waits for a token, and gets none")
        try:
            held = self._credentials
            if not held.valid or held.token == instead_of:
                with translated(_LOGIN):
                    held.refresh(Transport(self._session, allowance))  # type: ignore[no-untyped-call]  # google-auth's
            return str(held.token)
        finally:
            self._refreshing.release()


def _credentials(connection: Connection, key: KeyFile) -> service_account.Credentials:
    info = {
        "type": "service_account",
        "client_email": key.client_email,
        "private_key": key.private_key,
        "private_key_id": key.private_key_id,
        "token_uri": connection.token_uri,
    }
    try:
        made = service_account.Credentials.from_service_account_info(info, scopes=[EVERYTHING])  # type: ignore[no-untyped-call]
        return cast("service_account.Credentials", made)
    except ValueError:
        raise Invalid("key_json has a private_key that is none: take the key file as Google gave it") from None
