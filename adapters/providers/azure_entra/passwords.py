"""Passwords of applications: each bears the account's name, and ends when the lease does."""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import Final, TypeVar

import msgspec

from adapters.provider_calls import Allowance
from adapters.providers.azure_entra.failures import Absent, Wrong, not_graph
from adapters.providers.azure_entra.graph import Graph
from adapters.providers.azure_entra.settings import Connection
from domain.backends import Account, BackendError, BackendRefused, Credential

T = TypeVar("T")
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds between looks whether a new password is to be seen."""


class _Password(msgspec.Struct, frozen=True, rename="camel"):
    """A passwordCredential; `secret_text` is there in the answer that makes it, and never again."""

    key_id: str
    display_name: str | None = None
    secret_text: str | None = None

    def __repr__(self) -> str:
        return f"_Password({self.key_id}, {self.display_name})"


class _Application(msgspec.Struct, frozen=True, rename="camel"):
    app_id: str
    password_credentials: list[_Password] = []


class Passwords:
    """Blocking; used by several threads."""

    def __init__(self, connection: Connection, graph: Graph) -> None:
        self._connection = connection
        self._graph = graph

    def create(self, allowance: Allowance, account: Account) -> Credential:
        """Have Entra make a password, and wait a little until it is to be seen."""
        where = account.settings.application
        application = self._read(allowance, where)
        if account.name in _names(application):
            raise BackendRefused(f"Microsoft Graph: {where} has a password named {account.name} already")
        made = self._add(allowance, account)
        self._await(allowance, where, made.key_id)
        fields: dict[str, str | int] = {
            "tenant_id": self._connection.tenant_id,
            "client_id": application.app_id,
            "client_secret": made.secret_text or "",
            "authority": self._connection.authority,
        }
        return Credential(fields=fields, handle={"key_id": made.key_id})

    def remove(self, allowance: Allowance, account: Account) -> None:
        """Remove every password of that name, and the one that was told of, seen or not."""
        where, known = account.settings.application, account.handle.get("key_id")
        ids = {known} if known else set()
        try:
            ids |= _of_name(self._read(allowance, where), account.name)
            for key_id in ids:
                self._remove(allowance, where, key_id)
        except Absent:  # the application itself was deleted, and its passwords with it
            return

    def present(self, allowance: Allowance, account: Account) -> bool:
        """Look for it; one that has ended is there until it is removed."""
        try:
            application = self._read(allowance, account.settings.application)
        except Absent:
            return False
        return bool(_of_name(application, account.name)) or account.handle.get("key_id") in _ids(application)

    def names(self, allowance: Allowance, where: str) -> set[str]:
        """The names of an application's passwords."""
        return _names(self._read(allowance, where))

    def check(self, allowance: Allowance, where: str) -> None:
        """Read the application, and remove a password that never was: only who may gets as far as not to find it."""
        self._read(allowance, where)
        self._remove(allowance, where, str(uuid.uuid4()))

    def _read(self, allowance: Allowance, where: str) -> _Application:
        doing = f"reading application {where}"
        text = self._graph.call(allowance, doing, "GET", f"applications/{where}?$select=id,appId,passwordCredentials")
        return _decoded(doing, text, _Application)

    def _add(self, allowance: Allowance, account: Account) -> _Password:
        where = account.settings.application
        doing = f"adding a password to application {where}"
        ends_at = account.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"passwordCredential": {"displayName": account.name, "endDateTime": ends_at}}
        made = _decoded(
            doing, self._graph.call(allowance, doing, "POST", f"applications/{where}/addPassword", body), _Password
        )
        if not made.secret_text:
            raise not_graph(doing)
        return made

    def _await(self, allowance: Allowance, where: str, key_id: str) -> None:
        """Graph's parts learn of it one after another: removed at once, it might not be found, and come up later.

        If it is not seen in time, that is no reason to fail: it was made.
        """
        try:
            for pause in _PAUSES:
                if key_id in _ids(self._read(allowance, where)):
                    return
                if allowance.left() < 3 * pause:
                    return
                allowance.pause(pause)
        except BackendError:
            return

    def _remove(self, allowance: Allowance, where: str, key_id: str) -> None:
        doing = f"removing a password of application {where}"
        try:
            self._graph.call(allowance, doing, "POST", f"applications/{where}/removePassword", {"keyId": key_id})
        except (Wrong, Absent):
            if key_id in _ids(self._read(allowance, where)):
                raise


def _ids(application: _Application) -> set[str]:
    return {each.key_id for each in application.password_credentials}


def _names(application: _Application) -> set[str]:
    return {each.display_name for each in application.password_credentials if each.display_name}


def _of_name(application: _Application, name: str) -> set[str]:
    return {each.key_id for each in application.password_credentials if each.display_name == name}


def _decoded(doing: str, text: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        raise not_graph(doing) from None
