"""`trstctl serve --check`, and what a server does that lacks what the check asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.e2e.https_client import STORE
from tests.e2e.server import Server, free_port, serving, trstctl

PASSWORD = "correct-horse"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def checked(server: Server, **more: str) -> tuple[int, dict[str, str]]:
    """Exit code and lines of `serve --check` on a server's configuration."""
    result = trstctl("serve", "--config", server.folder / "trstctl.yaml", "--check", **more)
    assert result.stderr == ""
    return result.returncode, dict(line.split(": ", 1) for line in result.stdout.splitlines())


def test_of_a_good_configuration_all_is_ok(folder: Path) -> None:
    parts = ["listen", "TLS", "secrets API", "KEK file", "approvals", "providers", "store", "checkpoints"]
    assert checked(serving(folder)) == (0, dict.fromkeys(parts, "ok"))


def test_a_policy_that_nobody_could_meet_is_named(folder: Path) -> None:
    policy = {"name": "prod", "paths": ["prod/*"], "actions": ["rotate"], "approvers_needed": 2, "approvers": ["ada"]}
    server = serving(folder, {"secrets": {"approvals": [policy]}})
    code, lines = checked(server)
    assert code == 1
    assert lines.pop("approvals") == "secrets.approvals: prod: approvers_needed is 2, but approvers names 1"
    assert set(lines.values()) == {"ok"}


PROVIDER = {
    "name": "app-db",
    "kind": "postgresql",
    "tenants": ["*"],
    "connection": {"host": "db.invalid", "database": "app", "username": "trstctl_accounts"},
    "roles": [{"name": "read"}],
}


@pytest.mark.parametrize(
    "changed, mode, said",
    [
        ({}, 0o600, "ok"),
        ({}, 0o640, "ok"),
        ({}, 0o604, "credentials file"),
        ({"credentials_file": "/no/such/file"}, 0o600, "credentials file /no/such/file: No such file or directory"),
        ({"kind": "postgres"}, 0o600, "there is no provider kind 'postgres'"),
        ({"connection": {"hots": "db"}}, 0o600, "hots"),
        ({"roles": [{"name": "read", "settings": {"member": []}}]}, 0o600, "role read, settings"),
        ({"roles": [{"name": "read", "default_ttl_seconds": 9, "max_ttl_seconds": 8}]}, 0o600, "ttl"),
    ],
)
def test_a_provider_that_could_not_be_used_is_named_with_the_reason(
    folder: Path, tmp_path: Path, changed: dict[str, object], mode: int, said: str
) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    secret.chmod(mode)
    server = serving(folder, {"secrets": {"providers": [PROVIDER | {"credentials_file": str(secret)} | changed]}})
    code, lines = checked(server)
    assert code == (said != "ok")
    told = lines.pop("providers")
    assert said in told
    assert "secrets.providers[0] (app-db): " in told or said == "ok"
    assert PASSWORD not in told
    assert set(lines.values()) == {"ok"}


def test_without_enable_api_the_surface_is_closed_and_says_why(folder: Path) -> None:
    with serving(folder, {"secrets": {"enable_api": False}}) as server, server.client() as client:
        answer = client("GET", f"{STORE}/a")
        assert answer.status == 503
        assert "secrets.enable_api" in answer.json()["detail"]
    code, lines = checked(server)
    assert code == 1
    assert "TRSTCTL_SECRETS_ENABLE_API=true" in lines["secrets API"]
    assert checked(server, TRSTCTL_SECRETS_ENABLE_API="true")[0] == 0


