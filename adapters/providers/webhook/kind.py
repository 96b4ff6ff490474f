"""The kind: how a webhook is opened."""

from __future__ import annotations

from typing import Final

import msgspec

from adapters.provider_https import session
from adapters.providers.webhook.asking import Asking
from adapters.providers.webhook.backend import WebhookBackend
from adapters.providers.webhook.settings import Connection, Role
from domain.errors import Invalid

_SHORTEST_KEY: Final = 32


class WebhookKind:
    """See `BackendKind`."""

    name = "webhook"
    connection: type[msgspec.Struct] = Connection
    role: type[msgspec.Struct] = Role
    secrets: tuple[str, ...] = ("signing_key",)

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> WebhookBackend:
        """See `BackendKind`."""
        key = secrets.get("signing_key", "")
        if len(key) < _SHORTEST_KEY:
            raise Invalid(
                f"signing_key: give the key that requests are signed with, {_SHORTEST_KEY} characters or more"
            )
        asking = Asking(connection.url, key.encode(), session(connection.ca_file, limit), timeout)
        return WebhookBackend(asking, limit, timeout)
