"""Rotation of the key-encryption key (KEK): what it wraps is rewrapped by the new one, and no value is touched.

In this order, so that a crash at any point leaves every key readable and a second run completes the work: the new key
is put beside the configured file; all rows are rewrapped in one append; they are read again; the new key takes the
file's place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from adapters.kek import Kek
from adapters.kek_folder import KekFolder
from adapters.seal_format import signing_key_aad, tenant_key_aad
from domain.errors import Conflict, KeyUnavailable, LogBroken
from domain.kek import SYSTEM, KekRotated
from domain.names import stream_of
from domain.ports import Append, Clock, EventLog, Reader, Statement

_TENANT_KEYS: Final = "SELECT key_id, tenant, kek_id, wrapped FROM tenant_keys WHERE kek_id <> ?"
_SIGNING_KEYS: Final = "SELECT key_id, public, kek_id, wrapped FROM signing_key WHERE kek_id <> ?"
_REWRAP_TENANT_KEY: Final = "UPDATE tenant_keys SET kek_id = ?, wrapped = ? WHERE key_id = ?"
_REWRAP_SIGNING_KEY: Final = "UPDATE signing_key SET kek_id = ?, wrapped = ? WHERE key_id = ?"
_COUNT_TENANT_KEYS: Final = "SELECT kek_id, count(*) FROM tenant_keys GROUP BY kek_id ORDER BY kek_id"
_COUNT_SIGNING_KEYS: Final = "SELECT kek_id, count(*) FROM signing_key GROUP BY kek_id ORDER BY kek_id"
_ROUNDS: Final = 5


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """What a rotation did."""

    old: tuple[str, ...]
    """Ids of the KEKs that wrapped something before; none if everything was wrapped by `new` already."""
    new: str
    keys: int
    """How many keys were rewrapped."""
    position: int | None
    """Where the log says so."""
    retired: Path | None
    """Where the old key is kept; None if the new one was in place already."""


class KekStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrapped by which KEK, and which KEKs are at hand."""

    file: Path
    holds: str | None
    """Id of the KEK in the configured file, or None if it cannot be used."""
    problem: str | None
    """Why not."""
    locked: bool
    """Whether the system keeps that key out of swap."""
    tenant_keys: Mapping[str, int]
    """By KEK id, how many tenants' keys it wraps."""
    signing_keys: Mapping[str, int]
    staged: Sequence[str]
    """KEKs that a rotation is putting, or was interrupted putting, in place."""
    retired: Sequence[str]
    missing: Sequence[str]
    """KEKs that wrap something and are not at hand: what they wrap cannot be opened."""


class _Rewrapped(msgspec.Struct, frozen=True):
    old: str
    statement: Statement


