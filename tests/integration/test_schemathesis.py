"""Made-up requests, good and bad, to every operation of the description: the server keeps to it and never fails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.hypothesis.builder import (
    HypothesisTestConfig,
    HypothesisTestMode,
    InvalidHeadersExampleMark,
    InvalidRegexMark,
    MissingPathParameters,
    NonSerializableMark,
    UnsatisfiableExampleMark,
    UnserializablePayloadMark,
    create_test,
)

from api.app import ROUTES
from api.description import Description
from tests.e2e.server import Server, dev_server

STORE = "/api/v1/secrets/store"
SEEDED = {
    "db/password": "one",
    "app/db/user": "payments",
    "app/db/dsn": "postgres://${secret.app/db/user}@db.example/app",
}

# Right as far as a schema can say and still refused, for these reasons:
GOOD_BUT_REFUSED = {
    "createSecret": "400",  # the body names another secret than the path
    "rotateSecret": "4xx",  # so here, or the version is not the current one
    "recoverSecret": "400",  # the moment lies in the future
    "destroySecret": "400",  # there is no such version
    "importSecrets": "400",  # prefix and path are too long together
    "exportSecrets": "400",  # something is not text
    "injectSecrets": "400",  # so here, or there is nothing under the prefix
    "createShare": "4xx",  # it is to live longer, or is larger, than this server lets shares be
    "createTransitKey": "400",  # its kind is not that of its type, or derivation is not for it
    "configureTransitKey": "400",  # it has no such version
    "trimTransitKey": "400",  # so here
    "exportTransitKey": "400",  # it has no such part
    "restoreTransitKey": "400",  # this is no backup
    "transitEncrypt": "400",  # the key has no such version, or takes no context
    "transitDecrypt": "400",  # the ciphertext was made up
    "transitRewrap": "400",  # so here
    "transitDataKey": "400",  # the key has no such version, or takes no context
    "transitHmac": "400",  # so here
    "transitSign": "400",  # or this type does not sign
    "transitVerify": "400",  # not both of message and signature, or no such type
    "redeemShare": "410",  # there is no such share
    "issueEphemeralKey": "400",  # it is to live longer than this server allows
    "resolveAttention": "400",  # a reason of blanks
    "revokeLeases": "400",  # nothing is named
    "configureProvider": "400",  # a kind has its own credentials and settings
    "configureRole": "400",  # so here, or the usual life is longer than the longest
}
ACCEPTED = ["2xx", "401", "403", "404", "409"]
LEFT_OUT = (
    InvalidHeadersExampleMark,
    InvalidRegexMark,
    MissingPathParameters,
    NonSerializableMark,
    UnsatisfiableExampleMark,
    UnserializablePayloadMark,
)
"""How schemathesis notes that it could not make up all of an operation's requests."""
# Made up anew with each change of the code: Hypothesis tries constants of all modules that are imported.
CONFIGURATION: dict[str, Any] = {
    "generation": {"max-examples": 8, "deterministic": True, "database": "none"},
    "checks": {
        "not_a_server_error": {"expected-statuses": ["2xx", "4xx"]},
        "positive_data_acceptance": {"expected-statuses": ACCEPTED},
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "415", "422"]
        },
    },
    "operations": [
        {
            "include-operation-id": name,
            "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, status]}},
        }
        for name, status in GOOD_BUT_REFUSED.items()
    ],
}


@pytest.fixture(scope="module")
def session(server: Server) -> Iterator[requests.Session]:
    with requests.Session() as kept_open:
        kept_open.trust_env = False  # there is no proxy to look for before each request
        kept_open.headers["Authorization"] = f"Bearer {server.token}"
        yield kept_open


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("described") / "data"
    with dev_server(folder, TRSTCTL_SHARES_REDEEMS_PER_SECOND="0") as started, started.client() as client:
        for path, value in SEEDED.items():
            assert client("POST", f"{STORE}/{path}", {"value": value}).status == 201
        yield started


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], _kwargs: dict[str, Any]) -> None:
    """What a schema cannot say of headers.

    A key that is right is made unique: one key for different requests is an error, and tested elsewhere. A reason is
    sent as UTF-8, where the library would send ISO 8859-1. 3.0, an integer in JSON Schema and none here, is sent as 3.
    The host is the server's: one that is none is refused in front of what is described, and tested elsewhere.
    """
    case.body = _whole(case.body)
    if case.headers:
        case.headers.pop("Host", None)
    if case.headers and re.fullmatch("[ -~]{1,200}", case.headers.get("Idempotency-Key", "")):
        case.headers["Idempotency-Key"] = str(uuid4())
    if case.headers and "Trstctl-Break-Glass" in case.headers:
        case.headers["Trstctl-Break-Glass"] = case.headers["Trstctl-Break-Glass"].encode().decode("latin-1")


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_great_length(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the greatest length of strings that have a pattern, if that is beyond any string that is made up.

    A length that stays is made part of the pattern, and hundreds of thousands of repetitions compiled are gigabytes.
    """
    beyond = "pattern" in schema and "maxLength" in schema and schema["maxLength"] > 65536
    return {name: value for name, value in schema.items() if not (beyond and name == "maxLength")}


DESCRIPTION = json.loads(Description(ROUTES).json, object_hook=_without_great_length)
OPERATIONS = [f"{method.upper()} {path}" for path, item in DESCRIPTION["paths"].items() for method in item]


@pytest.fixture(scope="module")
def described() -> Any:
    return schemathesis.openapi.from_dict(DESCRIPTION, config=SchemathesisConfig.from_dict(CONFIGURATION))


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_as_described(label: str, described: Any, server: Server, session: requests.Session) -> None:
    """As `described.parametrize()` has it, but that the requests are made up only now, not when tests are collected."""
    certificate = str(server.folder / "tls.crt")

    def answer_is_as_described(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(base_url=f"https://localhost:{server.port}", session=session, verify=certificate)

    method, path = label.split(" ")
    operation = described[path][method]
    made_up = create_test(
        operation=operation, test_func=answer_is_as_described, config=_how(described.config, operation)
    )
    assert [mark.attr_name for mark in LEFT_OUT if mark.is_set(made_up)] == []
    made_up()


def _how(config: Any, operation: Any) -> HypothesisTestConfig:
    return HypothesisTestConfig(
        project=config,
        modes=list(HypothesisTestMode),
        settings=config.get_hypothesis_settings(operation=operation, phase="fuzzing"),
        explicit_setting_names=config.explicit_hypothesis_settings(operation=operation, phase="fuzzing"),
    )
