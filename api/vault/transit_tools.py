"""Random bytes and hashes, under `transit/` and `sys/tools/` alike."""

from __future__ import annotations

from typing import Final

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.transit_forms import HASHES
from api.vault.transit_items import binary
from api.vault.transit_names import transit
from domain.errors import Invalid
from domain.transit.format import encoded

_MOST: Final = 128 * 1024
_SOURCES: Final = frozenset({"platform", "seal", "all"})
_SHORT: Final = 9


async def random(request: VaultRequest) -> Reply:
    """So many random bytes, in base64 or hexadecimal. Of whatever source, it is the system's generator."""
    count, form = _count(request), _form(request, "base64", '"{}"')
    drawn, position = await transit(request).tools.random(request.call, count)
    with drawn:
        return Reply(data={"random_bytes": _shown(drawn.buffer, form)}, position=position)


def _count(request: VaultRequest) -> int:
    words = [word for word in request.values.get("rest", "").split("/") if word]
    if len(words) > 1 or (words and words[0] in _SOURCES):
        _must_be_source(words.pop(0))
    if len(words) > 1 or not all(word.isdecimal() and len(word) <= _SHORT for word in words):
        raise VaultError(400, "error parsing url-set byte count: give a whole number")
    count = int(words[0]) if words else request.fields.number("bytes", 32)
    if count < 1:
        raise VaultError(400, "'bytes' cannot be less than 1")
    if count > _MOST:
        raise VaultError(400, f"'bytes' should be less than {_MOST}")
    return count


def _must_be_source(word: str) -> None:
    if word not in _SOURCES:
        raise VaultError(400, f'unsupported entropy source "{word[:40]}"; must be "platform" or "seal", or "all"')


async def digest(request: VaultRequest) -> Reply:
    """The hash of some bytes, which come in base64."""
    name = request.values.get("algorithm") or request.fields.text("algorithm") or "sha2-256"
    if name not in HASHES - {"sha1"}:
        raise VaultError(400, f"unsupported algorithm {name[:40]}")
    form = _form(request, "hex", "{}")
    if "input" not in request.fields and request.mount.engine == "transit":
        raise VaultError(400, "input missing")
    try:
        given = binary(request.fields.get("input"))
    except Invalid as error:
        raise VaultError(400, f"unable to decode input as base64: {error.message}") from None
    made, position = await transit(request).tools.digest(request.call, name, given)
    return Reply(data={"sum": _shown(made, form)}, position=position)


def _form(request: VaultRequest, otherwise: str, quoted: str) -> str:
    form = request.fields.text("format") or otherwise
    if form not in {"base64", "hex"}:
        told = quoted.format(form[:20])
        raise VaultError(400, f'unsupported encoding format {told}; must be "hex" or "base64"')
    return form


def _shown(value: bytes | bytearray, form: str) -> str:
    return value.hex() if form == "hex" else encoded(bytes(value))


ROUTES: Final = (
    Route("random", {UPDATE: random}),
    Route("random/{rest...}", {UPDATE: random}),
    Route("hash", {UPDATE: digest}),
    Route("hash/{algorithm}", {UPDATE: digest}),
)
