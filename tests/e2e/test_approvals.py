"""Approvals as people go about them: a real server, curl's requests, and `trstctl-cli` for everybody."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.client_calls import Calls, Outcome
from tests.e2e.server import Server, serving, trstctl

POLICIES = [
    {"name": "databases", "paths": ["db/*"], "actions": ["rotate", "delete"], "approvers_needed": 2},
    {"name": "vault", "paths": ["vault/*"], "actions": ["read"]},
]
STORE = "/api/v1/secrets/store"


class Team:
    """The requester, and two approvers by tokens that the operator issued."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.operator = Calls(server)
        self.ci = self.issued("ci", "secrets:write,secrets:read,secrets:delete")
        self.ada = self.issued("ada", "approvals:decide,approvals:read")
        self.grace = self.issued("grace", "approvals:decide")

    def issued(self, subject: str, scopes: str) -> Calls:
        words = ("token", "create", "--tenant", "default", "--subject", subject, "--scopes", scopes)
        made = trstctl(*words, "--data-dir", self.server.folder)
        assert made.returncode == 0, made.stderr
        return Calls(self.server, made.stdout.strip())


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("approvals") / "data"
    with serving(folder, {"secrets": {"approvals": POLICIES}}) as server:
        yield Team(server)


def curl(client: Calls, method: str, path: str, body: object = None, *headers: str) -> tuple[int, dict[str, object]]:
    """The mission's call."""
    words = ["curl", "-sS", "--cacert", client.environment["TRSTCTL_CACERT"], "-w", "\n%{http_code}", "-X", method]
    words += [f"{client.environment['TRSTCTL_SERVER']}{path}"]
    for header in (
        f"Authorization: Bearer {client.environment['TRSTCTL_TOKEN']}",
        f"Idempotency-Key: {uuid4()}",
        "Content-Type: application/json",
        *headers,
    ):
        words += ["-H", header]
    words += ["-d", json.dumps(body)] if body is not None else []
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    text, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(text) if text else {}


def test_the_first_put_asks_and_after_the_quorum_it_succeeds(team: Team, tmp_path: Path) -> None:
    assert team.operator("secrets", "put", "db/password", stdin=b"s3cr3t").code == 0
    status, problem = curl(team.ci, "PUT", f"{STORE}/db/password", {"value": "r0tat3d"})
    assert (status, problem["code"], problem["missing"]) == (403, "approval-required", 2)
    status, decision = curl(team.ada, "POST", f"{STORE}/approvals/db/password", {"action": "rotate"})
    assert (status, decision["resource"], decision["approvals"]) == (200, "secret:db/password", 1)
    status, _ = curl(team.ci, "POST", f"{STORE}/approvals/db/password", {"action": "rotate"})
    assert status == 403
    body = tmp_path / "approval.json"
    body.write_text('{"action":"rotate"}\n')
    words = ("--idempotency-key", "approve-db-password", "secrets", "approvals", "approve", "db/password")
    for _ in range(2):  # repeated with its key, it is told again
        told = team.grace.json(*words, "-f", str(body))
        assert (told["resource"], told["approvals"], told["state"]) == ("secret:db/password", 2, "approved")
    status, meta = curl(team.ci, "PUT", f"{STORE}/db/password", {"value": "r0tat3d"})
    assert (status, meta["version"]) == (200, 2)
    assert team.ci("secrets", "get", "db/password").out == b"r0tat3d"


def test_the_client_says_what_to_do(team: Team) -> None:
    team.operator("secrets", "put", "db/told", stdin=b"one")
    refused = team.ci("secrets", "rotate", "db/told", stdin=b"two")
    assert refused.code == 4
    for text in ("approval", "missing: 2", "trstctl-cli secrets approvals approve db/told --action rotate"):
        assert text in refused.err
    assert "two" not in refused.err


def _id(refused: Outcome) -> str:
    (line,) = [line for line in refused.err.splitlines() if line.strip().startswith("approval_id: ")]
    return line.partition(": ")[2]


