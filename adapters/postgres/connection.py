"""How connections to PostgreSQL are made, and what their roles are."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.errors import Misconfigured, StoreUnavailable

APP: Final = "trstctl_app"
"""Reads for one tenant: sees the rows of the tenant that the transaction names, writes nothing."""
WRITER: Final = "trstctl_writer"
"""Appends, replays and verifies, across tenants; cannot change or remove an event."""

LOG_LOCK: Final = 0x7472_7374_6374_6C01
"""Advisory lock of whoever appends: one transaction at a time, on all nodes together."""
MIGRATION_LOCK: Final = 0x7472_7374_6374_6C02
"""Advisory lock of whoever migrates."""

# A peer that vanished without a word is noticed by the kernel: when idle after 30 s, amid a transfer after 20.
_DEFAULTS: Final = {
    "application_name": "trstctl",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "20000",  # milliseconds
}


def conninfo_of(dsn: str) -> str:
    """`dsn` as libpq takes it, with our defaults where it is silent; raises `Misconfigured`."""
    try:
        return make_conninfo("", **{**_DEFAULTS, **conninfo_to_dict(dsn)})
    except psycopg.ProgrammingError:
        # libpq's message may repeat the address, and with it a password.
        raise Misconfigured("the store's address is not of the form postgresql://user@host:port/database") from None


def with_password(dsn: str, password: str) -> str:
    """`dsn` with a password that is kept elsewhere; raises `Misconfigured`."""
    return make_conninfo(conninfo_of(dsn), password=password)


def connect(dsn: str, role: str | None = None) -> psycopg.Connection:
    """A connection in autocommit mode, acting as `role`; raises `StoreUnavailable`, `Misconfigured`."""
    try:
        connection = psycopg.connect(conninfo_of(dsn), autocommit=True)
    except psycopg.Error as error:
        raise unreachable(error) from error
    if role is not None:
        try:
            connection.execute(as_role(role))
        except psycopg.Error as error:
            connection.close()
            raise _role_refused(role, error) from error
    return connection


def as_role(role: str) -> str:
    """The statement by which a connection gives up every right but the role's."""
    return f"SET ROLE {role}"


def unreachable(error: psycopg.Error) -> StoreUnavailable:
    """What it means that the database does not answer. libpq's messages hold address and user, never a password."""
    return StoreUnavailable(f"the database cannot be reached: {' '.join(str(error).split())}")


def _role_refused(role: str, error: psycopg.Error) -> StoreUnavailable | Misconfigured:
    if isinstance(error, psycopg.OperationalError):
        return unreachable(error)
    return Misconfigured(
        f"the store's user cannot act as {role} ({error.diag.message_primary}); run: trstctl migrate, and as the owner"
        f" of the database: GRANT {APP}, {WRITER} TO the_user"
    )
