"""The kind `gcp-iam`. google-auth is imported when the first is opened."""

from __future__ import annotations

import msgspec

from adapters.providers.gcp_iam.settings import Connection, Role
from domain.backends import Backend
from domain.errors import Invalid


class KeyFile(msgspec.Struct, frozen=True):
    """What we take of a service account's key file. Where it says to get tokens is not heeded: the connection does."""

    client_email: str
    private_key: str
    private_key_id: str = ""

    def __repr__(self) -> str:
        """Without the key."""
        return f"KeyFile({self.client_email})"


class GcpIamKind:
    """A `BackendKind`."""

    name = "gcp-iam"
    connection: type[msgspec.Struct] = Connection
    role: type[msgspec.Struct] = Role
    secrets: tuple[str, ...] = ("key_json",)

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> Backend:
        from adapters.providers.gcp_iam.backend import GcpIamBackend
        from adapters.providers.gcp_iam.service import Service

        key = _key_file(secrets.get("key_json", ""))
        return GcpIamBackend(connection, Service(connection, key, limit), limit, timeout)


def _key_file(text: str) -> KeyFile:
    try:
        return msgspec.json.decode(text, type=KeyFile)
    except msgspec.DecodeError:
        raise Invalid(
            "key_json is not the JSON key file of a service account: it needs client_email and private_key"
        ) from None
