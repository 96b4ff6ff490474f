"""What goes wrong, what is said about it, and the exit code."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from cli.client.exit_codes import ExitCode
from tests.unit.client.conftest import TOKEN, Client
from tests.unit.client.fake_server import FakeServer, Prepared

WHOAMI = "/api/v1/access/whoami"


@pytest.mark.parametrize(
    "status, code",
    [
        (302, 1), (400, 2), (401, 3), (403, 4), (404, 5), (409, 6), (410, 5), (412, 6), (413, 2), (422, 2), (429, 7),
        (500, 1), (502, 7), (503, 7), (504, 7),
    ],
)  # fmt: skip
def test_a_refusal_ends_with_the_code_of_its_kind(server: FakeServer, client: Client, status: int, code: int) -> None:
    server.refuse("GET", WHOAMI, status, "some-code", detail="it cannot be", request_id="r-77")
    outcome = client("whoami")
    assert outcome.code == code
    assert outcome.err.startswith("trstctl-cli: it cannot be\n")
    assert "some-code" in outcome.err
    assert "request r-77" in outcome.err


@pytest.mark.parametrize(
    "status, code, members, advice",
    [
        (401, "unauthenticated", {}, "TRSTCTL_TOKEN"),
        (403, "forbidden", {}, "trstctl-cli whoami"),
        (404, "not-found", {}, "trstctl-cli secrets list"),
        (409, "already-exists", {"paths": ["a"]}, "secrets rotate"),
        (409, "reference-cycle", {"cycle": ["a", "b", "a"]}, "cycle: a, b, a"),
        (412, "check-and-set-failed", {"current_version": 7}, "--cas 7"),
        (503, "disabled", {}, "secrets.enable_api"),
    ],
)
def test_a_refusal_says_what_to_do(
    server: FakeServer, client: Client, status: int, code: str, members: dict[str, object], advice: str
) -> None:
    server.refuse("GET", WHOAMI, status, code, detail="no", **members)
    assert advice in client("whoami").err


def test_a_long_list_in_a_refusal_is_cut(server: FakeServer, client: Client) -> None:
    server.refuse("GET", WHOAMI, 409, "already-exists", detail="no", paths=[f"p{n}" for n in range(30)])
    assert "p19 and 10 more" in client("whoami").err


def test_a_refusal_cannot_steer_the_terminal(server: FakeServer, client: Client) -> None:
    server.refuse("GET", WHOAMI, 404, "x", detail="no\x1b[2J\nreally")
    assert client("whoami").err.startswith("trstctl-cli: no\\x1b[2J\\nreally\n")


def test_an_answer_that_is_no_json_is_an_error(server: FakeServer, client: Client) -> None:
    server.on_raw("GET", WHOAMI, Prepared(200, b"<html>"))
    server.on_raw("GET", WHOAMI, Prepared(500, b"<html>"))
    assert client("whoami").code == 1
    outcome = client("whoami")
    assert (outcome.code, outcome.err.splitlines()[0]) == (1, "trstctl-cli: the server answered 500")


def test_no_server_listening_is_unavailable(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("TRSTCTL_SERVER", f"http://127.0.0.1:{unused.getsockname()[1]}")
    outcome = client("whoami")
    assert outcome.code == 7
    assert "cannot connect to 127.0.0.1" in outcome.err


def test_a_server_that_does_not_answer_is_unavailable(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("TRSTCTL_SERVER", f"http://127.0.0.1:{silent.getsockname()[1]}")
        outcome = client("whoami", "--timeout", "0.05")
    assert outcome.code == 7
    assert "did not answer in time" in outcome.err


def test_https_where_there_is_none_is_unavailable(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRSTCTL_SERVER", f"https://127.0.0.1:{server.port}")
    outcome = client("whoami")
    assert outcome.code == 7
    assert "no TLS" in outcome.err
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "", "localhost:8443", "ftp://localhost", "https://", "https://user:pw@host", "https://host/?q=1", "https://host:x",
        "https://host:99999", "http://trstctl.example", "http://10.0.0.1:8200", "http://127.0.0.1.example",
    ],
)  # fmt: skip
def test_an_address_that_is_wrong_or_in_the_clear_is_refused(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("TRSTCTL_SERVER", address)
    outcome = client("whoami")
    assert outcome.code == 2
    assert "https://" in outcome.err


def test_the_option_for_the_server_goes_before_the_environment(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRSTCTL_SERVER", "https://elsewhere.invalid")
    server.on("GET", WHOAMI, {"subject": "ann"})
    assert client("--server", server.url + "/", "whoami").code == 0


def test_no_token_is_unauthenticated(server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRSTCTL_TOKEN")
    outcome = client("whoami")
    assert outcome.code == 3
    assert "TRSTCTL_TOKEN_FILE" in outcome.err


@pytest.mark.parametrize("token", ["trst_a b", "trst_\x01", "trst_\r\nX-Admin: 1", "trst_ü"])
def test_a_token_that_is_none_is_refused_and_not_repeated(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("TRSTCTL_TOKEN", token)
    outcome = client("whoami")
    assert outcome.code == 2
    assert "trst_" not in outcome.err
    assert server.asked == []


def test_the_token_may_be_in_a_file(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.on("GET", WHOAMI, {"subject": "ann"})
    (tmp_path / "one").write_text("trst_of-the-variable\n")
    (tmp_path / "two").write_text("trst_of-the-option\n")
    monkeypatch.setenv("TRSTCTL_TOKEN_FILE", str(tmp_path / "one"))
    client("whoami")
    client("whoami", "--token-file", str(tmp_path / "two"))
    monkeypatch.delenv("TRSTCTL_TOKEN")
    client("whoami")
    shown = [asked.headers["Authorization"].removeprefix("Bearer ") for asked in server.asked]
    assert shown == [TOKEN, "trst_of-the-option", "trst_of-the-variable"]


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_token_file_that_cannot_be_read_is_wrong_usage(
    server: FakeServer, client: Client, tmp_path: Path, name: str
) -> None:
    assert client("whoami", "--token-file", str(tmp_path / name)).code == 2


def test_there_is_no_option_for_the_token(server: FakeServer, client: Client) -> None:
    outcome = client("--token=trst_secret", "whoami")
    assert outcome.code == 2
    assert "trst_secret" not in outcome.err


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "ü", " a"])
def test_an_idempotency_key_that_no_header_holds_is_refused(server: FakeServer, client: Client, key: str) -> None:
    assert client("--idempotency-key", key, "secrets", "undelete", "a").code == 2
    assert server.asked == []


def test_a_mistake_of_ours_shows_neither_traceback_nor_value(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("s3cr3t")

    monkeypatch.setattr("cli.client.session.Session.get", broken)
    outcome = client("whoami")
    assert outcome.code == 1
    assert re.fullmatch(r"trstctl-cli: internal error: KeyError at [\w.]+:\d+; please report it\n", outcome.err)


@pytest.mark.parametrize("words", [("nonsense",), ("secrets",), (), ("whoami", "--nonsense"), ("-o", "xml", "whoami")])
def test_a_command_line_that_means_nothing_is_wrong_usage(client: Client, words: tuple[str, ...]) -> None:
    assert client(*words).code == 2


def test_version_is_told(client: Client) -> None:
    assert client("version").code == 0


def test_every_exit_code_is_documented(root: Path) -> None:
    text = (root / "docs/reference/cli-client.md").read_text()
    assert {int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)} == {
        int(code) for code in ExitCode
    }
