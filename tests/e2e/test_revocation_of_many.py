"""A token that minted more than one append holds is revoked, and the server killed at once: all of it stays revoked."""

from __future__ import annotations

import time
from pathlib import Path

from domain.commands.token_ends import MOST_AT_ONCE
from tests.e2e.https_client import HttpsClient
from tests.e2e.server import serving

TOKENS = "/api/v1/access/api-tokens"
MINTED = MOST_AT_ONCE + 50


def test_all_is_refused_at_once_and_recorded_after_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path / "data", {"limits": {"requests_per_second": 0}, "log": {"level": "warning"}}) as server:
        with server.client() as client:
            team = client("POST", TOKENS, {"subject": "team", "scopes": ["access:write", "secrets:list"]}).json()
            with server.client(team["token"]) as minter:
                body = {"subject": "job", "scopes": ["secrets:list"]}
                keys = [minter("POST", TOKENS, body).json() for _ in range(MINTED)]
            assert client("DELETE", f"{TOKENS}/{team['id']}", {"reason": "leaked"}).status == 204
        server.kill()
        server.start()
        server.wait_until_ready()
        with server.client() as client:
            for key in keys[::100]:
                with server.client(key["token"]) as holder:
                    assert holder("GET", "/api/v1/access/whoami").status == 401
            told = {key["id"]: f"revoked with {team['id']}: leaked" for key in keys} | {team["id"]: "leaked"}
            deadline = time.monotonic() + 20
            while (found := recorded(client)) != told:
                assert time.monotonic() < deadline, len(found)
                time.sleep(0.2)


def recorded(client: HttpsClient) -> dict[str, str]:
    """Of each token whose end is in the log, the reason."""
    found: dict[str, str] = {}
    cursor: str | None = ""
    while cursor is not None:
        onward = f"&cursor={cursor}" if cursor else ""
        page = client("GET", f"/api/v1/audit/events?type=api_token.revoked&limit=1000{onward}").json()
        for event in page["items"]:
            assert event["body"]["token_id"] not in found, "once each"
            found[event["body"]["token_id"]] = event["body"]["reason"]
        cursor = page["next_cursor"]
    return found
