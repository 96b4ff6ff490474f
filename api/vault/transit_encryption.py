"""`transit/`: encrypt, decrypt, rewrap. A ciphertext is `vault:v<version>:<base64>`; also `trv:` is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.transit_items import (
    Items,
    all_or_no_context,
    batch_reply,
    binary,
    count_failed,
    items_of,
    must_have,
    version_of,
)
from api.vault.transit_names import exists, key_of, transit
from api.vault.transit_plans import upserted
from api.vault.transit_words import Doing, reasons
from domain.commands.transit_items import Decrypted, Encrypted, Outcome, ToDecrypt, ToEncrypt
from domain.errors import AlreadyExists, Invalid, NotFound
from domain.plaintext import Plaintext
from domain.results import Done
from domain.transit.format import VAULT, written

NO_KEY: Final = "encryption key not found"
_NO_CIPHERTEXT: Final = "missing ciphertext to decrypt"


async def encrypt(request: VaultRequest) -> Reply:
    """Encrypt a plaintext, or many. A key that is not there comes to be, for who may make one."""
    name, items = key_of(request), items_of(request, _plain)
    try:
        must_have(items, request, "plaintext", "missing plaintext to encrypt")
        all_or_no_context(items)
        outcomes, position = await _encrypted(request, name, items)
    finally:
        for item in items.each:
            if isinstance(item, ToEncrypt):
                item.plaintext.wipe()
    if items.batch is None and isinstance(outcomes[0], Encrypted):
        return Reply(data=_ciphertext(outcomes[0]), position=position)
    results = _results(items, outcomes, await _reasons(request, name, items, outcomes, "encryption"))
    return batch_reply(request, results, outcomes, position)


def _plain(values: Mapping[str, Any]) -> ToEncrypt:
    # What most items lack is not looked into: this is done for every item of a batch.
    get = values.get
    plaintext = Plaintext(bytearray(binary(get("plaintext"))))
    if len(values) == 1:
        return ToEncrypt(plaintext, b"", b"", 0, True)  # noqa: FBT003 - names cost time, item by item
    aad, context, version = get("associated_data"), get("context"), get("key_version")
    return ToEncrypt(
        plaintext,
        binary(aad) if aad else b"",
        binary(context) if context else b"",
        version_of(values) if version else 0,
        if_derived=True,
    )


async def _encrypted(request: VaultRequest, name: str, items: Items) -> Done[list[Outcome[Encrypted]]]:
    commands, told = transit(request), _told(items)
    try:
        return await commands.encryption.encrypt(request.call, name, items.each, told)
    except NotFound:
        derived = any(bool(values.get("context")) for values in items.batch or [request.fields])
        plan = upserted(request.fields, derived=derived)
    with suppress(AlreadyExists):  # another request was faster
        await commands.keys.create(msgspec.structs.replace(request.call, idempotency=None), name, plan)
    return await commands.encryption.encrypt(request.call, name, items.each, told)


def _told(items: Items) -> Any:  # noqa: ANN401 - domain.commands.transit_using.Told
    """The answer as it is kept for a repetition, where errors are told in our words."""

    def told(outcomes: Sequence[Outcome[Encrypted]]) -> object:
        if items.batch is None and isinstance(outcomes[0], Encrypted):
            return _ciphertext(outcomes[0])
        return {
            "batch_results": _results(items, outcomes, [each.message for each in outcomes if isinstance(each, Invalid)])
        }

    return told


def _ciphertext(result: Encrypted) -> dict[str, Any]:
    return {"ciphertext": written(VAULT, *result), "key_version": result.version}


def _results(items: Items, outcomes: Sequence[Outcome[Encrypted]], errors: Iterable[str]) -> list[dict[str, Any]]:
    why = iter(errors)
    return [
        {"ciphertext": written(VAULT, each[0], each[1]), "key_version": each[0], "reference": reference}
        if type(each) is Encrypted
        else {"error": next(why), "reference": reference}
        for each, reference in zip(outcomes, items.references, strict=True)
    ]


async def _reasons(
    request: VaultRequest, name: str, items: Items, outcomes: Sequence[Outcome[Any]], doing: Doing
) -> list[str]:
    return await reasons(request, name, items, outcomes, doing) if count_failed(outcomes) else []


async def decrypt(request: VaultRequest) -> Reply:
    """Decrypt a ciphertext, or many."""
    name, items = key_of(request), items_of(request, _sealed)
    _must_have_ciphertext(items, request)
    must_have(items, request, "ciphertext", _NO_CIPHERTEXT)
    all_or_no_context(items)
    try:
        outcomes, position = await transit(request).encryption.decrypt(request.call, name, items.each)
    except NotFound:
        raise VaultError(400, NO_KEY) from None
    try:
        if items.batch is None and isinstance(outcomes[0], Decrypted):
            return Reply(data={"plaintext": _raw(outcomes[0].plaintext.buffer)}, position=position)
        results = _opened(items, outcomes, await _reasons(request, name, items, outcomes, "decryption"))
        return batch_reply(request, _raw(results), outcomes, position)
    finally:
        for each in outcomes:
            if isinstance(each, Decrypted):
                each.plaintext.wipe()


def _sealed(values: Mapping[str, Any]) -> ToDecrypt:
    aad, context = binary(values.get("associated_data")), binary(values.get("context"))
    return ToDecrypt(_text(values), aad, context, if_derived=True)


def _text(values: Mapping[str, Any]) -> str:
    ciphertext = values.get("ciphertext")
    if not isinstance(ciphertext, str):
        raise Invalid(_NO_CIPHERTEXT)
    return ciphertext


def _must_have_ciphertext(items: Items, request: VaultRequest) -> None:
    if items.batch is None and not request.fields.get("ciphertext"):
        raise VaultError(400, _NO_CIPHERTEXT)


def _raw(value: object) -> msgspec.Raw:
    """As JSON at once, so that the buffers in it can be wiped."""
    return msgspec.Raw(msgspec.json.encode(value))


def _opened(items: Items, outcomes: Sequence[Outcome[Decrypted]], errors: Iterable[str]) -> list[dict[str, Any]]:
    why = iter(errors)
    return [
        {"plaintext": "", "error": next(why), "reference": reference}
        if isinstance(each, Invalid)
        else {"plaintext": each.plaintext.buffer, "reference": reference}
        for each, reference in zip(outcomes, items.references, strict=True)
    ]


async def rewrap(request: VaultRequest) -> Reply:
    """Bring a ciphertext, or many, to the key's newest version or the one that is named."""
    name, items = key_of(request), items_of(request, _wrapped)
    _must_have_ciphertext(items, request)
    try:
        outcomes, position = await transit(request).encryption.rewrap(request.call, name, items.each, _told(items))
    except NotFound:
        raise VaultError(400, NO_KEY) from None
    if items.batch is None and isinstance(outcomes[0], Encrypted):
        return Reply(data=_ciphertext(outcomes[0]), position=position)
    errors = await _reasons(request, name, items, outcomes, "encryption")
    return Reply(data={"batch_results": _results(items, outcomes, errors)}, position=position)


def _wrapped(values: Mapping[str, Any]) -> ToDecrypt:
    return _sealed(values)._replace(version=version_of(values))


ROUTES: Final = (
    Route("encrypt/{name}", {UPDATE: encrypt}, exists=exists),
    Route("decrypt/{name}", {UPDATE: decrypt}),
    Route("rewrap/{name}", {UPDATE: rewrap}),
)
