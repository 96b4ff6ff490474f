"""IAM users: one a lease. A policy of its own ends each at AWS, whether we are there or not."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from adapters.provider_calls import Allowance
from adapters.providers.aws_iam.propagation import Propagation
from adapters.providers.aws_iam.removal import Removal
from adapters.providers.aws_iam.service import Service
from adapters.providers.aws_iam.settings import Connection, compact
from adapters.providers.aws_iam.tags import expiry_of, tags_of
from domain.backends import Account, Credential

ENDING: Final = "trstctl-end"
ALLOWED: Final = "trstctl-role"
_PAGE: Final = 1000


class Users:
    """Blocking; used by several threads."""

    def __init__(self, connection: Connection, service: Service) -> None:
        self._connection = connection
        self._service = service
        self._propagation = Propagation(connection, service)
        self._removal = Removal(service)

    def create(self, allowance: Allowance, account: Account) -> Credential:
        """Make it, with its end before its rights, and its key last: half-made, it is of no use to anybody."""
        arn = self._make(allowance, account)
        self._set_end(allowance, account, arn)
        self._allow(allowance, account)
        key = self._service.call(
            allowance,
            f"making a key of user {account.name}",
            self._service.iam.create_access_key,
            UserName=account.name,
        )["AccessKey"]
        self._propagation.wait(allowance, key["AccessKeyId"], key["SecretAccessKey"])
        fields: dict[str, str | int] = {
            "access_key_id": key["AccessKeyId"],
            "secret_access_key": key["SecretAccessKey"],
            "region": self._connection.region,
            "expiration": _instant(account),
        }
        return Credential(fields=fields, handle={"arn": arn, "key": key["AccessKeyId"]})

    def renew(self, allowance: Allowance, account: Account) -> None:
        """Move its end; raises `Absent` if it is gone."""
        iam, doing = self._service.iam, f"renewing user {account.name}"
        user = self._service.call(allowance, doing, iam.get_user, UserName=account.name)["User"]
        self._set_end(allowance, account, user["Arn"])
        self._service.call(allowance, doing, iam.tag_user, UserName=account.name, Tags=expiry_of(account))

    def remove(self, allowance: Allowance, account: Account) -> None:
        """Remove it with all that belongs to it."""
        self._removal.remove(allowance, account.name)

    def present(self, allowance: Allowance, account: Account) -> bool:
        """Look for it; one that has ended is there until it is removed."""
        return self._removal.is_there(allowance, account.name)

    def page(self, allowance: Allowance, marker: str) -> tuple[list[str], str]:
        """Names of users of our path, and where the next page begins, if there is one."""
        given = {"Marker": marker} if marker else {}
        answer = self._service.call(
            allowance,
            "listing users",
            self._service.iam.list_users,
            PathPrefix=self._connection.path,
            MaxItems=_PAGE,
            **given,
        )
        names = [user["UserName"] for user in answer["Users"]]
        return names, answer.get("Marker", "") if answer["IsTruncated"] else ""

    def _make(self, allowance: Allowance, account: Account) -> str:
        bound = self._connection.permissions_boundary
        given = {"PermissionsBoundary": bound} if bound else {}
        answer = self._service.call(
            allowance,
            f"making user {account.name}",
            self._service.iam.create_user,
            UserName=account.name,
            Path=self._connection.path,
            Tags=[*tags_of(account), *expiry_of(account)],
            **given,
        )
        return answer["User"]["Arn"]

    def _set_end(self, allowance: Allowance, account: Account, arn: str) -> None:
        self._put(allowance, account, ENDING, ending(account, arn))

    def _allow(self, allowance: Allowance, account: Account) -> None:
        if account.settings.policy:
            self._put(allowance, account, ALLOWED, account.settings.policy)
        for arn in account.settings.policy_arns:
            self._service.call(
                allowance,
                f"attaching {arn} to user {account.name}",
                self._service.iam.attach_user_policy,
                UserName=account.name,
                PolicyArn=arn,
            )

    def _put(self, allowance: Allowance, account: Account, name: str, document: dict[str, Any]) -> None:
        self._service.call(
            allowance,
            f"giving user {account.name} the policy {name}",
            self._service.iam.put_user_policy,
            UserName=account.name,
            PolicyName=name,
            PolicyDocument=compact(document),
        )


def ending(account: Account, arn: str) -> dict[str, Any]:
    """Nothing is allowed from the lease's end on, and never to change users of ours, itself for one."""
    siblings = f"{arn.rpartition('/')[0]}/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": _instant(account)}},
            },
            {"Effect": "Deny", "NotAction": ["iam:Get*", "iam:List*"], "Resource": siblings},
        ],
    }


def _instant(account: Account) -> str:
    return account.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
