"""Google's IAM and Service Account Credentials APIs, as far as keys and tokens of service accounts go; and a bucket."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from tests.fakes.cloud_server import Asked, Route, Told
from tests.fakes.gcp_accounts import FAR, Accounts, Key, Refusal, ServiceAccount

PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
IAM: Final = "https://www.googleapis.com/auth/iam"
STORAGE: Final = "https://www.googleapis.com/auth/devstorage."
_ACCOUNT: Final = r"/v1/projects/([^/:]+)/serviceAccounts/([^/:]+)"


class Iam:
    """Every answer depends on who asks, with what scope, and what they are granted."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def routes(self) -> list[Route]:
        made: list[Route] = [
            ("GET", _ACCOUNT, self._get_account),
            ("POST", f"{_ACCOUNT}:testIamPermissions", self._test),
            ("POST", f"{_ACCOUNT}:generateAccessToken", self._generate),
            ("POST", f"{_ACCOUNT}/keys:upload", self._upload),
            ("GET", f"{_ACCOUNT}/keys", self._list),
            ("GET", f"{_ACCOUNT}/keys/([^/:]+)", self._get_key),
            ("DELETE", f"{_ACCOUNT}/keys/([^/:]+)", self._delete),
            ("GET", r"/storage/v1/b/([^/]+)/o", self._objects),
            ("POST", r"/upload/storage/v1/b/([^/]+)/o", self._write),
        ]
        return [(method, pattern, self._refusing(answer)) for method, pattern, answer in made]

    def _refusing(self, answer: Callable[[Asked], Told]) -> Callable[[Asked], Told]:
        def refusing(asked: Asked) -> Told:
            try:
                with self._accounts.lock:
                    return answer(asked)
            except Refusal as refusal:
                return refusal.told

        return refusing

    def _allowed(self, asked: Asked, permission: str, *scopes: str) -> ServiceAccount:
        who = self._accounts.caller(asked, *(scopes or (PLATFORM, IAM)))
        account = self._accounts.find(asked.parts[0], asked.parts[1])
        self._accounts.demand(who, permission, account.email)
        return account

    def _get_account(self, asked: Asked) -> Told:
        account = self._allowed(asked, "iam.serviceAccounts.get")
        return Told(200, {"email": account.email, "uniqueId": account.unique_id, "projectId": self._accounts.project})

    def _test(self, asked: Asked) -> Told:
        who = self._accounts.caller(asked, PLATFORM, IAM)
        email = self._accounts.find(*asked.parts).email
        wanted = asked.json()["permissions"]
        granted = [each for each in wanted if (who, each, email) in self._accounts.grants]
        return Told(200, {"permissions": granted} if granted else {})

    def _generate(self, asked: Asked) -> Told:
        account = self._allowed(asked, "iam.serviceAccounts.getAccessToken", PLATFORM)
        if asked.parts[0] != "-":
            raise Refusal(400, "INVALID_ARGUMENT", "The project has to be the wildcard -.")
        lifetime = re.fullmatch(r"(\d+)s", asked.json().get("lifetime", "3600s"))
        scopes = asked.json().get("scope")
        if not scopes or lifetime is None:
            raise Refusal(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
        seconds = int(lifetime[1])
        if not 0 < seconds <= (43_200 if account.email in self._accounts.long_lived else 3600):
            raise Refusal(400, "INVALID_ARGUMENT", "The requested token lifetime is too long for the service account.")
        token, ends = self._accounts.give_token(account.email, frozenset(scopes), seconds)
        return Told(200, {"accessToken": token, "expireTime": _time(ends)})

    def _upload(self, asked: Asked) -> Told:
        account = self._allowed(asked, "iam.serviceAccountKeys.create")
        try:
            pem = base64.b64decode(asked.json()["publicKeyData"], validate=True)
        except (KeyError, binascii.Error):
            raise Refusal(400, "INVALID_ARGUMENT", "publicKeyData is not base64.") from None
        key_id = self._accounts.upload(account, pem)
        return Told(200, self._shown(account, key_id))

    def _list(self, asked: Asked) -> Told:
        account = self._allowed(asked, "iam.serviceAccountKeys.list")
        if asked.query.get("keyTypes") != "USER_MANAGED":
            raise Refusal(400, "INVALID_ARGUMENT", "this fake has no keys of Google's own")
        keys = [self._shown(account, key_id) for key_id in account.keys]
        return Told(200, {"keys": keys} if keys else {})

    def _get_key(self, asked: Asked) -> Told:
        account = self._allowed(asked, "iam.serviceAccountKeys.get")
        key = _key(account, asked.parts[2])
        shown = self._shown(account, asked.parts[2])
        if asked.query.get("publicKeyType") == "TYPE_X509_PEM_FILE":
            shown["publicKeyData"] = base64.b64encode(key.certificate).decode()
        return Told(200, shown)

    def _delete(self, asked: Asked) -> Told:
        account = self._allowed(asked, "iam.serviceAccountKeys.delete")
        _key(account, asked.parts[2])
        del account.keys[asked.parts[2]]
        return Told(200, {})

    def _shown(self, account: ServiceAccount, key_id: str) -> dict[str, Any]:
        key = account.keys[key_id]
        return {
            "name": f"projects/{self._accounts.project}/serviceAccounts/{account.email}/keys/{key_id}",
            "keyAlgorithm": "KEY_ALG_RSA_2048",
            "validAfterTime": _time(key.begins),
            "validBeforeTime": _time(key.ends),
            "keyOrigin": "GOOGLE_PROVIDED" if key.ends == FAR else "USER_PROVIDED",
            "keyType": "USER_MANAGED",
        }

    def _objects(self, asked: Asked) -> Told:
        who = self._accounts.caller(asked, PLATFORM, f"{STORAGE}read_only", f"{STORAGE}read_write")
        self._accounts.demand(who, "storage.objects.list", asked.parts[0])
        return Told(200, {"kind": "storage#objects", "items": []})

    def _write(self, asked: Asked) -> Told:
        who = self._accounts.caller(asked, PLATFORM, f"{STORAGE}read_write")
        self._accounts.demand(who, "storage.objects.create", asked.parts[0])
        return Told(200, {"kind": "storage#object"})


def _key(account: ServiceAccount, key_id: str) -> Key:
    if key_id not in account.keys:
        raise Refusal(404, "NOT_FOUND", f"Service account key {key_id} does not exist.")
    return account.keys[key_id]


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
