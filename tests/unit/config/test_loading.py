"""Where a value comes from, and which source outranks which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.server.config import load
from cli.server.config.settings import MachineAuth, address
from domain.errors import Misconfigured

Write = Callable[[str], Path]

MISSION = """
secrets:
  enable_api: true
  machine_auth:
    - name: kubernetes
      tenant_claim: trstctl.io/tenant
      issuer: https://kubernetes.default.svc
      audience: trstctl
      jwks_file: /etc/trstctl/k8s-sa-jwks.json
    - name: aws-iam
      tenant_id: 11111111-1111-1111-1111-111111111111
      allowed_accounts: ["123456789012"]
"""


def test_without_anything_the_defaults_hold() -> None:
    settings = load(environment={})
    assert settings.listen == "127.0.0.1:8443"
    assert not settings.secrets.enable_api
    assert settings.limits.requests_per_second == 5000
    assert settings.idempotency.retention_seconds == 86_400


def test_the_mission_s_example_is_accepted_as_written(write: Write) -> None:
    kubernetes, aws = load(write(MISSION), {}).secrets.machine_auth
    assert kubernetes.jwks_file == "/etc/trstctl/k8s-sa-jwks.json"
    assert aws == MachineAuth(
        name="aws-iam", tenant_id="11111111-1111-1111-1111-111111111111", allowed_accounts=["123456789012"]
    )


def test_environment_outranks_the_file_and_the_file_the_defaults(write: Write) -> None:
    file = write("listen: 127.0.0.1:1\nlimits: {body_bytes: 2048}\n")
    settings = load(file, {"TRSTCTL_LISTEN": "127.0.0.1:2"})
    assert settings.listen == "127.0.0.1:2"
    assert settings.limits.body_bytes == 2048
    assert settings.limits.import_bytes == 96 * 1024 * 1024


def test_an_override_outranks_the_environment() -> None:
    assert load(environment={"TRSTCTL_LISTEN": "127.0.0.1:2"}, listen="127.0.0.1:3").listen == "127.0.0.1:3"


def test_a_variable_of_a_section_that_the_file_has_leaves_its_other_keys(write: Write) -> None:
    tls = load(write("tls: {cert_file: c, key_file: k}\n"), {"TRSTCTL_TLS_KEY_FILE": "other"}).tls
    assert (tls.cert_file, tls.key_file) == ("c", "other")


def test_the_variable_names_the_file_where_no_option_does(write: Write) -> None:
    file = write("listen: 127.0.0.1:1\n")
    assert load(environment={"TRSTCTL_CONFIG_FILE": str(file)}).listen == "127.0.0.1:1"


@pytest.mark.parametrize(
    "text, value", [("true", True), ("1", True), ("Yes", True), ("on", True), ("FALSE", False), ("0", False)]
)
def test_truths_are_understood_as_people_write_them(text: str, value: bool) -> None:  # noqa: FBT001 - a parameter
    assert load(environment={"TRSTCTL_SECRETS_ENABLE_API": text}).secrets.enable_api is value


def test_a_list_is_written_in_json() -> None:
    settings = load(environment={"TRSTCTL_SECRETS_MACHINE_AUTH": '[{"name": "aws-iam", "allowed_accounts": ["1"]}]'})
    assert settings.secrets.machine_auth[0].allowed_accounts == ["1"]


def test_an_empty_variable_sets_nothing(write: Write) -> None:
    environment = {"TRSTCTL_LISTEN": "", "TRSTCTL_SECRETS_ENABLE_API": "", "TRSTCTL_CONFIG_FILE": ""}
    assert load(write("listen: 127.0.0.1:1\n"), environment).listen == "127.0.0.1:1"


def test_a_section_with_all_its_keys_commented_out_is_empty(write: Write) -> None:
    assert load(write("tls:\n#  cert_file: x\naudit:\n  checkpoints:\n"), {}).tls.cert_file == ""


def test_an_empty_file_is_a_configuration(write: Write) -> None:
    assert load(write("# nothing yet\n"), {}).listen == "127.0.0.1:8443"


def test_files_without_a_place_of_their_own_are_in_the_data_folder(tmp_path: Path) -> None:
    settings = load(environment={"TRSTCTL_DATA_DIR": str(tmp_path)})
    assert settings.secrets.kek_file == str(tmp_path / "kek")
    assert settings.audit.checkpoints.dir == str(tmp_path / "checkpoints")


def test_a_folder_that_was_named_means_its_own_files_whatever_the_environment_says(write: Write) -> None:
    elsewhere = {
        "TRSTCTL_SECRETS_KEK_FILE": "/elsewhere/kek",
        "TRSTCTL_STORE": "postgresql://elsewhere/db",
        "TRSTCTL_CONFIG_FILE": str(write("listen: 127.0.0.1:1\n")),
        "TRSTCTL_LOG_LEVEL": "error",
    }
    settings = load(environment=elsewhere, keep_environment_paths=False, data_dir="/here")
    assert (settings.secrets.kek_file, settings.store, settings.listen) == ("/here/kek", "", "127.0.0.1:8443")
    assert settings.log.level == "error"


@pytest.mark.parametrize(
    "listen, expected",
    [
        ("127.0.0.1:8443", ("127.0.0.1", 8443)),
        ("[::1]:443", ("::1", 443)),
        (":8443", ("0.0.0.0", 8443)),  # noqa: S104 - compared, not bound
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_is_host_and_port(listen: str, expected: tuple[str, int]) -> None:
    assert address(listen) == expected


@pytest.mark.parametrize("listen", ["8443", "", "localhost", "localhost:", "h:99999", "h:-1", "::1:8443", "h:٣"])
def test_an_address_that_is_none_is_refused_with_an_example(listen: str) -> None:
    with pytest.raises(Misconfigured, match="write address:port, such as"):
        address(listen)


@pytest.mark.parametrize(
    "listen, url",
    [
        ("127.0.0.1:8443", "https://localhost:8443"),
        (":8443", "https://localhost:8443"),
        ("[2001:db8::1]:1", "https://[2001:db8::1]:1"),
        ("secrets.example:1", "https://secrets.example:1"),
    ],
)
def test_clients_find_the_server_where_it_listens(listen: str, url: str) -> None:
    assert load(environment={"TRSTCTL_LISTEN": listen}).url == url


def test_clients_find_the_server_where_it_says_they_do() -> None:
    assert load(environment={"TRSTCTL_PUBLIC_URL": "https://secrets.example"}).url == "https://secrets.example"
