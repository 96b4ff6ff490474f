"""The kind `aws-iam`. boto3 is imported when the first is opened."""

from __future__ import annotations

import msgspec

from adapters.providers.aws_iam.settings import Connection, Role
from domain.backends import Backend
from domain.errors import Invalid


class AwsIamKind:
    """A `BackendKind`."""

    name = "aws-iam"
    connection: type[msgspec.Struct] = Connection
    role: type[msgspec.Struct] = Role
    secrets: tuple[str, ...] = ("secret_access_key", "access_key_id", "session_token")

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> Backend:
        key_id = _key_id(connection, secrets)
        from adapters.providers.aws_iam.backend import AwsIamBackend
        from adapters.providers.aws_iam.login import Login
        from adapters.providers.aws_iam.service import Service

        login = Login(key_id, secrets.get("secret_access_key", ""), secrets.get("session_token", ""))
        return AwsIamBackend(connection, Service(connection, login, limit), limit, timeout)


def _key_id(connection: Connection, secrets: dict[str, str]) -> str:
    """The id of our access key, empty for the machine's role; raises `Invalid`."""
    if connection.use_instance_role:
        if any(secrets.values()) or connection.access_key_id:
            raise Invalid("give either an access key or use_instance_role, not both")
        return ""
    found = {each for each in (connection.access_key_id, secrets.get("access_key_id", "")) if each}
    if len(found) != 1 or not secrets.get("secret_access_key"):
        raise Invalid(
            "give secret_access_key, and access_key_id once: in the connection, or in the credentials as a JSON object"
            " with both; or set use_instance_role"
        )
    return found.pop()
