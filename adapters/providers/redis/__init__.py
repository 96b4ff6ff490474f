"""Redis 7: an ACL user a lease, on one server.

Redis knows no end of a user: nothing there ends a lease but us. A password never goes there when a user is made, only
its SHA-256.
"""

from __future__ import annotations

from adapters.providers.redis.kind import RedisKind
from domain.backends import BackendKind

KIND: BackendKind = RedisKind()
