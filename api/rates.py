"""Rate limits: a token bucket for each caller, in this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

from domain.errors import TooManyRequests

_MOST_CALLERS: Final = 50_000


class Rates:
    """Lets each caller make `per_second` requests a second, with bursts of as many; 0 lets everything through.

    `whose` tells what callers are told apart by.
    """

    def __init__(self, per_second: int, whose: str = "with this token") -> None:
        self._per_second = per_second
        self._whose = whose
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request; raises `TooManyRequests` when the bucket is empty."""
        if not self._per_second:
            return
        now = time.monotonic()
        left, since = self._buckets.pop(caller, (float(self._per_second), now))
        left = min(float(self._per_second), left + (now - since) * self._per_second) - 1
        self._buckets[caller] = (max(left, -1.0), now)
        if len(self._buckets) > _MOST_CALLERS:
            self._buckets.popitem(last=False)
        if left < 0:
            raise TooManyRequests(f"more than {self._per_second} requests a second {self._whose}", retry_after=1)


def network_of(address: str) -> str:
    """What an address is counted under: of IPv6 the first 64 bits, of which one client has all the rest."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped:
        return parsed.exploded[:19]
    return address
