"""Whether the AWS of the tests refuses what AWS refuses: else no other test here would mean much."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore import auth
from botocore.exceptions import ClientError

from tests.backends.aws_iam import ACCOUNT, AwsWorld
from tests.fakes.aws.policies import Question, allowed

_LISTING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}]}


def refused(world: AwsWorld, fields: dict[str, Any], service: str = "sts") -> str:
    client = world.client(service, fields)
    with pytest.raises(ClientError) as refusal:
        client.get_caller_identity() if service == "sts" else client.list_queues()
    return str(refusal.value.response["Error"]["Code"])


def test_a_wrong_signature_is_refused(world: AwsWorld) -> None:
    fields = world.user("signs-wrongly")
    assert world.client("sts", fields).get_caller_identity()["Arn"].endswith("user/signs-wrongly")
    assert refused(world, {**fields, "secret_access_key": "x" * 40}) == "SignatureDoesNotMatch"


def test_without_its_setting_moto_would_take_any_signature_so_the_server_does_not_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fakes.aws.server", str(tmp_path)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, env={}, capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode
    assert "INITIAL_NO_AUTH_ACTION_COUNT=0" in done.stderr


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_date_that_is_far_off_is_refused(world: AwsWorld, monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    fields = world.user(f"late-{minutes + 16}")
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: then.replace(tzinfo=None))
    assert refused(world, fields) == "SignatureDoesNotMatch"
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: then.replace(tzinfo=None) - minutes * _MINUTE)
    world.client("sts", fields).get_caller_identity()


_MINUTE = timedelta(minutes=1)


def test_an_unsigned_request_is_refused(world: AwsWorld) -> None:
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    headers = {"content-type": "application/x-www-form-urlencoded", "host": "sts.amazonaws.com"}
    url = f"https://127.0.0.1:{world.gate.port}/"
    answer = requests.post(url, body, headers=headers, verify=world.ca_file, timeout=5)
    assert answer.status_code == 403
    assert "<GetCallerIdentityResponse" not in answer.text


def test_a_key_that_is_inactive_or_unknown_is_refused(world: AwsWorld) -> None:
    fields = world.user("switched-off")
    iam = world.iam
    iam.update_access_key(UserName="switched-off", AccessKeyId=fields["access_key_id"], Status="Inactive")
    assert refused(world, fields) == "InvalidClientTokenId"
    assert refused(world, {**fields, "access_key_id": "AKIA0123456789ABCDEF"}) == "InvalidClientTokenId"


def test_a_denial_counts_from_its_date_on(world: AwsWorld) -> None:
    fields = world.user("ends", "/", _LISTING)
    end = (datetime.now(UTC) + timedelta(seconds=100)).isoformat()
    when = {"DateGreaterThanEquals": {"aws:CurrentTime": end}}
    deny = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": when}],
    }
    world.iam.put_user_policy(UserName="ends", PolicyName="end", PolicyDocument=json.dumps(deny))
    world.client("sqs", fields).list_queues()
    world.control(ahead=101)
    assert "403" in refused(world, fields, "sqs")


def test_what_is_allowed_for_a_path_is_denied_for_a_user_that_is_not_there(world: AwsWorld) -> None:
    here = {"Effect": "Allow", "Action": "iam:GetUser", "Resource": f"arn:aws:iam::{ACCOUNT}:user/trstctl/*"}
    fields = world.user("looks", "/", {"Version": "2012-10-17", "Statement": [here]})
    with pytest.raises(ClientError, match="AccessDenied"):
        world.client("iam", fields).get_user(UserName="nobody-at-all")


@pytest.mark.parametrize(
    "statement, context, expected",
    [
        ({"Action": "iam:Get*", "Resource": "*"}, {}, True),
        ({"Action": "IAM:getuser", "Resource": "*"}, {}, True),
        ({"Action": "iam:List*", "Resource": "*"}, {}, False),
        ({"NotAction": ["iam:List*"], "Resource": "*"}, {}, True),
        ({"NotAction": ["iam:Get*"], "Resource": "*"}, {}, False),
        ({"Action": "*", "Resource": "arn:aws:iam::1:user/a/*"}, {}, True),
        ({"Action": "*", "Resource": "arn:aws:iam::1:user/A/*"}, {}, False),
        ({"Action": "*", "NotResource": "arn:aws:iam::1:user/a/*"}, {}, False),
        ({"Action": "*", "Resource": "*", "Condition": {"StringEquals": {"k": ["x", "y"]}}}, {"K": ["y"]}, True),
        ({"Action": "*", "Resource": "*", "Condition": {"StringEquals": {"k": "x"}}}, {}, False),
        ({"Action": "*", "Resource": "*", "Condition": {"StringEqualsIfExists": {"k": "x"}}}, {}, True),
        ({"Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"k": "x"}}}, {"k": ["x"]}, False),
        ({"Action": "*", "Resource": "*", "Condition": {"Null": {"k": "true"}}}, {}, True),
    ],
)
def test_statements_are_read_as_aws_reads_them(
    statement: dict[str, Any], context: dict[str, list[str]], *, expected: bool
) -> None:
    policy = {"Statement": [{"Effect": "Allow", **statement}]}
    question = Question("iam:GetUser", "arn:aws:iam::1:user/a/b", context)
    assert allowed([[policy]], question) is expected
    denial = {"Statement": {"Effect": "Deny", **statement}}
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    assert allowed([[everything, denial]], question) is not expected
    assert not allowed([[everything], [{"Statement": []}]], question), "each layer has to allow"
