"""Rotation of the access key of a standing user: a second key beside the first, for as long as both are needed."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from adapters.provider_calls import Allowance
from adapters.providers.aws_iam.failures import Absent, Denied
from adapters.providers.aws_iam.service import Service
from adapters.providers.aws_iam.settings import Connection
from domain.backends import Account, BackendRefused, Credential

NOTE: Final = "trstctl-rotation"
"""Tag of a user whose key is being rotated: the account's name, a slash, and the new key's id once it is known."""
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_]{16,128}")


class StandingKeys:
    """Blocking; used by several threads."""

    def __init__(self, connection: Connection, service: Service) -> None:
        self._connection = connection
        self._service = service
        self._owners: dict[str, str] = {}

    def create_like(self, allowance: Allowance, account: Account, old: str) -> Credential:
        """A second key for the user that `old` belongs to, which is told beforehand, in a tag, what it is for."""
        self._refuse_own(old)
        user = self._owner(allowance, old)
        keys = self._keys(allowance, user) if user else []
        if not user or old not in keys:
            raise BackendRefused(f"AWS: there is no access key {old!r} that a new one could be made beside")
        if len(keys) > 1:
            raise BackendRefused(
                f"AWS: user {user} has two access keys, and may have no third: delete the one that nobody uses"
            )
        self._note(allowance, user, f"{account.name}/")
        key_id, secret = self._make(allowance, user)
        self._note(allowance, user, f"{account.name}/{key_id}")
        fields: dict[str, str | int] = {
            "access_key_id": key_id,
            "secret_access_key": secret,
            "region": self._connection.region,
        }
        return Credential(fields=fields, handle={"ref": key_id, "user": user})

    def staged(self, allowance: Allowance, account: Account, old: str) -> str | None:
        """The key that was made beside `old`: the one in the tag, or, if that was not written, the only other one."""
        user = self._owner(allowance, old)
        if not user:
            return None
        name, _, told = self._noted(allowance, user).partition("/")
        others = [key for key in self._keys(allowance, user) if key != old]
        if name != account.name or not others:
            return None
        return next((key for key in others if told in {"", key}), None)

    def retire(self, allowance: Allowance, old: str) -> None:
        """Switch the key off, then delete it; not there is success."""
        self._refuse_own(old)
        if not (user := self._owner(allowance, old)):
            return
        iam, doing = self._service.iam, f"deleting access key {old} of user {user}"
        with suppress(Absent):
            self._service.call(
                allowance, doing, iam.update_access_key, UserName=user, AccessKeyId=old, Status="Inactive"
            )
            self._service.call(allowance, doing, iam.delete_access_key, UserName=user, AccessKeyId=old)
        with suppress(Absent):
            self._service.call(allowance, f"untagging user {user}", iam.untag_user, UserName=user, TagKeys=[NOTE])

    def exists(self, allowance: Allowance, key_id: str) -> bool:
        """Look whether there is such a key, of whomever."""
        user = self._owner(allowance, key_id)
        return bool(user) and key_id in self._keys(allowance, str(user))

    def _make(self, allowance: Allowance, user: str) -> tuple[str, str]:
        iam = self._service.iam
        try:
            key = self._service.call(allowance, f"making a key of user {user}", iam.create_access_key, UserName=user)[
                "AccessKey"
            ]
        except BackendRefused:  # nothing was made: what others make from now on is none of ours
            self._service.call(allowance, f"untagging user {user}", iam.untag_user, UserName=user, TagKeys=[NOTE])
            raise
        return key["AccessKeyId"], key["SecretAccessKey"]

    def _owner(self, allowance: Allowance, key_id: str) -> str | None:
        """Whose key it is. Where IAM denies to say so of a key that is gone, what it said before counts."""
        if not _KEY_ID.fullmatch(key_id):
            return None
        doing = f"looking whose access key {key_id} is"
        try:
            answer = self._service.call(
                allowance, doing, self._service.iam.get_access_key_last_used, AccessKeyId=key_id
            )
        except Absent:
            return None
        except Denied:
            if key_id in self._owners:
                return self._owners[key_id]
            raise
        if user := answer.get("UserName"):
            self._owners[key_id] = user
        return user

    def _keys(self, allowance: Allowance, user: str) -> list[str]:
        doing = f"listing the keys of user {user}"
        try:
            answer = self._service.call(allowance, doing, self._service.iam.list_access_keys, UserName=user)
        except Absent:
            return []
        return [str(key.get("AccessKeyId")) for key in answer["AccessKeyMetadata"]]

    def _note(self, allowance: Allowance, user: str, text: str) -> None:
        tags = [{"Key": NOTE, "Value": text}]
        self._service.call(allowance, f"tagging user {user}", self._service.iam.tag_user, UserName=user, Tags=tags)  # type: ignore[arg-type]

    def _noted(self, allowance: Allowance, user: str) -> str:
        try:
            found = self._service.call(allowance, f"looking at user {user}", self._service.iam.get_user, UserName=user)[
                "User"
            ]
        except Absent:
            return ""
        return next((tag["Value"] for tag in found.get("Tags", []) if tag["Key"] == NOTE), "")

    def _refuse_own(self, key_id: str) -> None:
        if key_id and key_id == self._service.key_id:
            raise BackendRefused(f"{key_id!r} is the access key that we ourselves log in with")
