"""Every configuration key by its path, and the variable that sets it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import msgspec

from cli.server.config.section import Section
from cli.server.config.settings import Settings


class Key(NamedTuple):
    """A key: `path` as in the file with dots, `variable` in the environment."""

    path: tuple[str, ...]
    variable: str
    type: Any
    default: object
    description: str

    @property
    def dotted(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


@cache
def keys() -> tuple[Key, ...]:
    """All keys, in the order of the file."""
    return tuple(_keys(Settings, ()))


def _keys(section: type[Section], above: tuple[str, ...]) -> Iterator[Key]:
    described = descriptions(section)
    for field in msgspec.structs.fields(section):
        path = (*above, field.name)
        if isinstance(field.type, type) and issubclass(field.type, Section):
            yield from _keys(field.type, path)
        else:
            variable = f"TRSTCTL_{'_'.join(path).upper()}"
            yield Key(path, variable, field.type, default_of(field), described.get(field.name, ""))


def descriptions(section: type[Section]) -> dict[str, str]:
    """What each field of a section means, by the field's name."""
    properties = msgspec.json.schema(section)["$defs"][section.__name__]["properties"]
    return {name: about["description"] for name, about in properties.items() if "description" in about}


def default_of(field: msgspec.structs.FieldInfo) -> object:
    """The field's default; `msgspec.NODEFAULT` if it has to be given."""
    factory = field.default_factory
    return field.default if factory is msgspec.NODEFAULT else factory()
