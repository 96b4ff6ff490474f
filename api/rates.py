"""Rate limit: a token bucket for each API token, in this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Final

from domain.errors import TooManyRequests

_MOST_TOKENS: Final = 50_000


class Rates:
    """Lets each token make `per_second` requests a second, with bursts of as many; 0 lets everything through."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, token_id: str) -> None:
        """Count one request; raises `TooManyRequests` when the bucket is empty."""
        if not self._per_second:
            return
        now = time.monotonic()
        left, since = self._buckets.pop(token_id, (float(self._per_second), now))
        left = min(float(self._per_second), left + (now - since) * self._per_second) - 1
        self._buckets[token_id] = (max(left, -1.0), now)
        if len(self._buckets) > _MOST_TOKENS:
            self._buckets.popitem(last=False)
        if left < 0:
            raise TooManyRequests(f"more than {self._per_second} requests a second with this token", retry_after=1)
