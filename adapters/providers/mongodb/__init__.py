"""MongoDB 4.4 and newer: a user a lease, that logs in by SCRAM-SHA-256.

MongoDB knows no end of a user: nothing there ends a lease but us. Its `customData` says when that will be, and for
whom.
"""

from __future__ import annotations

from adapters.providers.mongodb.kind import MongodbKind
from domain.backends import BackendKind

KIND: BackendKind = MongodbKind()
