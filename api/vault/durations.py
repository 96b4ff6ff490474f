"""Durations as Go writes and reads them, https://pkg.go.dev/time#ParseDuration, and Vault's bare seconds."""

from __future__ import annotations

import re
from typing import Final

from api.vault.failures import VaultError

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h|d)")
_WHOLE = re.compile(r"[+-]?(?:" + _PART.pattern + r")+\Z")
_SECONDS = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?\Z")
MOST: Final = 10 * 366 * 86400
"""Longest duration that is taken, in seconds."""


def seconds_of(value: object, field: str) -> int:
    """A duration in whole seconds: a number, or text such as `90`, `15m`, `1h30m`, `2d`. Raises `VaultError` 400."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(field)
    seconds = _parsed(value.strip(), field) if isinstance(value, str) else float(value)
    if not -MOST <= seconds <= MOST:
        raise VaultError(400, f"{field}: a duration of at most ten years, please")
    return int(seconds)


def _parsed(text: str, field: str) -> float:
    if not text:
        return 0.0
    if len(text) <= 64 and _SECONDS.match(text):
        return float(text)
    if len(text) > 64 or not _WHOLE.match(text):
        raise _wrong(field)
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return -total if text.startswith("-") else total


def _wrong(field: str) -> VaultError:
    return VaultError(400, f'error converting input for field "{field}": give seconds, or a duration such as "15m"')


def shown(seconds: int) -> str:
    """Seconds as Go shows a duration: `0s`, `30m0s`, `768h0m0s`."""
    sign, left = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, rest = divmod(left, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{sign}{hours}h{minutes}m{rest}s"
    return f"{sign}{minutes}m{rest}s" if minutes else f"{sign}{rest}s"
