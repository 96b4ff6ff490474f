"""Keys of issuers: fetched, kept, and fetched anew when they are old or when a token names another.

A token whose key is not known has the keys fetched again, but not more often than every `PAUSE` seconds for one issuer,
whatever comes: so bad tokens make no storm at the issuer. All who wait for a fetch wait for the same one.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from adapters.jwt import Key, claims_of, header_of, key_of_pem, keys_of, unverified_claims_of
from adapters.login_https import Client, context_of, is_safe
from domain.backends import BackendError, BackendUnavailable
from domain.errors import Invalid
from domain.logins.jwt import KeySource, NotSigned

FRESH: Final = 300.0
"""How long keys are used without a look, in seconds."""
STALE: Final = 3600.0
"""How long they are used while the issuer cannot be reached, in seconds."""
PAUSE: Final = 10.0
"""Shortest time between two fetches from one issuer, in seconds."""
MAX_ISSUERS: Final = 256
"""How many issuers' keys are kept."""
_SECONDS: Final = 10.0


class _Discovered(msgspec.Struct):
    """Of the discovery document, OpenID Connect Discovery 1.0 section 3."""

    issuer: str
    jwks_uri: str


class Issuer:
    """The keys of one source that lies at an address."""

    def __init__(self, source: KeySource, monotonic: Callable[[], float]) -> None:
        self._source = source
        self._now = monotonic
        self._client = Client(f"the issuer at {_address(source)}", source.ca_pem, 2, _SECONDS)
        self._keys: Sequence[Key] = ()
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._failure: BackendUnavailable | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def keys(self) -> Sequence[Key]:
        """Those that are known, not older than they may be; raises `BackendUnavailable` if there are none."""
        if self._now() - self._fetched > FRESH:
            await self._refresh()
        if self._now() - self._fetched > STALE:
            raise self._failure or BackendUnavailable("the issuer's keys were never fetched; try again")
        return self._keys

    async def newer(self) -> Sequence[Key]:
        """Those that there are now, as far as one may ask again already."""
        await self._refresh()
        return self._keys

    async def check(self) -> None:
        """Fetch them now; raises `BackendUnavailable`."""
        self._tried = float("-inf")
        await self._refresh()
        if self._failure:
            raise self._failure

    def close(self) -> None:
        """Ask no more."""
        if self._fetching:
            self._fetching.cancel()
        self._client.close()

    async def _refresh(self) -> None:
        if self._fetching is None:
            if self._now() - self._tried < PAUSE:
                return
            self._tried = self._now()
            self._fetching = asyncio.create_task(self._fetch())
        # Whoever gives up waiting must not end the fetch for the others.
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            url = self._source.jwks_url or await self._discovered()
            self._keys = self._parsed(await self._document(url))
            self._fetched, self._failure = self._now(), None
        except BackendUnavailable as error:
            self._failure = error
        finally:
            self._fetching = None

    def _parsed(self, document: bytes) -> Sequence[Key]:
        try:
            return keys_of(document)
        except ValueError as error:
            raise BackendUnavailable(f"the keys of the issuer at {_address(self._source)}: {error}") from None

    async def _discovered(self) -> str:
        root = self._source.discovery_url
        document = await self._document(f"{root.rstrip('/')}/.well-known/openid-configuration")
        try:
            found = msgspec.json.decode(document, type=_Discovered)
        except msgspec.DecodeError:
            raise BackendUnavailable(f"the discovery document at {root} names no issuer and jwks_uri") from None
        if found.issuer.rstrip("/") != root.rstrip("/"):
            raise BackendUnavailable(f"the discovery document at {root} is of another issuer")
        if not is_safe(found.jwks_uri):
            raise BackendUnavailable(f"the discovery document at {root} names a jwks_uri that is not https")
        return found.jwks_uri

    async def _document(self, url: str) -> bytes:
        answer = await self._client.get(url)
        if answer.status != 200:
            raise BackendUnavailable(f"the issuer answers {answer.status} at {url}")
        return answer.body


class KeySets:
    """The `SigningKeys`: those of the `MAX_ISSUERS` most recently used issuers are kept."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.monotonic = monotonic
        self._issuers: OrderedDict[KeySource, Issuer] = OrderedDict()

    async def claims(self, source: KeySource, token: str, algorithms: tuple[str, ...]) -> dict[str, Any]:
        """See `domain.logins.jwt.SigningKeys`."""
        header = header_of(token, algorithms)
        if source.pem_keys:
            found = claims_of(token, header, [key_of_pem(text) for text in source.pem_keys])
        else:
            issuer = self._issuer(source)
            found = claims_of(token, header, await issuer.keys())
            if found is None:
                found = claims_of(token, header, await issuer.newer())
        if found is None:
            raise NotSigned("error verifying token signature: no known key successfully validated the token signature")
        return found

    async def check(self, source: KeySource) -> None:
        """See `domain.logins.jwt.SigningKeys`."""
        try:
            for text in source.pem_keys:
                key_of_pem(text)
        except ValueError as error:
            raise Invalid(f"error parsing public key: {error}") from None
        url = source.jwks_url or source.discovery_url
        if not url:
            return
        if not is_safe(url):
            raise Invalid(f"{_field(source)} is to be https://host[:port][/path], without user and fragment")
        context_of(source.ca_pem)
        try:
            await self._issuer(source).check()
        except BackendError as error:
            raise Invalid(f"error checking {_field(source).replace('_', ' ')}: {error.message}") from None

    def unverified(self, token: str, algorithms: tuple[str, ...]) -> dict[str, Any]:
        """See `domain.logins.jwt.SigningKeys`."""
        header_of(token, algorithms)
        return unverified_claims_of(token)

    def close(self) -> None:
        """Ask nobody any more."""
        for issuer in self._issuers.values():
            issuer.close()
        self._issuers.clear()

    def _issuer(self, source: KeySource) -> Issuer:
        issuer = self._issuers.get(source)
        if issuer is None:
            issuer = self._issuers[source] = Issuer(source, self.monotonic)
        self._issuers.move_to_end(source)
        if len(self._issuers) > MAX_ISSUERS:
            self._issuers.popitem(last=False)[1].close()
        return issuer


def _address(source: KeySource) -> str:
    return source.jwks_url or source.discovery_url


def _field(source: KeySource) -> str:
    return "jwks_url" if source.jwks_url else "oidc_discovery_url"
