"""Credentials of STS. AWS lets none be taken back: each runs out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from adapters.provider_calls import Allowance
from adapters.providers.aws_iam.service import Service
from adapters.providers.aws_iam.settings import ASSUME_ROLE, FEDERATION, Connection, Role, compact
from adapters.providers.aws_iam.tags import tags_of
from domain.backends import Account, BackendRefused, Credential, NotYet

if TYPE_CHECKING:
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

SHORTEST: Final = 900
LONGEST: Final = {ASSUME_ROLE: 43_200, FEDERATION: 129_600}
"""Lives in seconds that STS gives; a role has a bound of its own, an hour unless it says otherwise."""
_SKEW: Final = timedelta(seconds=10)
NOTHING: Final[dict[str, Any]] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
}


class Sessions:
    """Blocking; used by several threads."""

    def __init__(self, connection: Connection, service: Service) -> None:
        self._connection = connection
        self._service = service

    def create(self, allowance: Allowance, account: Account) -> Credential:
        """Credentials that live until the lease ends, and no longer."""
        role: Role = account.settings
        seconds = _seconds(account)
        given = _restrictions(role) | ({"Tags": tags_of(account)} if role.tag_session else {})
        made = self._made(allowance, role, account.name, seconds, given)
        ends_at = made["Expiration"].astimezone(UTC).isoformat()
        fields: dict[str, str | int] = {
            "access_key_id": made["AccessKeyId"],
            "secret_access_key": made["SecretAccessKey"],
            "session_token": made["SessionToken"],
            "region": self._connection.region,
            "expiration": ends_at,
        }
        return Credential(fields=fields, handle={"ends_at": ends_at})

    def remove(self, account: Account) -> None:
        """Raises `NotYet` until they have run out."""
        if self.present(account):
            raise NotYet("AWS: what STS gave cannot be taken back; it runs out", _end(account))

    def present(self, account: Account) -> bool:
        """Whether they can still be used: there is nothing to look at but the clock."""
        return datetime.now(UTC) < _end(account)

    def try_out(self, allowance: Allowance, role: Role) -> None:
        """Have STS give credentials for nothing, and forget them: whether it would give others, nothing else tells."""
        self._made(allowance, role, "trst-check", SHORTEST, {"Policy": compact(NOTHING)})

    def _made(
        self, allowance: Allowance, role: Role, name: str, seconds: int, given: dict[str, Any]
    ) -> CredentialsTypeDef:
        if role.method == FEDERATION:
            doing, sts = "getting a federation token", self._service.sts
            return self._service.call(
                allowance, doing, sts.get_federation_token, Name=name, DurationSeconds=seconds, **given
            )["Credentials"]
        if role.external_id:
            given["ExternalId"] = role.external_id
        return self._service.call(
            allowance,
            f"assuming {role.role_arn}",
            self._service.sts.assume_role,
            RoleArn=role.role_arn,
            RoleSessionName=name,
            DurationSeconds=seconds,
            **given,
        )["Credentials"]


def _restrictions(role: Role) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if role.policy:
        given["Policy"] = compact(role.policy)
    if role.policy_arns:
        given["PolicyArns"] = [{"arn": arn} for arn in role.policy_arns]
    return given


def _seconds(account: Account) -> int:
    """How long STS shall let them live: never beyond the lease, so a short lease is refused."""
    left = int((account.expires_at - datetime.now(UTC)).total_seconds())
    longest = LONGEST[account.settings.method]
    if left < SHORTEST:
        raise BackendRefused(
            f"AWS: STS gives nothing that lives less than {SHORTEST} seconds, and the lease ends in {left}: ask for a"
            " longer lease, 960 seconds at least, or use the method user"
        )
    if left > longest:
        raise BackendRefused(
            f"AWS: STS gives nothing that lives more than {longest} seconds, and the lease ends in {left}"
        )
    return left


def _end(account: Account) -> datetime:
    """Of credentials that were perhaps made, but never told of, the lease's own; clocks may differ a little."""
    if told := account.handle.get("ends_at"):
        return datetime.fromisoformat(told)
    return account.expires_at + _SKEW
