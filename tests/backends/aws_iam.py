"""AWS, played by moto in a process of its own (`tests.fakes.aws`), behind a gate; boto3 tries the credentials."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.backends import pages
from tests.backends.gate import Gate
from tests.backends.world import Setup
from tests.fakes.aws.control import ADDRESS

PAGE: Final = "lease-from-aws.md"
ACCOUNT: Final = "123456789012"
REGION: Final = "eu-central-1"
BOUNDARY: Final = f"arn:aws:iam::{ACCOUNT}:policy/trstctl-boundary"
READER: Final = f"arn:aws:iam::{ACCOUNT}:role/orders-reader"
_ROOT: Final = Path(__file__).parents[2]
_LISTING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}],
}
_CLIENT: Final = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5)
METHODS: Final = ("user", "assume-role", "federation")


class AwsWorld:
    """An account with an administrator, us, a role, and a user that may do nothing."""

    def __init__(self, port: int, ca_file: Path, administrator: dict[str, str]) -> None:
        self.setup: Setup
        self.ours: dict[str, str | int] = {}
        self.ca_file = str(ca_file)
        self.administrator = administrator
        self._port = port
        self.gate = Gate(port)
        self.freeze, self.thaw = self.gate.freeze, self.gate.thaw

    def client(self, service: str, fields: dict[str, Any]) -> Any:
        """One of boto3's, that goes past the gate."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=f"https://127.0.0.1:{self._port}",
            verify=self.ca_file,
            region_name=fields.get("region", REGION),
            aws_access_key_id=fields["access_key_id"],
            aws_secret_access_key=fields["secret_access_key"],
            aws_session_token=fields.get("session_token"),
            config=_CLIENT,
        )

    @property
    def iam(self) -> Any:
        """IAM, for the administrator."""
        return self.client("iam", self.administrator)

    def control(self, **told: Any) -> list[dict[str, str]]:
        """See `tests.fakes.aws.control`; the answer is what was asked since the last time."""
        url = f"https://127.0.0.1:{self._port}{ADDRESS}"
        seen: list[dict[str, str]] = requests.post(url, json=told, verify=self.ca_file, timeout=5).json()
        return seen

    async def log_in(self, fields: dict[str, str | int]) -> None:
        await asyncio.to_thread(lambda: self.client("sqs", fields).list_queues())

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        return await asyncio.to_thread(self._exceeds, fields)

    def _exceeds(self, fields: dict[str, str | int]) -> bool:
        attempts: tuple[Callable[[], Any], ...] = (
            lambda: self.client("sqs", fields).create_queue(QueueName="mine"),
            lambda: self.client("iam", fields).list_users(),
            lambda: self.client("iam", fields).create_user(UserName="mine"),
        )
        for attempt in attempts:
            try:
                attempt()
            except ClientError:
                continue
            return True
        return False

    async def names(self) -> set[str]:
        return await asyncio.to_thread(self._names)

    def _names(self) -> set[str]:
        found = self.iam.get_paginator("list_users").paginate()
        return {user["UserName"] for page in found for user in page["Users"]}

    async def plant(self, name: str) -> None:
        iam = self.iam
        iam.create_user(UserName=name, Path="/trstctl/")
        iam.create_access_key(UserName=name)

    async def standing(self) -> dict[str, str | int]:
        return self.user(f"service-{secrets.token_hex(4)}", "/services/", _LISTING)

    def user(self, name: str, path: str = "/", *policies: dict[str, Any]) -> dict[str, str | int]:
        """Make a user with these policies; its key."""
        iam = self.iam
        iam.create_user(UserName=name, Path=path)
        for number, policy in enumerate(policies):
            # Of a user's own policies there may be 2048 characters: these are managed ones.
            made = iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=json.dumps(policy))
            iam.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}

    async def stop(self) -> None:
        self.gate.shut()

    async def start(self) -> None:
        self.gate.reopen()

    def peak(self) -> int:
        gc.collect()  # urllib3 leaves a connection whose handshake timed out to it
        time.sleep(0.1)
        return self.gate.peak()


