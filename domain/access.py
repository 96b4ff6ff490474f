"""Facts about uses: who read what, and how. They belong to the stream of the node that served them."""

from __future__ import annotations

from typing import ClassVar

from domain.event import AccessEvent


class SecretRead(AccessEvent, frozen=True, kw_only=True):
    """A value went out: `how` is get, history, resolve, export, diff, run or subkeys."""

    TOPIC: ClassVar[str] = "secret.read"
    path: str
    number: int
    how: str


class SecretsInjected(AccessEvent, frozen=True, kw_only=True):
    """Values went to a process's environment: `variables` maps each name to the path it was filled from."""

    TOPIC: ClassVar[str] = "secret.injected"
    variables: dict[str, str]


class SecretsCompared(AccessEvent, frozen=True, kw_only=True):
    """Values were compared by the server, and only whether they are equal went out."""

    TOPIC: ClassVar[str] = "secret.compared"
    left: str
    right: str
