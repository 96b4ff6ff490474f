"""The official client, opened so that it goes where it is told and nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Final

from kubernetes.client import ApiClient, Configuration
from msgspec.structs import replace

from adapters.providers.kubernetes.files import account_token
from adapters.providers.kubernetes.settings import Connection
from domain.errors import Invalid

_POD: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
"""What Kubernetes mounts into every pod: `token`, renewed there before it ends, and `ca.crt`."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,20000}\Z")
"""RFC 6750, section 2.1. Anything else the HTTP library would repeat in its error."""


def opened_client(connection: Connection, token: str, limit: int) -> ApiClient:
    """A client that sends a request once, follows no redirect, and verifies the server's certificate."""
    configuration = Configuration(
        host=connection.server,
        ssl_ca_cert=connection.ca_file or None,
        connection_pool_maxsize=limit,
        retries=False,
    )
    # The client's own annotation says that there is none, and that it is never set.
    configuration.refresh_api_key_hook = _authorization(connection.token_file, token)  # type: ignore[assignment]
    configuration.api_key["authorization"] = ""  # the hook puts it in; without the key the client would not ask it
    return ApiClient(configuration)


def completed(connection: Connection, token: str) -> Connection:
    """The connection with what `in_cluster` stands for; raises `Invalid` if settings contradict each other."""
    given = bool(connection.server or connection.ca_file or connection.token_file or token)
    if connection.in_cluster and given:
        raise Invalid("kubernetes: in_cluster goes without server, ca_file, token_file and token")
    if connection.in_cluster:
        return replace(connection, server=_pod_server(), ca_file=f"{_POD}/ca.crt", token_file=f"{_POD}/token")
    if not connection.server:
        raise Invalid("kubernetes: set server to the API server's address, or in_cluster to true")
    if bool(connection.token_file) == bool(token):
        raise Invalid("kubernetes: give the token to call with once, as the secret token or by token_file")
    if token and not _TOKEN.match(token):
        raise Invalid("kubernetes: the token has characters that no token has; give it without quotes and line ends")
    return connection


def _pod_server() -> str:
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        raise Invalid("kubernetes: in_cluster is set, but this is no pod: there is no KUBERNETES_SERVICE_HOST")
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _authorization(path: str, token: str) -> Callable[[Configuration], None]:
    """What the client calls before each request."""

    def refresh(configuration: Configuration) -> None:
        configuration.api_key["authorization"] = f"Bearer {account_token(path) if path else token}"

    return refresh