def test_a_kek_that_went_missing_closes_the_surface_and_says_why(folder: Path) -> None:
    server = serving(folder)
    (folder / "kek").rename(folder / "elsewhere")
    server.start()
    try:
        server.wait_until_ready("/healthz")
        with server.client() as client:
            answer = client("GET", f"{STORE}/a")
            assert answer.status == 503
            assert "is absent" in answer.json()["detail"]
            assert client("GET", "/readyz").status == 503
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize(
    "kek, said",
    [
        ("absent", "is absent; create it with"),
        ("link", "is a symbolic link"),
        ("group", "has mode 0640, open to group or others; run: chmod 600"),
        ("world", "has mode 0604, open to group or others; run: chmod 600"),
        ("short", "has 31 bytes; a KEK is 32 raw bytes or 64 hexadecimal digits"),
        ("long", "has more than 66 bytes; a KEK is 32 raw bytes or 64 hexadecimal digits"),
        ("folder", "is not a regular file"),
    ],
)
def test_a_kek_that_cannot_be_used_is_named_with_the_reason(folder: Path, kek: str, said: str) -> None:
    server = serving(folder)
    _spoil(folder / "kek", kek)
    code, lines = checked(server)
    assert code == 1
    assert said in lines.pop("KEK file")
    assert set(lines.values()) == {"ok"}


def _spoil(path: Path, how: str) -> None:
    key = path.read_bytes()
    path.unlink()
    if how == "link":
        path.with_name("real").write_bytes(key)
        path.symlink_to("real")
    elif how == "folder":
        path.mkdir()
    elif how != "absent":
        path.write_bytes({"short": key[1:], "long": key * 3}.get(how, key))
        path.chmod({"group": 0o640, "world": 0o604}.get(how, 0o600))


def test_a_certificate_that_cannot_be_served_is_named(folder: Path) -> None:
    server = serving(folder)
    (folder / "tls.key").unlink()
    code, lines = checked(server)
    assert (code, lines["TLS"].startswith(f"tls.key_file: {folder}/tls.key: No such file")) == (1, True)


def test_nothing_is_made_by_it(folder: Path, tmp_path: Path) -> None:
    server = serving(folder, {"data_dir": str(tmp_path / "other")})
    assert checked(server)[0] == 0
    assert not (tmp_path / "other").exists()


def test_a_store_that_cannot_be_reached_is_told(folder: Path) -> None:
    address = f"postgresql://nobody:{PASSWORD}@127.0.0.1:{free_port()}/x"
    code, lines = checked(serving(folder), TRSTCTL_STORE=address)
    assert code == 1
    assert lines["store"].startswith("the database cannot be reached")
    assert PASSWORD not in "".join(lines.values())


def test_a_password_that_others_may_read_is_noted(folder: Path) -> None:
    server = serving(folder)
    file = folder / "trstctl.yaml"
    address = f"postgresql://u:{PASSWORD}@127.0.0.1:{free_port()}/x"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"store": address}))
    file.chmod(0o644)
    lines = checked(server)[1]
    assert lines["store password"].startswith("note: ")
    assert "chmod 600" in lines["store password"]
    assert PASSWORD not in "".join(lines.values())


def test_a_configuration_that_is_not_understood_is_told(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("lisen: x\n")
    result = trstctl("serve", "--config", file, "--check")
    assert result.returncode == 1
    assert result.stdout == f"configuration: {file}: there is no key lisen; did you mean listen?\n"
    assert trstctl("serve", "--config", file).returncode == 2


def test_machine_login_is_accepted_and_said_not_to_be_served(folder: Path) -> None:
    with serving(folder, {"secrets": {"machine_auth": [{"name": "kubernetes", "audience": "trstctl"}]}}) as server:
        code, lines = checked(server)
    assert code == 0
    assert lines["machine login"].startswith("note: secrets.machine_auth has 1 entries, but this version does not")
    assert [line for line in server.log() if "does not serve machine login" in line["message"]]


def test_a_server_without_a_certificate_does_not_start(folder: Path) -> None:
    server = serving(folder, {"tls": {"cert_file": "", "key_file": ""}})
    result = trstctl(*server.words)
    assert result.returncode == 2
    assert result.stderr.startswith("trstctl: no certificate: set tls.cert_file and tls.key_file")
