"""Writes `configuration.md` beside this file, from the descriptions in `cli/server/config/settings.py`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final, get_type_hints

import msgspec

PAGE: Final = Path(__file__).with_name("configuration.md")
sys.path.insert(0, str(PAGE.parents[2]))

from cli.server.config.keys import Key, default_of, descriptions, keys  # noqa: E402 - found by the line above
from cli.server.config.loading import ENTRIES  # noqa: E402 - as above
from cli.server.config.settings import Section, Settings  # noqa: E402 - as above

HEAD: Final = """# Configuration

This page is made by `make docs` from `cli/server/config/settings.py`; change it there.

`trstctl serve --config FILE` reads FILE, which is YAML; without the option, `TRSTCTL_CONFIG_FILE` names it, and without
that there is none. Every key can also be set by a variable: `TRSTCTL_` and the key's path in capitals, with `_` for
each dot. The environment outranks the file, and the file outranks the defaults.

- What is not understood is refused: an unknown key, an unknown variable that begins with `TRSTCTL_`, a key that stands
  twice, an alias, a value out of bounds. The message names the file and the key, or the variable, and says what would
  be right. Variables that Kubernetes makes for a service called `trstctl` are left alone.
- In the environment a truth is `true`, `yes`, `on` or `1`, or `false`, `no`, `off` or `0`; a list is written in JSON.
  An empty variable sets nothing.
- A relative path is taken from the working directory. A file has at most 256 KiB.
- `trstctl serve --check` says, part by part, whether the server could work with what is configured.

The operator's commands (`trstctl tenant`, `token`, `audit`, `replay`, `kek`, `migrate`) find the store by the same
`--config` and the same variables, or by `--data-dir` for an embedded store.

```yaml
listen: 0.0.0.0:8443
data_dir: /var/lib/trstctl
tls:
  cert_file: /etc/trstctl/tls.crt
  key_file: /etc/trstctl/tls.key
secrets:
  enable_api: true
  kek_file: /etc/trstctl/secrets-kek
```
"""

VARIABLES: Final = {
    "`TRSTCTL_CONFIG_FILE`": "the configuration file, where `--config` does not name one",
    "`TRSTCTL_HARDENING`": "`off` leaves freed memory as it is and the process open to debuggers and core dumps, with a"
    " warning; for debugging only",
    "`TRSTCTL_SERVER`, `TRSTCTL_TOKEN`, `TRSTCTL_TOKEN_FILE`, `TRSTCTL_CACERT`": "the client's, see"
    " `trstctl-cli --help`; the server ignores them",
}


def page() -> str:
    """The whole page."""
    sections = groupby(keys(), key=lambda key: key.path[:-1])
    parts = [part for above, members in sections for part in _section(above, list(members))]
    others = (f"| {name} | {meaning} |" for name, meaning in VARIABLES.items())
    table = ["## Variables that are no keys\n", "| variable | meaning |\n|---|---|", *others]
    return "\n".join([HEAD, *parts, *table]) + "\n"


def _section(above: tuple[str, ...], members: list[Key]) -> Iterator[str]:
    kind = _kind(above)
    yield f"## {'`' + '.'.join(above) + '`' if above else 'Top level'}\n"
    if above:
        yield f"{inspect.getdoc(kind)}\n"
    yield "| key | variable | value | default | meaning |\n|---|---|---|---|---|"
    for key in members:
        cells = (f"`{key.dotted}`", f"`{key.variable}`", _value(_type(kind, key.path[-1])), _shown(key))
        yield f"| {' | '.join(cells)} | {key.description} |"
    yield ""
    for key in members:
        if key.dotted in ENTRIES:
            yield from _entry(key.dotted, ENTRIES[key.dotted])


def _shown(key: Key) -> str:
    return "see there" if "Default:" in key.description else _default(key.default)


def _entry(dotted: str, kind: type[Section]) -> Iterator[str]:
    yield f"### An entry of `{dotted}`\n\n{inspect.getdoc(kind)}\n"
    yield "| key | value | default | meaning |\n|---|---|---|---|"
    meant = descriptions(kind)
    for field in msgspec.structs.fields(kind):
        default = default_of(field)
        shown = "has to be given" if default is msgspec.NODEFAULT else _default(default)
        yield f"| `{field.name}` | {_value(_type(kind, field.name))} | {shown} | {meant[field.name]} |"
    yield ""


def _kind(above: tuple[str, ...]) -> type[Section]:
    kind: type[Section] = Settings
    for name in above:
        kind = get_type_hints(kind)[name]
    return kind


def _type(kind: type[Section], name: str) -> object:
    described = msgspec.inspect.type_info(kind)
    assert isinstance(described, msgspec.inspect.StructType)  # noqa: S101 - a section is one
    found = next(field.type for field in described.fields if field.name == name)
    return found.type if isinstance(found, msgspec.inspect.Metadata) else found


def _value(kind: object) -> str:
    if isinstance(kind, msgspec.inspect.BoolType):
        return "true or false"
    if isinstance(kind, msgspec.inspect.IntType):
        return f"{kind.ge} to {kind.le}"
    return "list" if isinstance(kind, msgspec.inspect.ListType) else "text"


def _default(value: object) -> str:
    if value in ("", []):
        return "none"
    return f"`{msgspec.json.encode(value).decode()}`" if not isinstance(value, str) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