class KekRotation:
    """Rotates the KEK of one store. `actor` is who the log says did it."""

    def __init__(self, keks: KekFolder, reader: Reader, log: EventLog, clock: Clock, actor: str) -> None:
        self._keks = keks
        self._reader = reader
        self._log = log
        self._clock = clock
        self._actor = actor

    async def stage(self, new: Path) -> str:
        """Put the key in `new` beside the configured file, for the servers that use it; returns its id.

        Where several nodes have KEK files of their own, do it on each before any of them rotates. Raises
        `KeyUnavailable`, `Misconfigured`.
        """
        return self._keks.stage(new).id

    async def rotate(self, new: Path) -> Rotation:
        """Rewrap everything under the key in `new`, then put that key in place of the configured file.

        Raises `KeyUnavailable`, `Misconfigured`, `LogBroken` or `StoreUnavailable`, and can then be run again.
        """
        with self._keks.exclusive():
            kek = self._keks.stage(new)
            old, keys, position = await self._rewrap_all(kek)
            retired = self._keks.install(kek.id)
        return Rotation(old=tuple(sorted(old)), new=kek.id, keys=keys, position=position, retired=retired)

    async def status(self) -> KekStatus:
        """What is wrapped by which key. An unusable KEK file is reported, not raised; raises `StoreUnavailable`."""
        tenant_keys: dict[str, int] = dict(await self._reader.system_rows(_COUNT_TENANT_KEYS))
        signing_keys: dict[str, int] = dict(await self._reader.system_rows(_COUNT_SIGNING_KEYS))
        holds, problem, locked = self._held()
        return KekStatus(
            file=self._keks.path,
            holds=holds,
            problem=problem,
            locked=locked,
            tenant_keys=tenant_keys,
            signing_keys=signing_keys,
            staged=self._keks.staged(),
            retired=self._keks.retired(),
            missing=[kek_id for kek_id in sorted({*tenant_keys, *signing_keys}) if not self._at_hand(kek_id)],
        )

    async def _rewrap_all(self, kek: Kek) -> tuple[set[str], int, int | None]:
        """Until nothing is left: a server may create a tenant under the old KEK while the first round is committed."""
        old: set[str] = set()
        keys, position = 0, None
        for _ in range(_ROUNDS):
            rewrapped = [*await self._tenant_keys(kek), *await self._signing_keys(kek)]
            if not rewrapped:
                return old, keys, position
            position = await self._log.append(self._append(kek, rewrapped))
            old |= {each.old for each in rewrapped}
            keys += len(rewrapped)
        raise Conflict(
            f"keys are still wrapped by another KEK after {_ROUNDS} rounds; the KEK file was left as it was: run it"
            " again, and if it does not help, see that the database lets this user update tenant_keys and signing_key"
        )

    def _append(self, kek: Kek, rewrapped: Sequence[_Rewrapped]) -> Append:
        event = KekRotated(
            originator_id=stream_of("kek", SYSTEM, self._actor),
            originator_version=0,  # an access event takes the next version of its stream
            timestamp=self._clock(),
            old=tuple(sorted({each.old for each in rewrapped})),
            new=kek.id,
            keys=len(rewrapped),
        )
        statements = [each.statement for each in rewrapped]
        request_id = os.urandom(16).hex()
        return Append(tenant=SYSTEM, actor=self._actor, request_id=request_id, events=[event], statements=statements)

    async def _tenant_keys(self, kek: Kek) -> list[_Rewrapped]:
        return [
            self._rewrapped(
                kek,
                _REWRAP_TENANT_KEY,
                key_id,
                (old, wrapped, tenant_key_aad(tenant, key_id, old)),
                tenant_key_aad(tenant, key_id, kek.id),
            )
            for key_id, tenant, old, wrapped in await self._reader.system_rows(_TENANT_KEYS, (kek.id,))
        ]

    async def _signing_keys(self, kek: Kek) -> list[_Rewrapped]:
        return [
            self._rewrapped(
                kek,
                _REWRAP_SIGNING_KEY,
                key_id,
                (old, wrapped, signing_key_aad(key_id, public, old)),
                signing_key_aad(key_id, public, kek.id),
            )
            for key_id, public, old, wrapped in await self._reader.system_rows(_SIGNING_KEYS, (kek.id,))
        ]

    def _rewrapped(self, kek: Kek, sql: str, key_id: str, old: tuple[str, bytes, bytes], aad: bytes) -> _Rewrapped:
        old_id, wrapped, old_aad = old
        try:
            key = self._keks.find(old_id).unwrap(wrapped, old_aad)
        except LogBroken as error:
            raise LogBroken(
                f"key {key_id} was altered in the store, so nothing was rewrapped: {error.message}"
            ) from error
        try:
            return _Rewrapped(old_id, (sql, (kek.id, kek.wrap(key, aad), key_id)))
        finally:
            key[:] = bytes(len(key))

    def _held(self) -> tuple[str | None, str | None, bool]:
        try:
            kek = self._keks.current()
        except KeyUnavailable as error:
            return None, error.message, False
        return kek.id, None, kek.locked

    def _at_hand(self, kek_id: str) -> bool:
        try:
            self._keks.find(kek_id)
        except (KeyUnavailable, LogBroken):
            return False
        return True
