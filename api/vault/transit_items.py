"""Items of transit requests: one among the fields, or many in `batch_input`; and what is answered for each."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeVar

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import VaultRequest
from domain.commands.transit_items import Outcome, told_of
from domain.errors import Invalid
from domain.transit.format import decoded

I = TypeVar("I")  # noqa: E741 - an item

_ALPHABET: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_LINES: Final = str.maketrans("", "", "\r\n")
_DIGITS: Final = 18
_OVERRIDE: Final = "invalid HTTP response code override from partial_failure_response_code, reverting to 400"


class Items(NamedTuple):
    """What is asked for. `batch` is None for one thing alone, whose fields are those of the request."""

    each: list[Any]
    """Items of the domain, or in the place of one that cannot be read an `Invalid`, in Vault's words."""
    batch: Sequence[Mapping[str, Any]] | None

    @property
    def references(self) -> list[Any]:
        """What the client calls them; told again."""
        return [values.get("reference") or "" for values in self.batch or ()]


def items_of(request: VaultRequest, read: Callable[[Mapping[str, Any]], Any]) -> Items:
    """Each item read by `read`, which raises `Invalid`; raises `VaultError` 400 for a batch that is none."""
    batch = request.fields.get("batch_input")
    if batch is None:
        return Items([_item(read, request.fields)], None)
    if not isinstance(batch, list):
        raise VaultError(400, "failed to parse batch input: source data must be an array or slice")
    if not batch:
        raise VaultError(400, "missing batch input to process")
    for index, values in enumerate(batch):
        if type(values) is not dict:
            raise VaultError(400, f"failed to parse batch input: [{index}] expected a map")
    return Items([_item(read, values) for values in batch], batch)


def _item(read: Callable[[Mapping[str, Any]], I], values: Mapping[str, Any]) -> I | Invalid:
    try:
        return read(values)
    except Invalid as error:
        return told_of(error)


def must_have(items: Items, request: VaultRequest, name: str, message: str) -> None:
    """Raises `VaultError` 400 if any item lacks `name`."""
    if items.batch is None and name not in request.fields:
        raise VaultError(400, message)
    for index, values in enumerate(items.batch or ()):
        if name not in values:
            raise VaultError(400, f"failed to parse batch input: '[{index}].{name}' {message}")


def all_or_no_context(items: Items) -> None:
    """Raises `VaultError` 400 if some items have a context and others do not."""
    given = [values.get("context") for values in items.batch or ()]
    if any(given) and not all(given):
        raise VaultError(400, "context should be set either in all the request blocks or in none")


def binary(value: object) -> bytes:
    """Bytes from base64, in which lines may be broken; raises `Invalid` in Vault's words."""
    if not value:
        return b""
    text = value if type(value) is str else str(value)
    try:
        return decoded(text)
    except Invalid:
        return _lenient(text.translate(_LINES))


def _lenient(text: str) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError:
        wrong = next((at for at, character in enumerate(text) if character not in _ALPHABET), len(text) // 4 * 4)
        raise Invalid(f"illegal base64 data at input byte {wrong}") from None


def context_of(values: Mapping[str, Any]) -> bytes:
    """The context, of which signatures and data keys tell otherwise; raises `Invalid`."""
    try:
        return binary(values.get("context"))
    except Invalid:
        raise Invalid("failed to base64-decode context") from None


def version_of(values: Mapping[str, Any]) -> int:
    """The version of the key that is meant, 0 being the newest; raises `Invalid`."""
    value = values.get("key_version")
    if not value:
        return 0
    text = str(value)
    if isinstance(value, bool) or len(text) > _DIGITS or not text.removeprefix("-").isdecimal():
        raise Invalid("key_version is to be a whole number")
    if text.startswith("-"):
        raise Invalid("requested version for encryption is negative")
    return int(text)


def batch_reply(request: VaultRequest, results: Any, outcomes: Sequence[Outcome[Any]], position: int) -> Reply:  # noqa: ANN401 - a list, or JSON of one
    """The answer to a batch: 400 if any item failed, or what the client would have instead if others did not."""
    failed = count_failed(outcomes)
    status, warnings = (400, None) if failed else (200, None)
    if 0 < failed < len(outcomes) and request.fields.given("partial_failure_response_code"):
        status, warnings = _override(request.fields.number("partial_failure_response_code"))
    return Reply(data={"batch_results": results}, status=status, warnings=warnings, position=position)


def count_failed(outcomes: Iterable[Outcome[Any]]) -> int:
    """How many were refused."""
    return sum([isinstance(each, Invalid) for each in outcomes])


def _override(code: int) -> tuple[int, list[str] | None]:
    known = code >= HTTPStatus.OK and any(code == each.value for each in HTTPStatus)
    return (code, None) if known else (400, [_OVERRIDE])
