"""Configuration by `TRSTCTL_…` variables."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from cli.server.config.keys import Key, keys
from domain.errors import Misconfigured

CONFIG_FILE: Final = "TRSTCTL_CONFIG_FILE"
"""Names the configuration file where no option does."""

_OTHERS: Final = frozenset(
    {
        CONFIG_FILE,
        "TRSTCTL_HARDENING",
        "TRSTCTL_HARDENED",
        "TRSTCTL_FAIL_POINT",  # adapters.fail_points
        "TRSTCTL_SERVER",  # from here on the client's
        "TRSTCTL_TOKEN",
        "TRSTCTL_TOKEN_FILE",
        "TRSTCTL_CACERT",
    }
)
_OF_KUBERNETES: Final = re.compile(r"TRSTCTL_(SERVICE_(HOST|PORT)|PORT)(_[A-Z0-9_]+)?\Z")
"""Kubernetes puts these into every pod beside a service that is called trstctl."""

_BOOLEANS: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def values(environment: Mapping[str, str], *, with_paths: bool) -> dict[tuple[str, ...], object]:
    """What the environment sets, by the keys' paths. An empty variable sets nothing.

    Without `with_paths`, one that names a file does not either. Raises `Misconfigured` for a variable of our name that
    is none of ours, and for a value that is not understood.
    """
    _refuse_unknown(environment)
    given = ((key, environment.get(key.variable, "")) for key in keys() if with_paths or not _names_a_file(key))
    return {key.path: _value(key, text) for key, text in given if text}


def _names_a_file(key: Key) -> bool:
    return key.path[-1] in {"store", "data_dir", "dir"} or key.path[-1].endswith("_file")


def _value(key: Key, text: str) -> object:
    if isinstance(key.default, str):
        return text
    if isinstance(key.default, bool):
        return _BOOLEANS.get(text.lower(), text)
    try:
        decoded: object = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        kind = "a list in JSON" if isinstance(key.default, list) else "a number"
        raise Misconfigured(f"environment: {key.variable} ({key.dotted}): not {kind}. {key.description}") from error
    return decoded


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {key.variable for key in keys()} | _OTHERS
    for name in environment:
        if name.startswith("TRSTCTL_") and name not in known and not _OF_KUBERNETES.match(name):
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}?" if near else "see docs/reference/configuration.md"
            raise Misconfigured(f"environment: there is no variable {name}; {meant}")
