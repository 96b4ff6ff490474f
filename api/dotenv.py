"""Secrets as a .env file."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z0-9_.:/@%+,=-]*\Z")


def dotenv(values: Mapping[str, str], prefix: str) -> str:
    """One `NAME="value"` a line.

    The name is the path after `prefix` in capitals, with `_` for what a name may not have.
    """
    return "".join(f"{_name(path, prefix)}={_quoted(value)}\n" for path, value in values.items())


def _name(path: str, prefix: str) -> str:
    inner = path.removeprefix(prefix).strip("/") or path
    name = re.sub(r"[^A-Za-z0-9_]", "_", inner).upper()
    return f"_{name}" if name[0].isdigit() else name


def _quoted(value: str) -> str:
    if _PLAIN.match(value):
        return value
    escaped = (
        value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("$", "\\$")
    )
    return f'"{escaped}"'
