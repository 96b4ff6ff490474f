"""The fields of a request, coerced as Vault does it: its command line sends everything as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from api.vault.durations import seconds_of
from api.vault.failures import VaultError

_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False", ""})
"""As Go's strconv.ParseBool, and nothing for no."""
MOST_ITEMS: Final = 1000
"""Longest list or mapping that is taken."""


def truth(value: object, field: str) -> bool:
    """A boolean, or one as text or number; raises `VaultError` 400."""
    if isinstance(value, bool):
        return value
    text = str(value) if isinstance(value, str | int) else "?"
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _wrong(field, "true or false")


def _wrong(field: str, wanted: str) -> VaultError:
    return VaultError(400, f'error converting input for field "{field}": give {wanted}')


class Fields(Mapping[str, Any]):
    """What came in the body, or in the query of a request without one. Each method raises `VaultError` 400."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - JSON
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def given(self, name: str) -> bool:
        """Whether it is there, and not null."""
        return self._values.get(name) is not None

    def text(self, name: str, default: str = "", most: int = 4096) -> str:
        """A text of at most `most` characters; numbers and booleans become text."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str | int | float):
            raise _wrong(name, "a text")
        if len(text := str(value)) > most:
            raise VaultError(400, f"{name}: at most {most} characters")
        return text

    def required(self, name: str, most: int = 4096) -> str:
        """A text that is there."""
        text = self.text(name, most=most)
        if not text:
            raise VaultError(400, f"missing {name}")
        return text

    def number(self, name: str, default: int = 0) -> int:
        """A whole number, also as text."""
        value = self._values.get(name)
        if value is None or value == "":
            return default
        try:
            if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > 18:
                raise ValueError  # noqa: TRY301 - told as one that int() itself raises
            return int(value)
        except ValueError:
            raise _wrong(name, "a whole number") from None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean, also as text."""
        value = self._values.get(name)
        return default if value is None else truth(value, name)

    def seconds(self, name: str, default: int = 0) -> int:
        """A duration in seconds: a number, or Go's text."""
        value = self._values.get(name)
        return default if value is None else seconds_of(value, name)

    def texts(self, name: str) -> list[str]:
        """A list of texts, or one text with commas between."""
        value = self._values.get(name)
        if value is None:
            return []
        if isinstance(value, str | int) and not isinstance(value, bool):
            value = [part.strip() for part in str(value).split(",")] if value != "" else []
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            raise _wrong(name, f"a list of at most {MOST_ITEMS}")
        if not all(isinstance(part, str | int) for part in value):
            raise _wrong(name, "a list of texts")
        return [str(part) for part in value]

    def numbers(self, name: str) -> list[int]:
        """A list of whole numbers, also as texts, also one text with commas between."""
        try:
            return [int(part) for part in self.texts(name) if len(part) <= 18]
        except ValueError:
            raise _wrong(name, "a list of whole numbers") from None

    def mapping(self, name: str) -> dict[str, str]:
        """An object of texts; JSON of one, as text, is taken too, and lines `key=value`."""
        value = self.object(name)
        if not all(isinstance(each, str | int | float | bool) for each in value.values()):
            raise _wrong(name, "an object of texts")
        return {key: Fields(value).text(key) for key in value}

    def object(self, name: str) -> dict[str, Any]:
        """An object, also as JSON text."""
        value = self._values.get(name)
        if value is None or value == "":
            return {}
        if isinstance(value, str):
            value = _decoded(value, name)
        if not isinstance(value, dict) or len(value) > MOST_ITEMS:
            raise _wrong(name, f"an object of at most {MOST_ITEMS} members")
        return value


def _decoded(text: str, name: str) -> object:
    if not text.lstrip().startswith(("{", "[")):
        if any("=" not in line for line in text.splitlines() if line.strip()):
            raise _wrong(name, "an object, or lines key=value")
        return dict(line.partition("=")[::2] for line in text.splitlines() if line.strip())
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise _wrong(name, "an object, or JSON of one") from None
