"""Keys of service accounts: made here, uploaded as certificates, found by the name that is in them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from adapters.crypto import certificate_name, rsa_key_until
from adapters.provider_calls import Allowance
from adapters.providers.gcp_iam.failures import Absent, Precondition, not_google
from adapters.providers.gcp_iam.service import Service
from adapters.providers.gcp_iam.settings import Connection
from domain.backends import Account, BackendRefused, Credential

T = TypeVar("T")
NEEDED: Final = (
    "iam.serviceAccounts.get",
    "iam.serviceAccountKeys.create",
    "iam.serviceAccountKeys.delete",
    "iam.serviceAccountKeys.get",
    "iam.serviceAccountKeys.list",
)
_AGAINST: Final = (
    "it has 10 keys, which is Google's bound, those that have ended and those of others included: make roles for"
    " further service accounts, or use the method access-token; or the organisation forbids uploads"
    " (iam.disableServiceAccountKeyUpload)"
)


class _Key(msgspec.Struct, frozen=True, rename="camel"):
    """A ServiceAccountKey of the IAM API; `name` is its path."""

    name: str
    public_key_data: str = ""


class _Keys(msgspec.Struct, frozen=True):
    keys: list[_Key] = []


class _ServiceAccount(msgspec.Struct, frozen=True, rename="camel"):
    unique_id: str


class Keys:
    """Blocking; used by several threads."""

    def __init__(self, connection: Connection, service: Service) -> None:
        self._connection = connection
        self._service = service
        self._names: dict[str, dict[str, str]] = {}
        """By service account, and then by key: what the certificate names. It never changes, so it is read once."""

    def create(self, allowance: Allowance, account: Account) -> Credential:
        """Make a key, and upload its certificate."""
        email = account.settings.service_account
        if account.name in self.names(allowance, email):
            raise BackendRefused(f"Google: {email} has a key named {account.name} already")
        identity = self._identity(allowance, email)
        certificate, private = rsa_key_until(account.name, datetime.now(UTC), account.expires_at)
        key = self._upload(allowance, email, certificate)
        fields = self._fields(email, identity, key.rpartition("/")[2], private)
        private[:] = bytes(len(private))
        return Credential(fields=fields, handle={"key": key})

    def remove(self, allowance: Allowance, account: Account) -> None:
        """Delete it, by what Google named it, or by what its certificate does."""
        for key in self._keys_of(allowance, account):
            try:
                self._service.iam(allowance, "deleting the key", "DELETE", key)
            except Absent:
                continue

    def present(self, allowance: Allowance, account: Account) -> bool:
        """Look for it; one that has ended is there until it is deleted."""
        for key in self._keys_of(allowance, account):
            try:
                self._service.iam(allowance, "looking for the key", "GET", key)
            except Absent:
                continue
            return True
        return False

    def names(self, allowance: Allowance, email: str) -> set[str]:
        """What the certificates of a service account's keys name."""
        return set(self._named(allowance, email).values())

    def _keys_of(self, allowance: Allowance, account: Account) -> list[str]:
        if known := account.handle.get("key"):
            return [known]
        there = self._named(allowance, account.settings.service_account)
        return [key for key, name in there.items() if name == account.name]

    def _named(self, allowance: Allowance, email: str) -> dict[str, str]:
        """What each key's certificate names, by key."""
        known, found = self._names.get(email, {}), {}
        for key in self._list(allowance, email):
            try:
                found[key.name] = known[key.name] if key.name in known else self._name(allowance, key.name)
            except Absent:  # deleted meanwhile
                continue
        self._names[email] = found
        return found

    def _list(self, allowance: Allowance, email: str) -> list[_Key]:
        doing = f"listing the keys of {email}"
        try:
            text = self._service.iam(allowance, doing, "GET", f"{self._path(email)}/keys?keyTypes=USER_MANAGED")
        except Absent:  # the service account itself was deleted, and its keys with it
            return []
        return _decoded(doing, text, _Keys).keys

    def _name(self, allowance: Allowance, key: str) -> str:
        doing = "reading a key's certificate"
        text = self._service.iam(allowance, doing, "GET", f"{key}?publicKeyType=TYPE_X509_PEM_FILE")
        try:
            return certificate_name(base64.b64decode(_decoded(doing, text, _Key).public_key_data))
        except ValueError:
            raise not_google(doing) from None

    def _identity(self, allowance: Allowance, email: str) -> str:
        doing = f"looking for the service account {email}"
        return _decoded(doing, self._service.iam(allowance, doing, "GET", self._path(email)), _ServiceAccount).unique_id

    def _upload(self, allowance: Allowance, email: str, certificate: bytes) -> str:
        doing = f"uploading a key for {email}"
        body = {"publicKeyData": base64.b64encode(certificate).decode()}
        try:
            text = self._service.iam(allowance, doing, "POST", f"{self._path(email)}/keys:upload", body)
        except Precondition as refusal:
            raise BackendRefused(f"{refusal}: {_AGAINST}") from None
        return _decoded(doing, text, _Key).name

    def _path(self, email: str) -> str:
        return f"projects/{quote(self._connection.project, safe=':')}/serviceAccounts/{quote(email, safe='@')}"

    def _fields(self, email: str, identity: str, key_id: str, private: bytearray) -> dict[str, str | int]:
        """As in a key file of Google's own: `key_json` is one."""
        public = {
            "client_email": email,
            "private_key_id": key_id,
            "project_id": self._connection.project,
            "token_uri": self._connection.token_uri,
        }
        file = {
            "type": "service_account",
            **public,
            "private_key": private.decode(),
            "client_id": identity,
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "universe_domain": "googleapis.com",
        }
        return {"key_json": json.dumps(file), **public}


def _decoded(doing: str, text: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        raise not_google(doing) from None
