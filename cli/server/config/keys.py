"""Every configuration key by its path, and the variable that sets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from cli.server.config.settings import Section, Settings


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


def keys(section: type[Section] = Settings, above: tuple[str, ...] = ()) -> Iterator[Key]:
    """All keys, in the order of the file."""
    described = msgspec.json.schema(section)["$defs"]
    for field in msgspec.structs.fields(section):
        path = (*above, field.name)
        if isinstance(field.type, type) and issubclass(field.type, Section):
            yield from keys(field.type, path)
            continue
        text = described[section.__name__]["properties"][field.name].get("description", "")
        default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
        yield Key(path, f"TRSTCTL_{'_'.join(path).upper()}", field.type, default, text)
