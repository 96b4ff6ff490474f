"""The routes of transit encryption: which scope each needs, and how each keeps tenants apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.integration.api.test_tenants import Pair

TRANSIT = "/api/v1/transit"
KEYS = f"{TRANSIT}/keys"
ONE = f"{KEYS}/{{key_name:str}}"
TEXT = "bWFya2Vy"
SEALED = "trv:1:AAAA"
NAME = "marker-of-acme"

# Route, request, scopes that are needed and suffice.
TRANSIT_NEEDS: list[tuple[tuple[str, str], str, object, set[str]]] = [
    (("POST", KEYS), KEYS, {"name": "a"}, {"keys:manage"}),
    (("POST", f"{KEYS}/rotate"), f"{KEYS}/rotate", {"name": "a"}, {"keys:manage"}),
    (("GET", KEYS), KEYS, None, {"keys:read"}),
    (("GET", ONE), f"{KEYS}/a", None, {"keys:read"}),
    (("PATCH", ONE), f"{KEYS}/a", {"deletion_allowed": True}, {"keys:manage"}),
    (("DELETE", ONE), f"{KEYS}/a", None, {"keys:manage"}),
    (("POST", f"{ONE}/trim"), f"{KEYS}/a/trim", {"min_available_version": 1}, {"keys:manage"}),
    (("GET", f"{ONE}/export"), f"{KEYS}/a/export?kind=public-key", None, {"keys:read"}),
    (("GET", f"{ONE}/export"), f"{KEYS}/a/export?kind=encryption-key", None, {"keys:manage"}),
    (("GET", f"{ONE}/backup"), f"{KEYS}/a/backup", None, {"keys:manage"}),
    (("POST", f"{TRANSIT}/restore"), f"{TRANSIT}/restore", {"backup": TEXT, "name": "a"}, {"keys:manage"}),
    (("POST", f"{TRANSIT}/encrypt"), f"{TRANSIT}/encrypt", {"key": "a", "plaintext": TEXT}, {"keys:encrypt"}),
    (("POST", f"{TRANSIT}/decrypt"), f"{TRANSIT}/decrypt", {"key": "a", "ciphertext": SEALED}, {"keys:decrypt"}),
    (("POST", f"{TRANSIT}/rewrap"), f"{TRANSIT}/rewrap", {"key": "a", "ciphertext": SEALED}, {"keys:encrypt"}),
    (("POST", f"{TRANSIT}/datakey"), f"{TRANSIT}/datakey", {"key": "a"}, {"keys:encrypt"}),
    (("POST", f"{TRANSIT}/hmac"), f"{TRANSIT}/hmac", {"key": "a", "data": TEXT}, {"keys:sign"}),
    (("POST", f"{TRANSIT}/sign"), f"{TRANSIT}/sign", {"key": "a", "message": TEXT}, {"keys:sign"}),
    (
        ("POST", f"{TRANSIT}/verify"),
        f"{TRANSIT}/verify",
        {"key": "a", "message": TEXT, "signature": TEXT},
        {"keys:verify"},
    ),
    (
        ("POST", f"{TRANSIT}/verify"),
        f"{TRANSIT}/verify",
        {"public_der": TEXT, "message": TEXT, "signature": TEXT},
        {"keys:verify"},
    ),
    (("POST", f"{TRANSIT}/random"), f"{TRANSIT}/random", {"bytes": 8}, {"keys:encrypt"}),
    (("POST", f"{TRANSIT}/hash"), f"{TRANSIT}/hash", {"data": TEXT}, {"keys:encrypt"}),
]


async def made(pair: Pair, **more: object) -> None:
    """A key of the one."""
    assert (await pair.acme("POST", KEYS, {"name": NAME, **more})).status == 201


async def created(pair: Pair) -> None:
    await made(pair)
    assert (await pair.silent("POST", KEYS, {"name": "own"})).status == 201
    assert (await pair.other("POST", KEYS, {"name": NAME})).status == 201, "the other tenant's names must be free"
    sealed = (await pair.acme("POST", f"{TRANSIT}/encrypt", {"key": NAME, "plaintext": TEXT})).json()["ciphertext"]
    answer = await pair.other("POST", f"{TRANSIT}/decrypt", {"key": NAME, "ciphertext": sealed})
    assert (answer.status, answer.json()["code"]) == (400, "decryption-failed")


async def listed(pair: Pair) -> None:
    await made(pair)
    await pair.empty(KEYS, {"items": [], "next_cursor": None})


async def restored(pair: Pair) -> None:
    await made(pair, exportable=True, allow_plaintext_backup=True)
    backup = (await pair.acme("GET", f"{KEYS}/{NAME}/backup")).json()["backup"]
    assert (await pair.other("POST", f"{TRANSIT}/restore", {"backup": backup})).status == 201
    assert (await pair.acme("POST", f"{TRANSIT}/restore", {"backup": backup})).status == 409


def missing(
    method: str, target: str, body: dict[str, Any] | None = None, **key: object
) -> Callable[[Pair], Awaitable[None]]:
    async def check(pair: Pair) -> None:
        await made(pair, **key)
        await pair.missing(method, target, body)

    return check


def _used(operation: str, body: dict[str, Any], **key: object) -> Callable[[Pair], Awaitable[None]]:
    return missing("POST", f"{TRANSIT}/{operation}", {"key": NAME, **body}, **key)


async def opened(pair: Pair, operation: str) -> None:
    await made(pair)
    sealed = (await pair.acme("POST", f"{TRANSIT}/encrypt", {"key": NAME, "plaintext": TEXT})).json()["ciphertext"]
    await pair.missing("POST", f"{TRANSIT}/{operation}", {"key": NAME, "ciphertext": sealed})


async def deleted(pair: Pair) -> None:
    await made(pair)
    await pair.acme("PATCH", f"{KEYS}/{NAME}", {"deletion_allowed": True})
    await pair.missing("DELETE", f"{KEYS}/{NAME}")


async def trimmed(pair: Pair) -> None:
    await made(pair)
    await pair.acme("PATCH", f"{KEYS}/{NAME}", {"min_encryption_version": 1})
    await pair.missing("POST", f"{KEYS}/{NAME}/trim", {"min_available_version": 1})


async def tools(pair: Pair) -> None:
    assert (await pair.silent("POST", f"{TRANSIT}/random", {"bytes": 8})).status == 200
    assert (await pair.silent("POST", f"{TRANSIT}/hash", {"data": TEXT})).status == 200


TRANSIT_APART: dict[tuple[str, str], Callable[[Pair], Awaitable[None]]] = {
    ("POST", KEYS): created,
    ("GET", KEYS): listed,
    ("POST", f"{KEYS}/rotate"): missing("POST", f"{KEYS}/rotate", {"name": NAME}),
    ("GET", ONE): missing("GET", f"{KEYS}/{NAME}"),
    ("PATCH", ONE): missing("PATCH", f"{KEYS}/{NAME}", {"deletion_allowed": True}),
    ("DELETE", ONE): deleted,
    ("POST", f"{ONE}/trim"): trimmed,
    ("GET", f"{ONE}/export"): missing("GET", f"{KEYS}/{NAME}/export?kind=public-key", type="ed25519"),
    ("GET", f"{ONE}/backup"): missing("GET", f"{KEYS}/{NAME}/backup", exportable=True, allow_plaintext_backup=True),
    ("POST", f"{TRANSIT}/restore"): restored,
    ("POST", f"{TRANSIT}/encrypt"): _used("encrypt", {"plaintext": TEXT}),
    ("POST", f"{TRANSIT}/decrypt"): lambda pair: opened(pair, "decrypt"),
    ("POST", f"{TRANSIT}/rewrap"): lambda pair: opened(pair, "rewrap"),
    ("POST", f"{TRANSIT}/datakey"): _used("datakey", {}),
    ("POST", f"{TRANSIT}/hmac"): _used("hmac", {"data": TEXT}),
    ("POST", f"{TRANSIT}/sign"): _used("sign", {"message": TEXT}, type="ed25519"),
    ("POST", f"{TRANSIT}/verify"): _used("verify", {"message": TEXT, "signature": TEXT}, type="ed25519"),
    ("POST", f"{TRANSIT}/random"): tools,
    ("POST", f"{TRANSIT}/hash"): tools,
}
