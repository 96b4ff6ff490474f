"""What a person sees and does not see."""

from __future__ import annotations

import json

import pytest

from tests.unit.client.fake_server import FakeServer
from tests.unit.client.process import PROGRAM, environment, terminal

STORE = "/api/v1/secrets/store"
VALUE = "v4lue-nobody-should-see"
SECRET = {"name": "a", "value": VALUE, "version": 1, "metadata": {}}


def on_terminal(server: FakeServer, *words: str, typed: tuple[tuple[str, str], ...] = ()) -> tuple[int, str]:
    with terminal([*PROGRAM, *words], environment(server.url, TERM="xterm")) as opened:
        for prompt, keys in typed:
            opened.read_until(prompt)
            opened.type(keys)
        return opened.wait(), opened.output.decode()


@pytest.mark.parametrize("words", [(), ("-o", "table"), ("-o", "json"), ("-o", "yaml")])
@pytest.mark.parametrize("command", [("get", "a"), ("history", "a", "--version", "1")])
def test_a_value_is_hidden_from_a_terminal(
    server: FakeServer, words: tuple[str, ...], command: tuple[str, ...]
) -> None:
    for path in (f"{STORE}/a", f"{STORE}/history/a"):
        server.on("GET", path, SECRET)
    code, shown = on_terminal(server, "secrets", *command, *words)
    assert code == 0
    assert VALUE not in shown
    assert "hidden" in shown


@pytest.mark.parametrize("form", ["table", "json", "yaml", "dotenv", "raw"])
def test_a_value_is_shown_on_a_terminal_when_asked_for(server: FakeServer, form: str) -> None:
    server.on("GET", f"{STORE}/a", SECRET)
    code, shown = on_terminal(server, "secrets", "get", "a", "--reveal", "-o", form)
    assert code == 0
    assert VALUE in shown


@pytest.mark.parametrize(
    "words",
    [("get", "a", "-o", "raw"), ("get", "a", "-o", "dotenv"), ("export", "a"), ("export", "a", "--format", "dotenv")],
)
def test_bare_values_are_refused_to_a_terminal_before_they_are_read(server: FakeServer, words: tuple[str, ...]) -> None:
    code, shown = on_terminal(server, "secrets", *words)
    assert code == 2
    assert "--reveal" in shown
    assert server.asked == []


def test_a_value_with_control_characters_does_not_steer_the_terminal(server: FakeServer) -> None:
    server.on("GET", f"{STORE}/a", SECRET | {"value": "\x1b]0;owned\x07"})
    _, shown = on_terminal(server, "secrets", "get", "a", "--reveal")
    assert "\\x1b]0;owned\\x07" in shown
    assert "\x1b]" not in shown


def test_put_asks_for_the_value_without_showing_it(server: FakeServer) -> None:
    server.on("POST", f"{STORE}/a", {"name": "a", "version": 1}, 201)
    typed = (("Value", f"{VALUE}\n"), ("Once more", f"{VALUE}\n"))
    code, shown = on_terminal(server, "secrets", "put", "a", typed=typed)
    assert code == 0
    assert VALUE not in shown
    assert server.asked[0].body == {"value": VALUE}


def test_an_interrupted_prompt_stores_nothing(server: FakeServer) -> None:
    code, shown = on_terminal(server, "secrets", "put", "a", typed=(("Value", "\x03"),))
    assert code == 130
    assert "Traceback" not in shown
    assert server.asked == []


@pytest.mark.parametrize("answer, code, requests", [("y\n", 0, 1), ("n\n", 1, 0), ("\n", 1, 0), ("\x03", 130, 0)])
def test_destroy_asks_before(server: FakeServer, answer: str, code: int, requests: int) -> None:
    server.on("POST", f"{STORE}/destroy/a", {"name": "a", "destroyed": [1]})
    ended, shown = on_terminal(server, "secrets", "destroy", "a", "--versions", "1", typed=(("[y/N]", answer),))
    assert ended == code
    assert "versions 1 of a for ever" in shown
    assert len(server.asked) == requests


def test_a_list_is_a_table_on_a_terminal(server: FakeServer) -> None:
    server.on("GET", STORE, {"items": [{"name": "a", "version": 1}], "folders": [], "next_cursor": None})
    code, shown = on_terminal(server, "secrets", "list")
    assert code == 0
    assert "name" in shown
    _, empty = on_terminal(server, "audit", "checkpoints", "-o", "json")
    assert "there is no such thing" in empty


def test_a_token_is_shown_once_and_said_so(server: FakeServer) -> None:
    issued = {"id": "t", "subject": "ci", "scopes": ["*"], "token": "trst_new"}
    server.on("POST", "/api/v1/access/api-tokens", issued, 201)
    _, shown = on_terminal(server, "access", "tokens", "create", "--subject", "ci", "--scopes", "*", "-o", "json")
    assert "shown this once" in shown
    assert json.loads(shown[shown.index("{") : shown.index("}") + 1]) == issued
