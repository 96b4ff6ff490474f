"""`trstctl audit`, beside a running server: looking at the log, following it, taking it out and proving it."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import Server, dev_server, trstctl

ROOT = Path(__file__).parents[2]
VALUE = "a-value-that-no-log-may-hold"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose log holds a secret's life."""
    with dev_server(tmp_path_factory.mktemp("audit") / "data") as running:
        with running.client() as client:
            client.put("app/key", VALUE)
            client.put("app/key", f"{VALUE}-again")
            client("GET", "/api/v1/secrets/store/app/key")
            client.put("other", VALUE)
        yield running


def audit(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    return trstctl("audit", *words, "--data-dir", server.folder)


def listed(server: Server, *words: str) -> list[dict[str, Any]]:
    result = audit(server, *words, "-o", "json")
    assert result.returncode == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_events_are_listed_newest_or_oldest_first(server: Server) -> None:
    newest = [event["position"] for event in listed(server, "events", "--limit", "3")]
    oldest = [event["position"] for event in listed(server, "events", "--oldest", "--limit", "3")]
    assert newest == sorted(newest, reverse=True)
    assert oldest == [1, 2, 3]


def test_events_are_filtered(server: Server) -> None:
    assert {event["type"] for event in listed(server, "events", "--type", "secret.read")} == {"secret.read"}
    assert {event["body"]["path"] for event in listed(server, "events", "--path", "app/*")} == {"app/key"}
    assert listed(server, "events", "--actor", "nobody") == []
    assert listed(server, "events", "--until", "1999-01-01T00:00:00Z") == []
    assert listed(server, "events", "--since", "1999-01-01T00:00:00Z", "--tenant", "default")
    assert audit(server, "events", "--since", "yesterday").returncode == 2


def test_one_event_is_shown_whole(server: Server) -> None:
    shown = json.loads(audit(server, "show", "1", "-o", "json").stdout)
    assert (shown["position"], shown["prev_hash"]) == (1, "0" * 64)
    written = listed(server, "events", "--type", "secret.version.written", "--limit", "1")[0]["position"]
    assert "secret.version.written" in audit(server, "show", str(written)).stdout
    assert audit(server, "show", "999999").returncode == 1


def test_a_secrets_life_is_told_in_order(server: Server) -> None:
    life = [event["type"] for event in listed(server, "stream", "app/key")]
    assert life == ["secret.created", "secret.version.written", "secret.version.written", "secret.read"]
    assert audit(server, "stream", "never/was").returncode == 1


def test_following_prints_new_events_as_they_come(server: Server) -> None:
    command = [str(Path(sys.executable).with_name("trstctl")), "audit", "tail", "-f", "-n", "0", "-o", "json"]
    with subprocess.Popen([*command, "--data-dir", str(server.folder)], stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout
        with server.client() as client:
            for number in range(100):  # it looks only once it has started
                client.put(f"tailed/{number}", VALUE)
                if select.select([tail.stdout], [], [], 0.1)[0]:
                    break
        tail.terminate()
        line = json.loads(tail.stdout.readline())
    assert line["body"]["path"].startswith("tailed/")


@pytest.mark.parametrize("options", [(), ("--redact",), ("--tenant", "default")])
def test_an_export_is_verified_by_both_verifiers_and_holds_no_value(
    server: Server, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = tmp_path / "log.ndjson"
    assert audit(server, "export", "--file", str(file), *options).returncode == 0
    assert trstctl("audit", "verify", "--file", file).returncode == 0
    verifier: list[str | Path] = [sys.executable, ROOT / "docs/reference/verify_log.py", file]
    alone = subprocess.run(verifier, capture_output=True, text=True, check=False)
    assert alone.returncode == 0, alone.stdout + alone.stderr
    text = file.read_text()
    assert VALUE not in text
    assert ("app/key" in text) is (options != ("--redact",))
    assert audit(server, "export", "--file", str(file)).returncode == 2, "an export replaces no file"
    lines = text.splitlines()
    file.write_text("\n".join([*lines[:3], *lines[4:]]) + "\n")
    assert trstctl("audit", "verify", "--file", file).returncode == 1


def test_a_running_store_is_verified(server: Server) -> None:
    result = audit(server, "verify")
    assert result.returncode == 0, result.stdout + result.stderr
