"""What a caller needs to use a user."""

from __future__ import annotations

from urllib.parse import urlencode

from adapters.providers.mongodb.settings import Connection
from domain.backends import Credential


def credential(at: Connection, username: str, password: str) -> Credential:
    """The fields, and a connection string that drivers and mongosh take."""
    host, _, port = at.hosts[0].rpartition(":") if not at.hosts[0].endswith("]") else (at.hosts[0], "", "")
    if not host:
        host, port = at.hosts[0], ""
    options = {"authSource": at.database, "tls": "true" if at.tls else "false"}
    options |= {"replicaSet": at.replica_set} if at.replica_set else {"directConnection": "true"}
    return Credential(
        fields={
            "username": username,
            "password": password,
            "host": host.strip("[]"),
            "port": int(port or 27_017),
            "hosts": ",".join(at.hosts),
            "auth_database": at.database,
            "dsn": f"mongodb://{username}:{password}@{','.join(at.hosts)}/?{urlencode(options)}",
        }
    )
