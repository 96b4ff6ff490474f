"""`transit/datakey`: fresh keys to encrypt with elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.transit_encryption import NO_KEY
from api.vault.transit_items import Items, binary, context_of, version_of
from api.vault.transit_names import key_of, transit
from api.vault.transit_words import reasons
from domain.commands.transit_encryption import BITS
from domain.commands.transit_items import DataKey, Outcome, ToEncrypt
from domain.errors import Invalid, NotFound
from domain.plaintext import Plaintext
from domain.transit.format import VAULT, written


async def data_key(request: VaultRequest) -> Reply:
    """A data key's ciphertext; below `plaintext/` in the clear as well.

    That is not kept: a repetition has the ciphertext alone.
    """
    name, kind = key_of(request), request.values["kind"]
    if kind not in {"plaintext", "wrapped"}:
        raise VaultError(400, "Invalid path, must be 'plaintext' or 'wrapped'")
    bits, wanted = request.fields.number("bits", 256), _wanted(request)
    if bits not in BITS:
        raise VaultError(400, "invalid bit length")
    try:
        made, position = await transit(request).encryption.data_key(
            request.call, name, bits, wanted, wrapped=kind == "wrapped", told=_told
        )
    except NotFound:
        raise VaultError(400, NO_KEY) from None
    except Invalid as refused:
        (why,) = await reasons(request, name, Items([wanted], None), [refused], "encryption")
        raise VaultError(400, why) from None
    return Reply(data=_data(made), position=position)


def _wanted(request: VaultRequest) -> ToEncrypt:
    try:
        aad, context = binary(request.fields.get("associated_data")), context_of(request.fields)
        return ToEncrypt(Plaintext(bytearray()), aad, context, version_of(request.fields), if_derived=True)
    except Invalid as error:
        raise VaultError(400, error.message) from None


def _told(outcomes: Sequence[Outcome[DataKey]]) -> object:
    (made,) = outcomes
    return {} if isinstance(made, Invalid) else _sealed(made)


def _sealed(made: DataKey) -> dict[str, Any]:
    return {"ciphertext": written(VAULT, made.version, made.payload), "key_version": made.version}


def _data(made: DataKey) -> dict[str, Any]:
    if made.plaintext is None:
        return _sealed(made)
    with made.plaintext as plaintext:
        return {**_sealed(made), "plaintext": msgspec.Raw(msgspec.json.encode(plaintext.buffer))}


ROUTES: Final = (Route("datakey/{kind}/{name}", {UPDATE: data_key}),)
