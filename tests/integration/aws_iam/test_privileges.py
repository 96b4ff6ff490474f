"""That the policies of the page are enough is shown by all other tests; here, that none of it is too much."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest

from adapters.crypto import self_signed_certificate
from adapters.provider_table import kind
from adapters.providers.aws_iam.checking import NEEDED
from domain.backends import Backend, BackendRefused, Rotatable
from tests.backends import pages
from tests.backends.aws_iam import ACCOUNT, PAGE, AwsWorld
from tests.backends.opening import opened, planned

pytestmark = pytest.mark.anyio

_USERS: Final = pages.policies(PAGE, "Users")[1]
_ROTATION: Final = pages.policies(PAGE, "Rotation")[0]


def granted(policy: dict[str, Any]) -> list[str]:
    listed = [statement["Action"] for statement in policy["Statement"]]
    return sorted({each for actions in listed for each in ([actions] if isinstance(actions, str) else actions)})


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    left = copy.deepcopy(policy)
    for statement in left["Statement"]:
        actions = statement["Action"]
        statement["Action"] = [each for each in ([actions] if isinstance(actions, str) else actions) if each != action]
    left["Statement"] = [statement for statement in left["Statement"] if statement["Action"]]
    return left


def opened_with(world: AwsWorld, name: str, policy: dict[str, Any], **connection: Any) -> Backend:
    key = world.user(name.replace(":", "-"), "/", policy)
    changed = {"access_key_id": key["access_key_id"], **connection}
    return opened(world.setup, connection=changed, secret={"secret_access_key": str(key["secret_access_key"])})


def able_to_ask(policy: dict[str, Any], name: str) -> dict[str, Any]:
    """The page has the name of the user that asks; here it is another one."""
    text = json.dumps(policy).replace(f":user/trstctl{chr(34)}", f":user/{name.replace(':', '-')}{chr(34)}")
    changed: dict[str, Any] = json.loads(text)
    return changed


@pytest.mark.parametrize("action", sorted(NEEDED))
async def test_check_names_the_permission_that_lacks(world: AwsWorld, action: str) -> None:
    name = f"checks-without-{action}"
    backend = opened_with(world, name, able_to_ask(without(_USERS, action), name))
    with pytest.raises(BackendRefused, match=f"lacks {action} on arn:aws:iam::{ACCOUNT}:user/trstctl/trst-check;"):
        await backend.check()
    await backend.close()


async def test_check_is_content_without_leave_to_ask(world: AwsWorld) -> None:
    backend = opened_with(world, "asks-not", without(_USERS, "iam:SimulatePrincipalPolicy"))
    await backend.check()
    await backend.close()


async def test_check_tells_of_a_boundary_that_is_not_configured(world: AwsWorld) -> None:
    backend = opened(world.setup, connection={"permissions_boundary": ""})
    with pytest.raises(BackendRefused, match="lacks iam:AttachUserPolicy, iam:CreateUser, iam:PutUserPolicy on"):
        await backend.check()
    with pytest.raises(BackendRefused, match="iam:CreateUser"):
        await backend.create(planned(world.setup))
    await backend.close()


async def exercised(world: AwsWorld, backend: Backend) -> None:
    """All that is done with users."""
    role = {**world.setup.role, "policy_arns": [f"arn:aws:iam::{ACCOUNT}:policy/trstctl-boundary"]}
    account = planned(world.setup, settings=role)
    await backend.create(account)
    await backend.renew(account)
    iam = world.iam
    iam.create_login_profile(UserName=account.name, Password="Secret-Enough-1!")
    iam.create_service_specific_credential(UserName=account.name, ServiceName="codecommit.amazonaws.com")
    iam.upload_ssh_public_key(UserName=account.name, SSHPublicKeyBody="ssh-rsa AAAA")
    iam.upload_signing_certificate(UserName=account.name, CertificateBody=_certificate())
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "123457"}
    iam.enable_mfa_device(UserName=account.name, SerialNumber="123456789", **codes)
    assert [name async for name in backend.accounts()]
    await backend.remove(account)
    assert not await backend.present(account)


@pytest.mark.parametrize("action", [each for each in granted(_USERS) if each != "iam:SimulatePrincipalPolicy"])
async def test_each_permission_of_the_page_is_needed_for_users(world: AwsWorld, action: str) -> None:
    backend = opened_with(world, f"lives-without-{action}", without(_USERS, action))
    with pytest.raises(BackendRefused, match=f"{action} on"):
        await exercised(world, backend)
    await backend.close()


async def test_the_permissions_of_the_page_suffice_for_users(world: AwsWorld, backend: Backend) -> None:
    await exercised(world, backend)


@pytest.mark.parametrize("action", granted(_ROTATION))
async def test_each_permission_of_the_page_is_needed_for_rotation(world: AwsWorld, action: str) -> None:
    backend: Rotatable = opened_with(world, f"rotates-without-{action}", without(_ROTATION, action), users=False)  # type: ignore[assignment]
    old = str((await world.standing())["access_key_id"])
    account = planned(world.setup)
    with pytest.raises(BackendRefused, match=f"{action} on"):  # noqa: PT012 - whichever comes to it first
        await backend.create_like(account, old)
        await backend.staged(account, old)
        await backend.retire(old)
    await backend.close()


async def test_the_role_needs_no_more_than_the_page_says(role_world: AwsWorld) -> None:
    policy = pages.policies(PAGE, "Roles")[0]
    for action in granted(policy):
        backend = opened_with(role_world, f"assumes-without-{action}", without(policy, action))
        with pytest.raises(BackendRefused, match=f"{action} on"):
            await backend.create(planned(role_world.setup))
        await backend.close()


async def test_federation_needs_no_more_than_the_page_says(federation_world: AwsWorld) -> None:
    policy = pages.policies(PAGE, "Federation")[0]
    for action in granted(policy):
        backend = opened_with(federation_world, f"federates-without-{action}", without(policy, action))
        with pytest.raises(BackendRefused, match=f"{action} on"):
            await backend.create(planned(federation_world.setup))
        await backend.close()


def test_the_page_configures_what_the_kind_takes() -> None:

    provider = pages.provider(PAGE)
    connection = msgspec.convert(
        provider["connection"] | {"access_key_id": "AKIA0123456789ABCDEF"}, kind("aws-iam").connection
    )
    assert connection.users  # type: ignore[attr-defined]
    methods = [msgspec.convert(role["settings"], kind("aws-iam").role).method for role in provider["roles"]]  # type: ignore[attr-defined]
    assert methods == ["user", "assume-role", "federation"]


def _certificate() -> str:
    return self_signed_certificate("localhost", datetime.now(UTC), 2)[0].decode()
