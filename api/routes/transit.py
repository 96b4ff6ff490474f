"""/api/v1/transit: encrypt, decrypt, sign and authenticate by keys that stay here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec
from litestar import Response, post
from msgspec import UNSET

from api import transit_items as items
from api import transit_replies as replies
from api.decoding import body_of, no_query
from api.replies import answer
from api.requests import AnyRequest, call, services
from api.transit_bodies import (
    DataKeyBody,
    DecryptBody,
    EncryptBody,
    HashBody,
    HmacBody,
    RandomBody,
    RewrapBody,
    SignBody,
    VerifyBody,
)
from domain.commands.transit_items import DataKey, Decrypted, Outcome, ToEncrypt
from domain.errors import Invalid
from domain.plaintext import Plaintext
from domain.transit.format import NATIVE, decoded, written

TRANSIT: Final = "/api/v1/transit"


@post(f"{TRANSIT}/encrypt", operation_id="transitEncrypt", tags=["transit"], status_code=200)
async def encrypt(request: AnyRequest) -> Response[replies.Encrypted] | Response[replies.EncryptedItems]:
    """Encrypt a plaintext, or many, by a key's newest version, or by the version that is named."""
    no_query(request)
    body = body_of(request, EncryptBody)
    alone = items.sole(body.items, body.plaintext, "plaintext")
    wanted = _plain(body)
    try:
        done = await services(request).transit.encryption.encrypt(
            call(request), body.key, wanted, _told_one if alone else _told_items
        )
    finally:
        items.wipe_items(wanted)
    if alone:
        return answer(items.encrypted(items.first(done.result)), done.position)
    return answer(replies.EncryptedItems(items=items.encrypted_items(done.result)), done.position)


def _plain(body: EncryptBody) -> Sequence[ToEncrypt | Invalid]:
    if isinstance(body.items, list):
        return items.read(body.items, items.to_encrypt)
    return [items.to_encrypt(body)]


def _told_one(outcomes: Sequence[Outcome[Any]]) -> object:
    return items.encrypted(items.first(outcomes))


def _told_items(outcomes: Sequence[Outcome[Any]]) -> object:
    return replies.EncryptedItems(items=items.encrypted_items(outcomes))


@post(f"{TRANSIT}/decrypt", operation_id="transitDecrypt", tags=["transit"], status_code=200)
async def decrypt(request: AnyRequest) -> Response[replies.Decrypted] | Response[replies.DecryptedItems]:
    """Decrypt a ciphertext, or many. Whatever was altered, the answer is 400 and the same; no reply is kept."""
    no_query(request)
    body = body_of(request, DecryptBody)
    alone = items.sole(body.items, body.ciphertext, "ciphertext")
    wanted = items.read(body.items, items.to_decrypt) if isinstance(body.items, list) else [items.to_decrypt(body)]
    outcomes, position = await services(request).transit.encryption.decrypt(call(request), body.key, wanted)
    buffers = [each.plaintext for each in outcomes if isinstance(each, Decrypted)]
    if alone:
        return items.answer_wiping(items.decrypted(items.first(outcomes)), position, buffers)
    return items.answer_wiping(replies.DecryptedItems(items=items.decrypted_items(outcomes)), position, buffers)


@post(f"{TRANSIT}/rewrap", operation_id="transitRewrap", tags=["transit"], status_code=200)
async def rewrap(request: AnyRequest) -> Response[replies.Encrypted] | Response[replies.EncryptedItems]:
    """Bring a ciphertext, or many, to the key's newest version. No plaintext goes out, so it takes `keys:encrypt`."""
    no_query(request)
    body = body_of(request, RewrapBody)
    alone = items.sole(body.items, body.ciphertext, "ciphertext")
    wanted = items.read(body.items, items.to_rewrap) if isinstance(body.items, list) else [items.to_rewrap(body)]
    done = await services(request).transit.encryption.rewrap(
        call(request), body.key, wanted, _told_one if alone else _told_items
    )
    if alone:
        return answer(items.encrypted(items.first(done.result)), done.position)
    return answer(replies.EncryptedItems(items=items.encrypted_items(done.result)), done.position)


@post(f"{TRANSIT}/datakey", operation_id="transitDataKey", tags=["transit"], status_code=200)
async def data_key(request: AnyRequest) -> Response[replies.DataKey]:
    """A fresh key to encrypt with elsewhere, and its ciphertext. It is not kept: a repeat has the ciphertext alone."""
    no_query(request)
    body = body_of(request, DataKeyBody)
    wanted = ToEncrypt(Plaintext(bytearray()), *_bound(body.aad, body.context), body.version)

    def told(outcomes: Sequence[Outcome[Any]]) -> object:
        kept = _data_key(items.first(outcomes))
        return msgspec.structs.replace(kept, plaintext=UNSET, replayed=UNSET if body.wrapped else True)

    done = await services(request).transit.encryption.data_key(
        call(request), body.key, body.bits, wanted, wrapped=body.wrapped, told=told
    )
    made = done.result
    return items.answer_wiping(_data_key(made), done.position, [made.plaintext] if made.plaintext else [])


