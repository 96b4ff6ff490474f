"""`transit/verify`: whether a signature or an HMAC is of its input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.transit_forms import form_of
from api.vault.transit_items import Items, context_of, count_failed, items_of
from api.vault.transit_names import key_of, transit
from api.vault.transit_signing import message_of
from api.vault.transit_words import flaw_told, reasons
from domain.commands.transit_items import Outcome, ToVerify, Verdict
from domain.errors import Invalid, NotFound
from domain.transit.format import NATIVE, VAULT

_NOTHING: Final = "neither a 'signature' nor an 'hmac' were given to verify"
_NO_PREFIX: Final = {True: "invalid HMAC to verify: no prefix", False: "invalid signature: no prefix"}
_NO_KEY: Final = {True: "encryption key not found", False: "signature verification key not found"}


async def verify(request: VaultRequest) -> Reply:
    """Whether a signature or an HMAC, or each of many, is valid. A signature counts before an HMAC."""
    name, form = key_of(request), form_of(request)
    alone = not request.fields.given("batch_input")
    hmac = _is_hmac(request.fields) if alone else _are_hmacs(request)
    items = items_of(request, lambda values: _item(values, hmac=hmac, alone=alone))
    try:
        outcomes, position = await transit(request).signing.verify(
            request.call, name, items.each, form, form.hash_algorithm
        )
    except NotFound:
        raise VaultError(400, _NO_KEY[hmac]) from None
    errors = await _errors(request, name, items, outcomes, hmac=hmac)
    if alone:
        return _alone(outcomes[0], hmac=hmac, position=position)
    results = [
        _result(each, next(errors) if isinstance(each, Invalid) else "", reference, hmac=hmac)
        for each, reference in zip(outcomes, items.references, strict=True)
    ]
    return Reply(data={"batch_results": results}, position=position)


def _is_hmac(values: Mapping[str, Any]) -> bool:
    if values.get("signature"):
        return False
    if not values.get("hmac"):
        raise VaultError(400, _NOTHING)
    return True


def _are_hmacs(request: VaultRequest) -> bool:
    """Whether all of the batch are HMACs, or all signatures."""
    batch = [each for each in request.fields["batch_input"] if isinstance(each, dict)]
    given = {name: sum(bool(each.get(name)) for each in batch) for name in ("signature", "hmac")}
    if batch and not any(given.values()):
        raise VaultError(400, "no batch_input elements have 'signature' or 'hmac'")
    if given["signature"] and given["hmac"] and given["signature"] != len(batch):
        raise VaultError(400, "elements of batch_input must all provide 'signature' or all provide 'hmac'")
    kind = "signature" if given["signature"] else "hmac"
    if given[kind] != len(batch):
        raise VaultError(400, f"some elements of batch_input are missing '{kind}'")
    return kind == "hmac"


def _item(values: Mapping[str, Any], *, hmac: bool, alone: bool) -> ToVerify:
    message = b"" if alone and "input" not in values else message_of(values, "missing input")
    proof = str(values.get("hmac" if hmac else "signature"))
    if not proof.startswith((VAULT, NATIVE)):
        raise Invalid(_NO_PREFIX[hmac])
    return ToVerify(message, proof, context_of(values), hmac=hmac, if_derived=True)


async def _errors(
    request: VaultRequest, name: str, items: Items, outcomes: list[Outcome[Verdict]], *, hmac: bool
) -> Any:  # noqa: ANN401 - an iterator of texts
    if not count_failed(outcomes):
        return iter(())
    if hmac:
        return iter([each.message for each in outcomes if isinstance(each, Invalid)])
    return iter(await reasons(request, name, items, outcomes, "verification"))


def _alone(outcome: Outcome[Verdict], *, hmac: bool, position: int) -> Reply:
    if isinstance(outcome, Invalid):
        raise VaultError(400, outcome.message)
    if outcome.flaw:
        raise VaultError(400, flaw_told(outcome.flaw, hmac=hmac))
    return Reply(data={"valid": outcome.valid}, position=position)


def _result(outcome: Outcome[Verdict], error: str, reference: str, *, hmac: bool) -> dict[str, Any]:
    if isinstance(outcome, Invalid):
        return {"valid": False, "error": error, "reference": reference}
    if outcome.flaw:
        return {"valid": False, "error": flaw_told(outcome.flaw, hmac=hmac), "reference": reference}
    return {"valid": outcome.valid, "reference": reference}


ROUTES: Final = (
    Route("verify/{name}", {UPDATE: verify}),
    Route("verify/{name}/{algorithm}", {UPDATE: verify}),
)
