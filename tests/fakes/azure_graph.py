"""Microsoft Graph, as far as passwords of applications go; and a resource that applications read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from tests.fakes.azure_directory import OWNED_BY, Application, Directory, Refusal
from tests.fakes.cloud_server import Asked, Route, Told

_APPLICATION: Final = r"/v1\.0/applications/([^/]+)"


class Graph:
    """`base` is the audience of the tokens it takes."""

    def __init__(self, directory: Directory, base: str = "") -> None:
        self._directory = directory
        self.base = base

    def routes(self) -> list[Route]:
        made: list[Route] = [
            ("GET", _APPLICATION, self._read),
            ("POST", f"{_APPLICATION}/addPassword", self._add),
            ("POST", f"{_APPLICATION}/removePassword", self._remove),
            ("GET", r"/resource/([^/]+)", self._resource),
        ]
        return [(method, pattern, _refusing(answer)) for method, pattern, answer in made]

    def _owned(self, asked: Asked) -> Application:
        """The application that is asked for, if the caller may change it."""
        token = self._directory.caller(asked, self.base)
        if OWNED_BY not in token.roles:
            raise _denied()
        application = self._directory.by_object(asked.parts[0])
        if token.client_id not in application.owners:
            raise _denied()
        return application

    def _read(self, asked: Asked) -> Told:
        application = self._owned(asked)
        now = time.monotonic()
        with self._directory.lock:
            passwords = [password.shown() for password in application.passwords if password.seen_from <= now]
        whole: dict[str, Any] = {
            "id": application.object_id,
            "appId": application.client_id,
            "displayName": "an application",
            "passwordCredentials": passwords,
        }
        wanted = asked.query.get("$select", ",".join(whole)).split(",")
        return Told(200, {name: value for name, value in whole.items() if name in wanted})

    def _add(self, asked: Asked) -> Told:
        application = self._owned(asked)
        told = asked.json().get("passwordCredential") or {}
        if unknown := set(told) - {"displayName", "endDateTime", "startDateTime"}:
            raise Refusal(400, "Request_BadRequest", f"Invalid properties: {sorted(unknown)}")
        ends = datetime.fromisoformat(told["endDateTime"])
        if ends <= datetime.now(UTC) or len(told.get("displayName") or "") > 90:
            raise Refusal(400, "Request_BadRequest", "Key credential end date is invalid.")
        with self._changing(application):
            made = self._directory.add_password(application, told.get("displayName"), ends)
        return Told(200, {**made.shown(), "secretText": made.secret})

    def _remove(self, asked: Asked) -> Told:
        application = self._owned(asked)
        key_id = asked.json().get("keyId")
        with self._changing(application), self._directory.lock:
            there = [password for password in application.passwords if password.key_id == key_id]
            if not there or there[0].seen_from > time.monotonic():
                raise Refusal(400, "Request_BadRequest", f"No password credential found with keyId '{key_id}'.")
            application.passwords.remove(there[0])
        return Told(204)

    def _changing(self, application: Application) -> _Change:
        return _Change(application, self._directory.change_takes)

    def _resource(self, asked: Asked) -> Told:
        token = self._directory.caller(asked, self.base)
        application = self._directory.by_client(token.client_id)
        if application is None or asked.parts[0] not in application.resources:
            raise _denied()
        return Told(200, {"value": []})


class _Change:
    """A change of one application keeps others off while it goes on: they are told to come again."""

    def __init__(self, application: Application, seconds: float) -> None:
        self._application = application
        self._seconds = seconds

    def __enter__(self) -> None:
        if not self._application.changing.acquire(blocking=False):
            raise Refusal(
                409,
                "Directory_ConcurrencyViolation",
                "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
            )
        time.sleep(self._seconds)

    def __exit__(self, *_: object) -> None:
        self._application.changing.release()


def _denied() -> Refusal:
    return Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _refusing(answer: Callable[[Asked], Told]) -> Callable[[Asked], Told]:
    def refusing(asked: Asked) -> Told:
        try:
            return answer(asked)
        except Refusal as refusal:
            return refusal.told

    return refusing
