"""What the contract suites of backends do and look for again and again."""

from __future__ import annotations

from typing import Final

from domain.backends import Account, Backend, Credential
from tests.backends.opening import made, planned
from tests.backends.world import World

SECRET_FIELDS: Final = frozenset(
    {
        "client_secret",
        "dsn",
        "key_json",
        "password",
        "private_key",
        "secret",
        "secret_access_key",
        "session_token",
        "token",
    }
)


async def created(backend: Backend, world: World, *, seconds: float | None = None) -> tuple[Account, Credential]:
    """Make an account of the world's role."""
    account = planned(world.setup, seconds=seconds)
    credential = await backend.create(account)
    return made(account, credential.handle), credential


async def fails(world: World, credential: Credential) -> bool:
    """Whether the credential does not work."""
    try:
        await world.log_in(credential.fields)
    except Exception:  # noqa: BLE001 - each world's client has errors of its own
        return True
    return False


def silent(text: str, world: World, *credentials: Credential) -> bool:
    """Whether no secret stands in the text: the configured ones, and those of the credentials."""
    hidden = set(world.setup.secrets.values())
    hidden |= {str(value) for given in credentials for name, value in given.fields.items() if name in SECRET_FIELDS}
    return not any(value in text for value in hidden if value)
