"""Requests to Microsoft Graph."""

from __future__ import annotations

import random
from typing import Final

from azure.core import PipelineClient
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from adapters import provider_https
from adapters.provider_calls import Allowance
from adapters.providers.azure_entra.failures import Busy, failure, translated
from adapters.providers.azure_entra.login import Login
from adapters.providers.azure_entra.settings import Connection

_FIRST_PAUSE: Final = 0.3
_LONGEST_PAUSE: Final = 5.0


class Graph:
    """Used by several threads."""

    def __init__(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> None:
        self._session = provider_https.session(connection.ca_file, limit)
        transport = RequestsTransport(
            session=self._session,
            session_owner=False,
            connection_timeout=timeout,
            read_timeout=timeout,
            connection_verify=connection.ca_file or True,
        )
        self._login = Login(connection, secrets, transport)
        self._base = f"{connection.graph_endpoint}/v1.0"
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            self._base, transport=transport, policies=[]
        )

    def call(self, allowance: Allowance, doing: str, method: str, path: str, body: object = None) -> bytes:
        """The answer; raises as `failure` says. Asked again, while there is time, whatever was not done for others."""
        pause = _FIRST_PAUSE
        while True:
            status, text, wanted = self._sent(allowance, doing, method, path, body)
            if status in {200, 201, 204}:
                return text
            trouble = failure(doing, status, text)
            if not isinstance(trouble, Busy):
                raise trouble
            spread = random.uniform(0.5, 1.5)  # noqa: S311 - so that those who collide do not collide again
            allowance.pause(max(wanted, pause * spread))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _sent(self, allowance: Allowance, doing: str, method: str, path: str, body: object) -> tuple[int, bytes, float]:
        answer = self._send(allowance, doing, method, path, body)
        if answer[0] in {401, 403} and self._login.forget():
            answer = self._send(allowance, doing, method, path, body)
        return answer

    def _send(self, allowance: Allowance, doing: str, method: str, path: str, body: object) -> tuple[int, bytes, float]:
        headers = {"authorization": f"Bearer {self._login.token(allowance)}"}
        request = HttpRequest(method, f"{self._base}/{path}", headers=headers, json=body)
        with translated(doing):
            left = allowance.left()
            response = self._client.send_request(request, stream=True, connection_timeout=left, read_timeout=left)
            with response:
                text = provider_https.whole(response.iter_bytes(), allowance)
        return response.status_code, text, _retry_after(response)


def _retry_after(response: HttpResponse) -> float:
    told = response.headers.get("retry-after", "")
    return min(float(told), 3600.0) if told.isascii() and told.isdigit() and len(told) < 8 else 0.0