@contextmanager
def users() -> Iterator[AwsWorld]:
    """The method `user`, and rotation of standing keys."""
    none = {"method": "user", "policy_arns": [f"arn:aws:iam::{ACCOUNT}:policy/no-such-policy"]}
    with _running(0, shortest_seconds=4, rotatable=True, breaking_role=none) as world:
        yield world


@contextmanager
def roles() -> Iterator[AwsWorld]:
    """The method `assume-role`."""
    with _running(1, revocable=False, renewable=False, expires=False, usual_seconds=1000) as world:
        yield world


@contextmanager
def federation() -> Iterator[AwsWorld]:
    """The method `federation`."""
    with _running(2, revocable=False, renewable=False, expires=False, usual_seconds=1000) as world:
        yield world


@contextmanager
def _running(which: int, **more: Any) -> Iterator[AwsWorld]:
    """As the page configures it, but for the addresses; `which` of its roles, with the policies for it alone."""
    with tempfile.TemporaryDirectory() as folder, _process(Path(folder)) as told:
        port = int(told.pop("port"))
        world = AwsWorld(port, Path(folder) / "aws.pem", told)
        world.setup = _setup(world, which, **more)
        yield world
        world.gate.shut()


@contextmanager
def _process(folder: Path) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "tests.fakes.aws.server", str(folder)]
    environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "0"}
    with subprocess.Popen(
        command, cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout
        told = process.stdout.readline()
        if not told:
            raise RuntimeError("moto's server did not start")
        try:
            yield json.loads(told)
        finally:
            process.kill()


def _setup(world: AwsWorld, which: int, **more: Any) -> Setup:
    _boundary_and_role(world)
    ours, powerless = world.user("trstctl", "/", *_policies(which)), world.user("nobody")
    world.ours = ours
    secret = {"secret_access_key": str(ours["secret_access_key"])}
    return Setup(
        kind="aws-iam",
        connection=_connection(world, str(ours["access_key_id"]), which),
        secrets=secret,
        role=pages.provider(PAGE)["roles"][which]["settings"],
        wrong_secrets={"secret_access_key": "not-the-one-that-it-has-0123456789abcdef"},
        powerless={
            "connection": {"access_key_id": powerless["access_key_id"]},
            "secrets": {"secret_access_key": powerless["secret_access_key"]},
        },
        **more,
    )


def _policies(which: int) -> list[dict[str, Any]]:
    if which == 0:
        return [pages.policies(PAGE, "Users")[1], *pages.policies(PAGE, "Rotation")]
    if which == 1:
        return [pages.policies(PAGE, "Roles")[0]]
    # What it hands out it has to have: more than the role of the page leaves of it.
    handed_out = {"Effect": "Allow", "Action": ["sqs:*", "iam:ListUsers"], "Resource": "*"}
    return [*pages.policies(PAGE, "Federation"), {"Version": "2012-10-17", "Statement": [handed_out]}]


def _boundary_and_role(world: AwsWorld) -> None:
    iam = world.iam
    bound = json.dumps(pages.policies(PAGE, "Users")[0])
    iam.create_policy(PolicyName="trstctl-boundary", PolicyDocument=bound)
    trust = json.dumps(pages.policies(PAGE, "Roles")[1])
    iam.create_role(RoleName="orders-reader", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="orders-reader", PolicyName="list", PolicyDocument=json.dumps(_LISTING))


def _connection(world: AwsWorld, key_id: str, which: int) -> dict[str, Any]:
    described = dict(pages.provider(PAGE)["connection"])
    unneeded = {"user": "permissions_boundary", "assume-role": "assumable_roles", "federation": "federation"}
    for method in METHODS:
        if method != METHODS[which]:
            del described[unneeded[method]]
    return {
        **described,
        "users": which == 0,
        "access_key_id": key_id,
        "iam_endpoint": f"https://127.0.0.1:{world.gate.port}",
        "sts_endpoint": f"https://127.0.0.1:{world.gate.port}",
        "ca_file": world.ca_file,
    }
