"""What is not understood is refused, naming where it stands and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.server.config import load
from cli.server.config.loading import _parsed
from domain.errors import Misconfigured

Write = Callable[[str], Path]
PASSWORD = "correct-horse"


def refusal(file: Path | None, environment: dict[str, str]) -> str:
    with pytest.raises(Misconfigured) as refused:
        load(file, environment)
    assert "\n" not in refused.value.message
    return refused.value.message


@pytest.mark.parametrize(
    "text, said",
    [
        ("lisen: x", ["there is no key lisen", "did you mean listen?"]),
        ("secrets: {enable-api: true}", ["there is no key secrets.enable-api", "did you mean secrets.enable_api?"]),
        ("enable_api: true", ["there is no key enable_api", "did you mean secrets.enable_api?"]),
        ("audit: {checkpoints: {every: 3}}", ["there is no key audit.checkpoints.every"]),
        ("qqqqqqqq: 1", ["there is no key qqqqqqqq", "docs/reference/configuration.md"]),
        ("tls: yes", ["tls is a section", "indented"]),
        ("limits: {body_bytes: many}", ["limits.body_bytes: Expected int, got str", "in bytes"]),
        ("limits: {body_bytes: 3}", ["limits.body_bytes: Expected int >= 1024"]),
        ("secrets: {enable_api: 'true'}", ["secrets.enable_api: Expected bool, got str"]),
        ("log: {level: loud}", ["log.level: not of the expected form", "`debug`, `info`"]),
        ("store: mysql://db/x", ["store: not of the expected form", "postgresql://user@host"]),
        ("public_url: http://x", ["public_url: not of the expected form", "https://"]),
        ("audit: {checkpoints: {origin: 'a b'}}", ["audit.checkpoints.origin: not of the expected form"]),
        ("secrets: {machine_auth: {}}", ["secrets.machine_auth: Expected array, got object"]),
        ("secrets: {machine_auth: [{issuer: x}]}", ["secrets.machine_auth[0]", "required field name"]),
        ("secrets: {machine_auth: [{name: x, isuer: y}]}", ["unknown field isuer", "tenant_claim, issuer, audience"]),
        ("secrets: {machine_auth: [{name: x, allowed_accounts: [12]}]}", ["allowed_accounts[0]", "Expected str"]),
        ("listen: 1\nlisten: 2", ["line 2", "the key listen is there twice"]),
        ("tls: {key_file: a, key_file: b}", ["line 1", "the key key_file is there twice"]),
        ("tls: &a {key_file: x}\nlog: *a", ["line 2", "aliases are not used"]),
        ("[1, 2]", ["write keys and values"]),
        ("just words", ["write keys and values"]),
        ("a: [", ["line 1"]),
        ("? [a, b]\n: 1", ["a key is one word"]),
        ("--- 1\n--- 2", ["line 2", "another document"]),
        ("listen: !!python/object:os.system x", ["line 1"]),
        (f"limits: {{body_bytes: {'9' * 5000}}}", ["no YAML"]),
        ("[" * 5000, ["no YAML"]),
        ("a: \x07", ["no YAML"]),
    ],
)
def test_what_the_file_must_not_say_is_refused_with_file_key_and_remedy(
    write: Write, text: str, said: list[str]
) -> None:
    file = write(text)
    message = refusal(file, {})
    assert message.startswith(f"{file}: ")
    assert [part for part in said if part not in message] == []


@pytest.mark.parametrize(
    "variable, value, said",
    [
        ("TRSTCTL_LISTN", "x", ["there is no variable TRSTCTL_LISTN", "did you mean TRSTCTL_LISTEN?"]),
        ("TRSTCTL_QQQQQQQQQQQQQ", "x", ["there is no variable", "docs/reference/configuration.md"]),
        ("TRSTCTL_LIMITS_BODY_BYTES", "many", ["TRSTCTL_LIMITS_BODY_BYTES (limits.body_bytes): not a number"]),
        ("TRSTCTL_LIMITS_BODY_BYTES", "1", ["TRSTCTL_LIMITS_BODY_BYTES (limits.body_bytes): Expected int >= 1024"]),
        ("TRSTCTL_SECRETS_ENABLE_API", "perhaps", ["TRSTCTL_SECRETS_ENABLE_API", "Expected bool, got str"]),
        ("TRSTCTL_SECRETS_MACHINE_AUTH", "kubernetes", ["TRSTCTL_SECRETS_MACHINE_AUTH", "not a list in JSON"]),
        ("TRSTCTL_SECRETS_MACHINE_AUTH", "[{}]", ["TRSTCTL_SECRETS_MACHINE_AUTH (secrets.machine_auth[0])"]),
        ("TRSTCTL_LOG_LEVEL", "loud", ["TRSTCTL_LOG_LEVEL (log.level)"]),
    ],
)
def test_what_a_variable_must_not_say_is_refused_naming_it(variable: str, value: str, said: list[str]) -> None:
    message = refusal(None, {variable: value})
    assert message.startswith("environment: ")
    assert [part for part in said if part not in message] == []


def test_a_bad_value_is_blamed_on_the_variable_that_set_it_and_not_on_the_file(write: Write) -> None:
    message = refusal(write("log: {level: info}"), {"TRSTCTL_LOG_LEVEL": "loud"})
    assert message.startswith("environment: TRSTCTL_LOG_LEVEL")


@pytest.mark.parametrize(
    "name",
    [
        "TRSTCTL_SERVER",
        "TRSTCTL_TOKEN",
        "TRSTCTL_TOKEN_FILE",
        "TRSTCTL_CACERT",
        "TRSTCTL_HARDENING",
        "TRSTCTL_SERVICE_HOST",
        "TRSTCTL_SERVICE_PORT",
        "TRSTCTL_SERVICE_PORT_HTTPS",
        "TRSTCTL_PORT",
        "TRSTCTL_PORT_8443_TCP_ADDR",
    ],
)
def test_variables_of_the_client_and_of_kubernetes_are_left_alone(name: str) -> None:
    assert load(environment={name: "tcp://10.0.0.1:8443"}) == load(environment={})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "absent.yaml: No such file" in refusal(tmp_path / "absent.yaml", {})
    assert "Is a directory" in refusal(tmp_path, {})


def test_a_file_that_is_too_large_is_refused_without_reading_it_whole() -> None:
    assert "at most 262144 bytes" in refusal(Path("/dev/zero"), {})


@pytest.mark.parametrize("text", [f"store: 'mysql://u:{PASSWORD}@h/db'", f"store: postgresql://u:{PASSWORD}@h: [x"])
def test_no_message_holds_a_password(write: Write, text: str) -> None:
    assert PASSWORD not in refusal(write(text), {})


def test_settings_do_not_show_what_is_in_them() -> None:
    settings = load(environment={"TRSTCTL_STORE": f"postgresql://u:{PASSWORD}@h/db"})
    assert PASSWORD not in repr(settings) + str(settings) + f"{settings!r:>5}"


@given(st.text(max_size=80) | st.lists(st.sampled_from("a:- [](){}&*!|>'\"%@#,?\n\t\0\x85é")).map("".join))
def test_any_text_is_a_configuration_or_is_refused(text: str) -> None:
    with suppress(Misconfigured):
        _parsed(Path("any"), text.encode())


@given(
    st.dictionaries(st.sampled_from(["TRSTCTL_LISTEN", "TRSTCTL_SECRETS_MACHINE_AUTH", "TRSTCTL_LOG_LEVEL"]), st.text())
)
def test_any_environment_is_understood_or_refused(environment: dict[str, str]) -> None:
    with suppress(Misconfigured):
        load(environment=environment)
