"""`transit/`: hmac and sign."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.transit_forms import form_of, mac_algorithm
from api.vault.transit_items import Items, binary, context_of, count_failed, items_of, version_of
from api.vault.transit_names import key_of, transit
from api.vault.transit_shapes import raw_public
from api.vault.transit_words import mac_reasons, reasons
from domain.commands.transit_items import Authenticated, Outcome, Signed, ToSign
from domain.errors import Invalid, NotFound
from domain.transit.format import VAULT, encoded, encoded_url, written

R = TypeVar("R")
Shown = Callable[[Any], dict[str, Any]]

_NO_INPUT: Final = "missing input for HMAC"


async def hmac(request: VaultRequest) -> Reply:
    """An HMAC of an input, or of many."""
    name, algorithm, version = key_of(request), mac_algorithm(request), _version(request)
    if "input" not in request.fields and "batch_input" not in request.fields:
        raise VaultError(400, _NO_INPUT)
    items = items_of(request, lambda values: message_of(values, _NO_INPUT))
    try:
        outcomes, position = await transit(request).signing.authenticate(
            request.call, name, items.each, algorithm, version, _told(items, _mac)
        )
    except NotFound:
        raise VaultError(400, "encryption key not found") from None
    errors = await mac_reasons(request, name, items, outcomes, version) if count_failed(outcomes) else []
    return Reply(data=_data(items, outcomes, errors, _mac, {}), position=position)


def message_of(values: Mapping[str, Any], missing: str) -> bytes:
    """The input; raises `Invalid`, with `missing` if there is none."""
    if "input" not in values:
        raise Invalid(missing)
    try:
        return binary(values["input"])
    except Invalid as error:
        raise Invalid(f"unable to decode input as base64: {error.message}") from None


def _version(request: VaultRequest) -> int:
    try:
        return version_of(request.fields)
    except Invalid as error:
        raise VaultError(400, error.message.replace("encryption", "signing")) from None


def _mac(made: Authenticated) -> dict[str, Any]:
    return {"hmac": written(VAULT, made.version, made.hmac)}


async def sign(request: VaultRequest) -> Reply:
    """A signature of an input, or of many."""
    name, form, version = key_of(request), form_of(request), _version(request)
    alone = not request.fields.given("batch_input")
    items = items_of(request, lambda values: _message(values, alone=alone))
    show = _signature(alone=alone, jws=form.jws)
    try:
        outcomes, position = await transit(request).signing.sign(
            request.call, name, items.each, form, version, _told(items, show)
        )
    except NotFound:
        raise VaultError(400, "signing key not found") from None
    errors = await reasons(request, name, items, outcomes, "signing", version) if count_failed(outcomes) else []
    return Reply(data=_data(items, outcomes, errors, show, {"key_version": 0}), position=position)


def _message(values: Mapping[str, Any], *, alone: bool) -> ToSign:
    message = b"" if alone and "input" not in values else message_of(values, "missing input")
    return ToSign(message, context_of(values), if_derived=True)


def _signature(*, alone: bool, jws: bool) -> Shown:
    """How one is shown. Only of a derived key the public key is told: it has one for each context."""
    public = "public_key" if alone else "publickey"

    def shown(made: Signed) -> dict[str, Any]:
        text = encoded_url(made.signature) if jws else encoded(made.signature)
        told = {"signature": f"{VAULT}{made.version}:{text}", "key_version": made.version}
        return {**told, public: raw_public(made.public_der)} if made.derived else told

    return shown


def _told(items: Items, show: Shown) -> Callable[[Sequence[Outcome[Any]]], object]:
    """The answer as it is kept for a repetition, where errors are told in our words."""

    def told(outcomes: Sequence[Outcome[Any]]) -> object:
        return _data(items, outcomes, [each.message for each in outcomes if isinstance(each, Invalid)], show, {})

    return told


def _data(
    items: Items, outcomes: Sequence[Outcome[Any]], errors: Iterable[str], show: Shown, failed: dict[str, Any]
) -> dict[str, Any]:
    if items.batch is None:
        return show(outcomes[0])
    why = iter(errors)
    results = [
        {**failed, "error": next(why), "reference": reference}
        if isinstance(each, Invalid)
        else {**show(each), "reference": reference}
        for each, reference in zip(outcomes, items.references, strict=True)
    ]
    return {"batch_results": results}


ROUTES: Final = (
    Route("hmac/{name}", {UPDATE: hmac}),
    Route("hmac/{name}/{algorithm}", {UPDATE: hmac}),
    Route("sign/{name}", {UPDATE: sign}),
    Route("sign/{name}/{algorithm}", {UPDATE: sign}),
)