def _bound(aad: str, context: str) -> tuple[bytes, bytes]:
    return decoded(aad) if aad else b"", decoded(context) if context else b""


def _data_key(made: DataKey) -> replies.DataKey:
    return replies.DataKey(
        ciphertext=written(NATIVE, made.version, made.payload),
        version=made.version,
        plaintext=made.plaintext.buffer if made.plaintext else UNSET,
    )


@post(f"{TRANSIT}/hmac", operation_id="transitHmac", tags=["transit"], status_code=200)
async def hmac(request: AnyRequest) -> Response[replies.Authenticated] | Response[replies.AuthenticatedItems]:
    """An HMAC of data, or of many; a key of any type can make it, by a key of its own in each version."""
    no_query(request)
    body = body_of(request, HmacBody)
    alone = items.sole(body.items, body.data, "data")
    if isinstance(body.items, list):
        wanted = items.read(body.items, lambda item: decoded(item.data))
    else:
        wanted = [decoded(str(body.data))]

    def told(outcomes: Sequence[Outcome[Any]]) -> object:
        if alone:
            return items.authenticated(items.first(outcomes))
        return replies.AuthenticatedItems(items=items.authenticated_items(outcomes))

    done = await services(request).transit.signing.authenticate(
        call(request), body.key, wanted, body.algorithm, body.version, told
    )
    return answer(cast("Any", told(done.result)), done.position)


@post(f"{TRANSIT}/sign", operation_id="transitSign", tags=["transit"], status_code=200)
async def sign(request: AnyRequest) -> Response[replies.Signed] | Response[replies.SignedItems]:
    """Sign a message, or many; the answer has the public key that verifies it."""
    no_query(request)
    body = body_of(request, SignBody)
    alone = items.sole(body.items, body.message, "message")
    wanted = items.read(body.items, items.to_sign) if isinstance(body.items, list) else [items.to_sign(body)]
    form = items.form_of(body)

    def told(outcomes: Sequence[Outcome[Any]]) -> object:
        if alone:
            return items.signed(items.first(outcomes), jws=form.jws)
        return replies.SignedItems(items=items.signed_items(outcomes, jws=form.jws))

    done = await services(request).transit.signing.sign(call(request), body.key, wanted, form, body.version, told)
    return answer(cast("Any", told(done.result)), done.position)


@post(f"{TRANSIT}/verify", operation_id="transitVerify", tags=["transit"], status_code=200)
async def verify(request: AnyRequest) -> Response[replies.Verdict] | Response[replies.Verdicts]:
    """Whether a signature or an HMAC, or each of many, is of its message: by a key, or by a public key in the body."""
    no_query(request)
    body = body_of(request, VerifyBody)
    if (body.key is UNSET) == (body.public_der is UNSET):
        raise Invalid("give the name of a key, or a public_der: one of both")
    alone = items.sole(body.items, body.message if body.data is UNSET else body.data, "message or data")
    wanted = items.read(body.items, items.to_verify) if isinstance(body.items, list) else [items.to_verify(body)]
    signing = services(request).transit.signing
    if isinstance(body.key, str):
        done = await signing.verify(call(request), body.key, wanted, items.form_of(body), body.algorithm)
    else:
        done = await signing.verify_by(call(request), decoded(str(body.public_der)), wanted, items.form_of(body))
    if alone:
        return answer(items.verdict(items.first(done.result)), done.position)
    return answer(replies.Verdicts(items=items.verdict_items(done.result)), done.position)


@post(f"{TRANSIT}/random", operation_id="transitRandom", tags=["transit"], status_code=200)
async def random(request: AnyRequest) -> Response[replies.RandomBytes]:
    """Random bytes from the server's generator."""
    no_query(request)
    body = body_of(request, RandomBody)
    drawn, position = await services(request).transit.tools.random(call(request), body.bytes)
    result = replies.RandomBytes(random_bytes=items.shown_bytes(drawn.buffer, body.format))
    return items.answer_wiping(result, position, [drawn])


@post(f"{TRANSIT}/hash", operation_id="transitHash", tags=["transit"], status_code=200)
async def digest(request: AnyRequest) -> Response[replies.HashSum]:
    """The hash of data."""
    no_query(request)
    body = body_of(request, HashBody)
    made, position = await services(request).transit.tools.digest(call(request), body.algorithm, decoded(body.data))
    return answer(replies.HashSum(sum=items.shown_bytes(made, body.format)), position)


ROUTES = [encrypt, decrypt, rewrap, data_key, hmac, sign, verify, random, digest]
