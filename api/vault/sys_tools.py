"""`sys/tools`: random bytes and digests."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import Final

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import UPDATE, VaultRequest
from api.vault.table import Route

_MOST_BYTES: Final = 128 * 1024
_DIGESTS: Final = {
    "sha2-224": "sha224", "sha2-256": "sha256", "sha2-384": "sha384", "sha2-512": "sha512", "sha3-224": "sha3_224",
    "sha3-256": "sha3_256", "sha3-384": "sha3_384", "sha3-512": "sha3_512",
}  # fmt: skip
_SOURCES: Final = frozenset({"platform", "seal", "all"})


async def random(request: VaultRequest) -> Reply:
    """So many random bytes, in base64 or hexadecimal."""
    words = [word for word in request.values.get("rest", "").split("/") if word]
    numbers, sources = [word for word in words if word.isdigit()], [word for word in words if word in _SOURCES]
    if len(numbers) + len(sources) != len(words) or len(numbers) > 1 or len(sources) > 1:
        raise VaultError(400, "unsupported entropy source; must be one of platform, seal, all")
    count = int(numbers[0][:9]) if numbers else request.fields.number("bytes", 32)
    if not 1 <= count <= _MOST_BYTES:
        raise VaultError(400, f'"bytes" should be 1 to {_MOST_BYTES}')
    return Reply(data={"random_bytes": _shown(request, secrets.token_bytes(count), "base64")})


async def digest(request: VaultRequest) -> Reply:
    """The digest of some bytes, which come in base64."""
    name = request.values.get("algorithm") or request.fields.text("algorithm") or "sha2-256"
    if name not in _DIGESTS:
        raise VaultError(400, f"unsupported algorithm {name[:40]}; there are {', '.join(_DIGESTS)}")
    try:
        given = base64.b64decode(request.fields.text("input", most=2 * 1024 * 1024), validate=True)
    except (binascii.Error, ValueError):
        raise VaultError(400, "unable to decode input as base64") from None
    found = hashlib.new(_DIGESTS[name], given, usedforsecurity=False).digest()
    return Reply(data={"sum": _shown(request, found, "hex")})


def _shown(request: VaultRequest, value: bytes, otherwise: str) -> str:
    form = request.fields.text("format") or otherwise
    if form not in {"base64", "hex"}:
        raise VaultError(400, f"unsupported encoding format {form[:20]}; must be hex or base64")
    return value.hex() if form == "hex" else base64.b64encode(value).decode()


ROUTES: Final = (
    Route("tools/random", {UPDATE: random}),
    Route("tools/random/{rest...}", {UPDATE: random}),
    Route("tools/hash", {UPDATE: digest}),
    Route("tools/hash/{algorithm}", {UPDATE: digest}),
)
