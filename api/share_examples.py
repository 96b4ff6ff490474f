"""Examples of shares. Every value in them is made up, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from api.bodies import RevokeBody
from api.routes.shares import SharedValue, SharePage
from api.share_bodies import RedeemBody, ShareBody
from domain.commands.sharing import Seen, ShareMeta, ShareReceipt

_TOKEN: Final = "trsh_" + "EXAMPLE" * 7
_PHRASE: Final = "example words to say on the telephone"
_SHARE: Final = ShareMeta(
    id="shr_019a0123456789abcdef0123",
    subject="ann",
    note="for Bob, the new database",
    state="open",
    passphrase_required=False,
    max_views=1,
    views_left=1,
    created_at=datetime(2026, 6, 25, 12, 0, tzinfo=UTC),
    expires_at=datetime(2026, 6, 26, 12, 0, tzinfo=UTC),
)
_SEEN: Final = msgspec.structs.replace(
    _SHARE, state="consumed", views_left=0, ended_at=datetime(2026, 6, 25, 12, 5, tzinfo=UTC)
)
_VIEW: Final = Seen(
    number=1,
    at=datetime(2026, 6, 25, 12, 5, tzinfo=UTC),
    address="192.0.2.7",
    agent="Mozilla/5.0",
    actor="anybody",
    position=42,
)

SHARE_BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    "createShare": {
        "once": ShareBody(value="example-value-not-a-secret", note="for Bob, the new database"),
        "with a passphrase": ShareBody(
            value="example-value-not-a-secret", passphrase=_PHRASE, max_views=3, ttl_seconds=3600
        ),
    },
    "redeemShare": {
        "token": RedeemBody(token=_TOKEN),
        "with a passphrase": RedeemBody(token=_TOKEN, passphrase=_PHRASE),
    },
    "revokeShare": {"reason": RevokeBody(reason="sent to the wrong person")},
}
"""Request bodies by operation id."""

SHARE_ANSWERS: Final[Mapping[str, Mapping[str, object]]] = {
    "createShare": {
        "shared": msgspec.structs.replace(_SHARE, token=_TOKEN, url=f"https://trstctl.example/s#{_TOKEN}"),
        "repeated": msgspec.structs.replace(_SHARE, replayed=True),
    },
    "listShares": {"shares": SharePage([_SHARE], None)},
    "showShare": {"seen": ShareReceipt(share=_SEEN, views=[_VIEW], failed_passphrases=0)},
    "redeemShare": {
        "text": SharedValue(value="example-value-not-a-secret", views_left=0),
        "bytes": SharedValue(value_b64=b"\xffexample", views_left=2),
    },
    "sharePage": {"beginning": "<!doctype html>"},
}
"""Successful answers by operation id."""
