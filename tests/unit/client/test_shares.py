"""`share`: values and links come from everywhere but the command line, and our token goes to our server alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.client.conftest import TOKEN, Client
from tests.unit.client.fake_server import FakeServer

SHARES = "/api/v1/secrets/shares"
REDEEM = f"{SHARES}/redeem"
SECRET = "trsh_" + "Ab1" * 16 + "x"
MADE = {
    "id": "shr_1", "subject": "ann", "note": "", "state": "open", "passphrase_required": False, "max_views": 1,
    "views_left": 1, "created_at": "T", "expires_at": "T2", "ended_at": None, "token": SECRET,
    "url": f"https://host/s#{SECRET}",
}  # fmt: skip
GIVEN = {"value": "s3cret", "views_left": 0}


def test_create_sends_the_value_and_prints_the_link_alone(server: FakeServer, client: Client) -> None:
    server.on("POST", SHARES, MADE, 201)
    outcome = client(
        "share", "create", "-o", "raw", "--ttl", "1h", "--max-views", "3", "--note", "for Bob", stdin=b"v\n"
    )
    assert (outcome.code, outcome.text) == (0, f"https://host/s#{SECRET}\n")
    assert server.asked[0].body == {"value": "v", "ttl_seconds": 3600, "max_views": 3, "note": "for Bob"}


def test_create_takes_bytes_and_a_passphrase_from_files(server: FakeServer, client: Client, tmp_path: Path) -> None:
    server.on("POST", SHARES, MADE, 201)
    (tmp_path / "value").write_bytes(b"\xff\n")
    (tmp_path / "phrase").write_text("open sesame\n")
    words = ("--file", str(tmp_path / "value"), "--binary", "--passphrase-file", str(tmp_path / "phrase"))
    assert client("share", "create", *words).code == 0
    assert server.asked[0].body == {"value_b64": "/wo=", "passphrase": "open sesame"}


def test_create_takes_a_body(server: FakeServer, client: Client) -> None:
    server.on("POST", SHARES, MADE, 201)
    assert client("share", "create", "-f", "-", stdin=b'{"value":"v","max_views":2}').code == 0
    assert server.asked[0].body == {"value": "v", "max_views": 2}
    assert client("share", "create", "-f", "-", "--ttl", "1h", stdin=b"{}").code == 2


def test_create_with_a_used_key_says_that_the_link_was_shown(server: FakeServer, client: Client) -> None:
    server.on("POST", SHARES, {key: told for key, told in MADE.items() if key not in {"token", "url"}}, 201)
    outcome = client("share", "create", "-o", "raw", stdin=b"v")
    assert (outcome.code, outcome.out) == (0, b"")
    assert "used before" in outcome.err


@pytest.mark.parametrize("words", [("create", "v4lue"), ("redeem", SECRET), ("redeem", f"https://host/s#{SECRET}")])
def test_what_is_secret_is_not_taken_from_the_command_line(
    words: tuple[str, ...], server: FakeServer, client: Client
) -> None:
    outcome = client("share", *words, stdin=b"x")
    assert (outcome.code, server.asked) == (2, [])
    assert words[1] not in outcome.err
    assert "standard input" in outcome.err


@pytest.mark.parametrize("told", ["{token}\n", "{url}/s#{token}\n", "  {url}/s#{token}  "])
def test_redeem_takes_link_or_token_and_prints_the_value_alone(
    told: str, server: FakeServer, client: Client, tmp_path: Path
) -> None:
    server.on("POST", REDEEM, GIVEN)
    text = told.format(url=server.url, token=SECRET).encode()
    outcome = client("share", "redeem", stdin=text)
    assert (outcome.code, outcome.out) == (0, b"s3cret")
    assert "it was the last time" in outcome.err
    assert server.asked[0].body == {"token": SECRET}
    assert server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    (tmp_path / "link").write_bytes(text)
    assert client("share", "redeem", "--file", str(tmp_path / "link")).out == b"s3cret"


def test_redeem_writes_bytes_as_they_are(server: FakeServer, client: Client) -> None:
    server.on("POST", REDEEM, {"value_b64": "/wo=", "views_left": 2})
    outcome = client("share", "redeem", stdin=SECRET.encode())
    assert (outcome.code, outcome.out) == (0, b"\xff\n")
    assert "2 more times" in outcome.err


def test_redeem_needs_no_token_and_no_configured_server(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("POST", REDEEM, GIVEN)
    link = f"{server.url}/s#{SECRET}".encode()
    monkeypatch.delenv("TRSTCTL_SERVER")
    assert client("share", "redeem", stdin=link).out == b"s3cret"  # our token is for another server, so it stays here
    assert "Authorization" not in server.asked[0].headers
    monkeypatch.setenv("TRSTCTL_SERVER", server.url)
    monkeypatch.delenv("TRSTCTL_TOKEN")
    assert client("share", "redeem", stdin=link).out == b"s3cret"
    assert "Authorization" not in server.asked[1].headers


def test_link_to_another_server_is_not_followed(server: FakeServer, client: Client) -> None:
    outcome = client("share", "redeem", stdin=f"https://elsewhere.example/s#{SECRET}".encode())
    assert (outcome.code, server.asked) == (2, [])
    assert "elsewhere.example" in outcome.err
    assert SECRET not in outcome.err


@pytest.mark.parametrize(
    "text", ["", "trsh_short", SECRET + "x", f"https://host/other#{SECRET}", f"ftp://host/s#{SECRET}"]
)
def test_what_is_no_link_is_refused_without_repeating_it(text: str, server: FakeServer, client: Client) -> None:
    outcome = client("share", "redeem", stdin=text.encode())
    assert (outcome.code, server.asked) == (2, [])
    assert not text or text not in outcome.err


def test_redeem_sends_the_passphrase_of_a_file(server: FakeServer, client: Client, tmp_path: Path) -> None:
    server.on("POST", REDEEM, GIVEN)
    (tmp_path / "phrase").write_text("open sesame\n")
    client("share", "redeem", "--passphrase-file", str(tmp_path / "phrase"), stdin=SECRET.encode())
    assert server.asked[0].body == {"token": SECRET, "passphrase": "open sesame"}


def test_passphrase_that_nobody_can_be_asked_for_is_told(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("cli.client.share_links", "cli.client.commands.shares"):
        monkeypatch.setattr(f"{module}.has_terminal", lambda: False)
    server.refuse("POST", REDEEM, 403, "passphrase-required", detail="it opens with a passphrase")
    outcome = client("share", "redeem", stdin=SECRET.encode())
    assert outcome.code == 4
    assert "--passphrase-file FILE" in outcome.err
    assert client("share", "redeem", "--passphrase", stdin=SECRET.encode()).code == 2


def test_passphrase_is_asked_for_when_it_is_needed(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("cli.client.share_links", "cli.client.commands.shares"):
        monkeypatch.setattr(f"{module}.has_terminal", lambda: True)
    monkeypatch.setattr("cli.client.share_links._hidden", lambda *_, **__: "open sesame")
    server.refuse("POST", REDEEM, 403, "passphrase-required", detail="it opens with a passphrase")
    server.on("POST", REDEEM, GIVEN)
    assert client("share", "redeem", stdin=SECRET.encode()).out == b"s3cret"
    assert server.asked[1].body == {"token": SECRET, "passphrase": "open sesame"}


def test_gone_is_told_with_what_the_sender_can_do(server: FakeServer, client: Client) -> None:
    server.refuse("POST", REDEEM, 410, "gone", detail="this share gives nothing")
    outcome = client("share", "redeem", stdin=SECRET.encode())
    assert outcome.code == 5
    assert "share show ID" in outcome.err
    assert SECRET not in outcome.err


def test_terminal_gets_the_value_only_if_it_is_to(
    server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.client.commands.shares.to_terminal", lambda: True)
    outcome = client("share", "redeem", stdin=SECRET.encode())
    assert (outcome.code, server.asked) == (2, [])
    assert "--reveal" in outcome.err


def test_list_show_and_revoke(server: FakeServer, client: Client) -> None:
    share = {name: told for name, told in MADE.items() if name not in {"token", "url"}}
    server.on("GET", SHARES, {"items": [share], "next_cursor": None})
    assert client("share", "list", "--state", "open", "-o", "raw").text == "shr_1\n"
    assert server.asked[0].query["state"] == "open"
    view = {"number": 1, "at": "T", "from": "192.0.2.7", "agent": "Browser", "actor": "anybody", "position": 4}
    server.on("GET", f"{SHARES}/shr_1", {"share": share, "views": [view], "failed_passphrases": 2})
    shown = client("share", "show", "shr_1").text
    assert "T from 192.0.2.7 Browser" in shown
    assert "failed passphrases" in shown
    server.on("DELETE", f"{SHARES}/shr_1", None, 204)
    assert client("share", "revoke", "shr_1", "--reason", "wrong person", "-o", "raw").text == "shr_1\n"
    assert server.asked[-1].body == {"reason": "wrong person"}