def test_requests_are_listed_shown_denied_and_withdrawn(team: Team) -> None:
    team.operator("secrets", "put", "db/life", stdin=b"one")
    first = _id(team.ci("secrets", "rotate", "db/life", stdin=b"two"))
    second = _id(team.ci("secrets", "rotate", "db/life", stdin=b"three"))
    listed = ("secrets", "approvals", "list", "--state", "pending", "--path", "db/life", "-o", "raw")
    assert team.ada(*listed).text.split() == [second, first]
    assert team.ada("secrets", "approvals", "approve", "db/life", "--action", "rotate").code == 6
    assert (
        team.ada.json("secrets", "approvals", "approve", "db/life", "--action", "rotate", "--id", first)["id"] == first
    )
    shown = team.ada("secrets", "approvals", "show", first)
    assert "ada" in shown.text
    assert "write a new value as version 2" in shown.text
    assert team.grace("secrets", "approvals", "deny", first, "--reason", "not today").code == 0
    assert team.ci.json("secrets", "approvals", "show", first)["reason"] == "not today"
    assert team.ada("secrets", "approvals", "withdraw", second).code == 4
    assert team.ci("secrets", "approvals", "withdraw", second).code == 0
    assert team.ada(*listed).text == ""
    assert team.ada("secrets", "approvals", "deny", second, "--reason", "late").code == 6
    assert team.ada("secrets", "approvals", "show", "apr_0").code == 5


def test_a_read_waits_and_is_let_through_once(team: Team) -> None:
    team.operator("secrets", "put", "vault/key", stdin=b"hunter2")
    assert team.ci("secrets", "get", "vault/key").code == 4
    assert team.ci("run", "--secret", "KEY=vault/key", "--", "env").code == 4
    assert team.ada("secrets", "approvals", "approve", "vault/key", "--action", "read").code == 0
    assert team.ci("run", "--secret", "KEY=vault/key", "--", "sh", "-c", 'printf %s "$KEY"').out == b"hunter2"
    assert team.ci("secrets", "get", "vault/key").code == 4


def test_the_glass_is_broken_and_everybody_hears_it(team: Team) -> None:
    team.operator("secrets", "put", "db/urgent", stdin=b"one")
    reason = "Störung: niemand sonst ist wach"
    assert team.ci("secrets", "rotate", "db/urgent", "--break-glass", reason, stdin=b"two").code == 4
    oncall = team.issued("oncall", "secrets:write,approvals:break-glass:db/urgent")
    assert oncall.json("secrets", "rotate", "db/urgent", "--break-glass", reason, stdin=b"two")["version"] == 2
    assert oncall("secrets", "rotate", "db/urgent", "--break-glass", "", stdin=b"two").code == 2
    warned = [line for line in team.server.log() if line.get("message") == "approval bypassed"]
    assert [(line["level"], line["reason"], line["path"]) for line in warned] == [("warning", reason, "db/urgent")]
    (event,) = team.operator.json("audit", "events", "--type", "approval.bypassed")["items"]
    assert event["body"]["reason"] == reason
    metrics = subprocess.run(
        ["curl", "-sS", "--cacert", team.ci.environment["TRSTCTL_CACERT"],
         f"{team.ci.environment['TRSTCTL_SERVER']}/metrics"],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert 'trstctl_approvals_bypassed_total{action="rotate"} 1.0' in metrics


def test_requests_and_approvals_outlive_a_server_that_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path / "data", {"secrets": {"approvals": POLICIES}}) as server:
        team = Team(server)
        team.operator("secrets", "put", "db/a", stdin=b"one")
        team.ci("secrets", "rotate", "db/a", stdin=b"two")
        team.ada("secrets", "approvals", "approve", "db/a", "--action", "rotate")
        server.kill()
        server.start()
        server.wait_until_ready()
        team.grace("secrets", "approvals", "approve", "db/a", "--action", "rotate")
        assert team.ci("secrets", "rotate", "db/a", stdin=b"other").code == 4
        assert team.ci.json("secrets", "rotate", "db/a", stdin=b"two")["version"] == 2
        assert team.operator("audit", "verify").code == 0
    replayed = trstctl("replay", "--data-dir", server.folder)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
