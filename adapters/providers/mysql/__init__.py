"""MariaDB 10.4 and newer, MySQL 8.0 and newer: an account a lease.

Neither can end an account at a given second (`PASSWORD EXPIRE INTERVAL` counts whole days), so its end is our
scheduler's work alone. The password never goes to the server, only its hash: it stands in no log of statements.
"""

from __future__ import annotations

from adapters.providers.mysql.kind import MysqlKind
from domain.backends import BackendKind

KIND: BackendKind = MysqlKind()
