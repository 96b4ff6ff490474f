"""Commands that need no key of ours: random bytes and hashes. They are facts in the log as well."""

from __future__ import annotations

from domain.call import Call
from domain.commands.transit_using import KeyUse
from domain.errors import Forbidden, Invalid
from domain.plaintext import Plaintext
from domain.results import Done
from domain.transit.cryptography import Cryptography
from domain.transit.limits import MAX_RANDOM
from domain.transit.uses import TransitDrawn, TransitHashed


class TransitTools:
    """Whoever may encrypt with any key may use them."""

    def __init__(self, use: KeyUse, cryptography: Cryptography) -> None:
        self._use = use
        self._cryptography = cryptography

    async def random(self, call: Call, count: int) -> Done[Plaintext]:
        """Random bytes from the system's generator, for the caller to wipe; raises `Invalid`."""
        _require(call)
        if not 1 <= count <= MAX_RANDOM:
            raise Invalid(f"one request gives 1 to {MAX_RANDOM} random bytes")
        drawn = Plaintext(self._cryptography.random(count))
        try:
            return Done(drawn, await self._use.fact(call, TransitDrawn, count=1))
        except BaseException:
            drawn.wipe()
            raise

    async def digest(self, call: Call, algorithm: str, data: bytes) -> Done[bytes]:
        """The hash of `data`; raises `Invalid` for an algorithm that is none."""
        _require(call)
        made = self._cryptography.digest(algorithm, data)
        return Done(made, await self._use.fact(call, TransitHashed, count=1))


def _require(call: Call) -> None:
    if not call.allows_somewhere("keys:encrypt"):
        raise Forbidden("this needs the scope keys:encrypt; ask an operator for a token that has it")
