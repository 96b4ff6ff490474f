"""What some events say of things outside the log: which value was sealed, which key destroyed, which key signs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import msgspec

SealId = tuple[str, str]
"""Whose sealed value it is, and which: tenant and seal id."""


class Stated(NamedTuple):
    """As much of an event as is needed to understand it."""

    position: int
    type: str
    tenant: str
    stream: str
    body: bytes


class Sealing(msgspec.Struct, gc=False):
    """A value was sealed as version `number` of `stream`."""

    position: int
    digest: bytes
    stream: str
    number: int
    has_value: bool = False
    """Whether the store has the sealed value."""
    has_key: bool = False
    """Whether the store has its data key."""


class SigningKeyNamed(NamedTuple):
    """A key that signs checkpoints was created."""

    position: int
    public: bytes


class _Written(msgspec.Struct):
    seal_id: str
    seal_digest: str
    number: int


class _Numbered(msgspec.Struct):
    number: int


class _Destroyed(msgspec.Struct):
    numbers: list[int]


class _Shared(msgspec.Struct):
    seal_id: str
    seal_digest: str


class _Viewed(msgspec.Struct):
    remaining: int


class _KeyCreated(msgspec.Struct):
    public: str


class _Sealed(msgspec.Struct):
    seal_id: str
    seal_digest: str


_SEALED: Final = msgspec.json.Decoder(_Sealed)
_WRITTEN: Final = msgspec.json.Decoder(_Written)
_NUMBERED: Final = msgspec.json.Decoder(_Numbered)
_DESTROYED: Final = msgspec.json.Decoder(_Destroyed)
_SHARED: Final = msgspec.json.Decoder(_Shared)
_VIEWED: Final = msgspec.json.Decoder(_Viewed)
_KEY_CREATED: Final = msgspec.json.Decoder(_KeyCreated)


class Statements:
    """Gathered while the log is read. Its memory grows with the number of sealed values, some 600 bytes each."""

    def __init__(self) -> None:
        self.sealings: dict[SealId, Sealing] = {}
        self.signing_keys: list[SigningKeyNamed] = []
        self.unreadable: list[tuple[int, str]] = []
        """Positions and types of events whose body does not say what it must."""
        self.destroyed: dict[tuple[str, int], int] = {}
        """The position of the event that destroyed the key of a stream's version."""

    def read(self, events: Iterable[Stated]) -> None:
        """Take in what these events say; of other types nothing is read."""
        for event in events:
            try:
                _READERS[event.type](self, event)
            except (msgspec.DecodeError, ValueError):
                self.unreadable.append((event.position, event.type))

    def destroyed_at(self, sealing: Sealing) -> int | None:
        """The position of the later event that destroyed this value's key, or None."""
        position = self.destroyed.get((sealing.stream, sealing.number))
        return position if position is not None and position > sealing.position else None


def _written(log: Statements, event: Stated) -> None:
    body = _WRITTEN.decode(event.body)
    digest = bytes.fromhex(body.seal_digest)
    sealing = Sealing(event.position, digest, sys.intern(event.stream), body.number)
    log.sealings[sys.intern(event.tenant), body.seal_id] = sealing


def _destroying(log: Statements, event: Stated) -> None:
    for number in _DESTROYED.decode(event.body).numbers:
        log.destroyed.setdefault((event.stream, number), event.position)


def _sealed_once(log: Statements, event: Stated) -> None:
    """A stream has one sealed value, whatever else happens in it."""
    body = _SEALED.decode(event.body)
    sealing = Sealing(event.position, bytes.fromhex(body.seal_digest), sys.intern(event.stream), 1)
    log.sealings[sys.intern(event.tenant), body.seal_id] = sealing


def _ended(log: Statements, event: Stated) -> None:
    """With the end of such a stream its value's key is destroyed."""
    log.destroyed.setdefault((event.stream, 1), event.position)


def _login_sealed(log: Statements, event: Stated) -> None:
    """There is something secret or not; what there was before is destroyed."""
    body = _WRITTEN.decode(event.body)
    log.destroyed.setdefault((event.stream, body.number - 1), event.position)
    if body.seal_id:
        _written(log, event)


def _login_removed(log: Statements, event: Stated) -> None:
    log.destroyed.setdefault((event.stream, _NUMBERED.decode(event.body).number), event.position)


def _shared(log: Statements, event: Stated) -> None:
    """A share has one value, as version 1."""
    body = _SHARED.decode(event.body)
    sealing = Sealing(event.position, bytes.fromhex(body.seal_digest), sys.intern(event.stream), 1)
    log.sealings[sys.intern(event.tenant), body.seal_id] = sealing


def _share_viewed(log: Statements, event: Stated) -> None:
    if not _VIEWED.decode(event.body).remaining:
        _share_ended(log, event)


def _share_ended(log: Statements, event: Stated) -> None:
    log.destroyed.setdefault((event.stream, 1), event.position)


def _key_created(log: Statements, event: Stated) -> None:
    public = bytes.fromhex(_KEY_CREATED.decode(event.body).public)
    log.signing_keys.append(SigningKeyNamed(event.position, public))


_READERS: Final[dict[str, Callable[[Statements, Stated], None]]] = {
    "approval.denied": _ended,
    "approval.expired": _ended,
    "approval.requested": _sealed_once,
    "approval.used": _ended,
    "approval.voided": _ended,
    "approval.withdrawn": _ended,
    "cubbyhole.entries.destroyed": _destroying,
    "cubbyhole.written": _written,
    "login_method.configured": _login_sealed,
    "login_method.removed": _login_removed,
    "login_role.configured": _login_sealed,
    "login_role.removed": _login_removed,
    "provider.configured": _written,
    "provider.credentials.destroyed": _destroying,
    "provider.credentials.staged": _written,
    "secret.version.written": _written,
    "secret.versions.destroyed": _destroying,
    "secret.versions.pruned": _destroying,
    "share.created": _shared,
    "share.expired": _share_ended,
    "share.locked": _share_ended,
    "share.revoked": _share_ended,
    "share.viewed": _share_viewed,
    "signing_key.created": _key_created,
    "transit_key.created": _written,
    "transit_key.deleted": _destroying,
    "transit_key.rotated": _written,
    "transit_key.trimmed": _destroying,
    "transit_key.version.restored": _written,
    "static_role.passwords.destroyed": _destroying,
    "static_role.rotation.started": _written,
    "wrapping.created": _sealed_once,
    "wrapping.expired": _ended,
    "wrapping.revoked": _ended,
    "wrapping.used": _ended,
}
STATING: Final = frozenset(_READERS)
"""The types of the events that are read."""
