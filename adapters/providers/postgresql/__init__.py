"""PostgreSQL 14 and newer: a role a lease, with `VALID UNTIL` as its end.

The password never goes to the server, only its SCRAM-SHA-256 verifier (RFC 5803): it stands in no log of statements.
"""

from __future__ import annotations

from adapters.providers.postgresql.kind import PostgresqlKind
from domain.backends import BackendKind

KIND: BackendKind = PostgresqlKind()
