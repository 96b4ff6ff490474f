"""Taking an IAM user apart. IAM deletes no user that something belongs to: all that goes first, and keys before all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from adapters.provider_calls import Allowance
from adapters.providers.aws_iam.failures import Absent, Entangled
from adapters.providers.aws_iam.service import Service
from domain.backends import BackendError

_LOOKS: Final = (0.2, 0.5, 1.0)
"""Seconds between looks whether a deleted user is still to be seen."""
_ALSO: Final = (
    ("list_service_specific_credentials", "delete_service_specific_credential", "ServiceSpecificCredentialId"),
    ("list_signing_certificates", "delete_signing_certificate", "CertificateId"),
    ("list_ssh_public_keys", "delete_ssh_public_key", "SSHPublicKeyId"),
    ("list_mfa_devices", "deactivate_mfa_device", "SerialNumber"),
    ("list_groups_for_user", "remove_user_from_group", "GroupName"),
)
"""What others may have given it: how it is listed, how taken away, and by which of its names."""


class Removal:
    """Blocking; used by several threads."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def remove(self, allowance: Allowance, name: str) -> None:
        """Delete the user of this name; not there is success."""
        with suppress(Absent):
            self._take(allowance, name, "list_access_keys", "delete_access_key", "AccessKeyId")
            self._take(allowance, name, "list_attached_user_policies", "detach_user_policy", "PolicyArn")
            self._take(allowance, name, "list_user_policies", "delete_user_policy", "PolicyName")
            try:
                self._delete(allowance, name)
            except Entangled:
                self._disentangle(allowance, name)
                self._delete(allowance, name)
            self._await_end(allowance, name)

    def is_there(self, allowance: Allowance, name: str) -> bool:
        """Look for a user of this name."""
        try:
            self._service.call(allowance, f"looking for user {name}", self._service.iam.get_user, UserName=name)
        except Absent:
            return False
        return True

    def _delete(self, allowance: Allowance, name: str) -> None:
        self._service.call(allowance, f"deleting user {name}", self._service.iam.delete_user, UserName=name)

    def _disentangle(self, allowance: Allowance, name: str) -> None:
        with suppress(Absent):
            self._service.call(
                allowance,
                f"deleting the password of user {name}",
                self._service.iam.delete_login_profile,
                UserName=name,
            )
        for listing, taking, key in _ALSO:
            self._take(allowance, name, listing, taking, key)

    def _take(self, allowance: Allowance, name: str, listing: str, taking: str, key: str) -> None:
        doing = f"{taking.replace('_', ' ')} of user {name}"
        take: Callable[..., Any] = getattr(self._service.iam, taking)
        for each in list(self._named(allowance, name, listing, key)):
            try:
                self._service.call(allowance, doing, take, **{"UserName": name, key: each})
            except Absent:
                continue

    def _named(self, allowance: Allowance, name: str, listing: str, key: str) -> Iterator[str]:
        """The names of what belongs to the user; raises `Absent` if it does not."""
        marker: dict[str, str] = {}
        lists: Callable[..., Any] = getattr(self._service.iam, listing)
        while True:
            answer = self._service.call(
                allowance, f"{listing.replace('_', ' ')} {name}", lists, UserName=name, **marker
            )
            yield from _names(answer, key)
            if not answer.get("IsTruncated"):
                return
            marker = {"Marker": answer["Marker"]}

    def _await_end(self, allowance: Allowance, name: str) -> None:
        """IAM may still show what it has deleted. Whether it is gone says who looks after us."""
        with suppress(BackendError):
            for pause in _LOOKS:
                if not self.is_there(allowance, name) or allowance.left() < 3 * pause:
                    return
                allowance.pause(pause)


def _names(answer: dict[str, Any], key: str) -> Iterable[str]:
    """The members of whichever list the answer has; policies of its own are listed by their bare names."""
    [members] = [value for value in answer.values() if isinstance(value, list)]
    return [member if isinstance(member, str) else member[key] for member in members]
