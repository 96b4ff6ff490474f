"""`leases`: what is asked for, and how the credential is shown this once."""

from __future__ import annotations

import json

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer

LEASES = "/api/v1/secrets/leases"
META = {
    "id": "lse_1", "provider": "app-db", "role": "read", "state": "active", "subject": "ada", "account": "trst-a",
    "expires_at": "U",
}  # fmt: skip
FIELDS = {"username": "trst-a", "password": "s3c$r3t", "port": 5432, "dsn": "postgresql://trst-a:s3c@db/app"}
ISSUED = META | {"credential": FIELDS}


@pytest.mark.parametrize(
    "words, body",
    [
        (("app-db/read",), {"provider": "app-db", "role": "read"}),
        (("app-db/read", "--ttl", "15m"), {"provider": "app-db", "role": "read", "ttl_seconds": 900}),
        (("-f", "-"), {"provider": "x", "role": "y"}),
    ],
)
@pytest.mark.parametrize("nested", [(), ("secrets",)])
def test_issue_sends_what_is_wanted(
    server: FakeServer, client: Client, words: tuple[str, ...], body: dict[str, object], nested: tuple[str, ...]
) -> None:
    server.on("POST", LEASES, ISSUED, 201)
    outcome = client(*nested, "leases", "issue", *words, "-o", "json", stdin=b'{"provider":"x","role":"y"}')
    assert (outcome.code, json.loads(outcome.out)) == (0, ISSUED)
    assert server.asked[0].body == body
    assert "Idempotency-Key" in server.asked[0].headers


@pytest.mark.parametrize(
    "words",
    [(), ("app-db",), ("app-db/",), ("/read",), ("a/b/c",), ("a/b", "--ttl", "soon"), ("-f", "-", "--ttl", "1m")],
)
def test_issue_of_nothing_in_particular_is_refused(server: FakeServer, client: Client, words: tuple[str, ...]) -> None:
    assert client("leases", "issue", *words, stdin=b"{}").code == 2
    assert server.asked == []


def test_issue_as_a_table_shows_the_credential_first(server: FakeServer, client: Client) -> None:
    server.on("POST", LEASES, ISSUED, 201)
    lines = client("leases", "issue", "app-db/read").text.splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["username", "password", "port", "dsn", "id"]


def test_issue_as_dotenv_names_variables_and_tells_the_id_beside(server: FakeServer, client: Client) -> None:
    server.on("POST", LEASES, ISSUED, 201)
    outcome = client("leases", "issue", "app-db/read", "-o", "dotenv")
    lines = ["APP_DB_USERNAME=trst-a", "APP_DB_PASSWORD='s3c$r3t'", "APP_DB_PORT=5432", f"APP_DB_DSN={FIELDS['dsn']}"]
    assert outcome.text.splitlines() == lines
    assert "lse_1 ends at U" in outcome.err
    assert "DB_PORT=5432" in client("leases", "issue", "app-db/read", "-o", "dotenv", "--env-prefix", "DB").text


@pytest.mark.parametrize(
    "fields, alone",
    [
        (FIELDS, FIELDS["dsn"]),
        ({"token": "t", "namespace": "n"}, "t"),
        ({"username": "u", "password": "p"}, "p"),
        ({"access_key_id": "a", "secret_access_key": "k", "session_token": "s"}, "k"),
    ],
)
def test_issue_raw_is_what_one_logs_in_with(
    server: FakeServer, client: Client, fields: dict[str, object], alone: str
) -> None:
    server.on("POST", LEASES, META | {"credential": fields}, 201)
    assert client("leases", "issue", "app-db/read", "-o", "raw").text == f"{alone}\n"


def test_issue_raw_of_what_has_no_such_field_names_the_lease(server: FakeServer, client: Client) -> None:
    server.on("POST", LEASES, META | {"credential": {"shape": "round"}}, 201)
    outcome = client("leases", "issue", "app-db/read", "-o", "raw")
    assert (outcome.code, outcome.out) == (1, b"")
    assert "lse_1" in outcome.err
    assert "round" not in outcome.err


@pytest.mark.parametrize("form", ["table", "json", "dotenv", "raw"])
def test_issue_with_a_used_key_says_that_it_was_shown(server: FakeServer, client: Client, form: str) -> None:
    server.on("POST", LEASES, META | {"replayed": True}, 201)
    outcome = client("leases", "issue", "app-db/read", "-o", form)
    assert outcome.code == 0
    assert "used before" in outcome.err


def test_list_goes_through_all_pages_with_what_was_asked(server: FakeServer, client: Client) -> None:
    server.on("GET", LEASES, {"items": [META], "next_cursor": "lse_1"})
    server.on("GET", LEASES, {"items": [META | {"id": "lse_2"}], "next_cursor": None})
    wanted = {"provider": "app-db", "role": "read", "subject": "ada", "state": "active", "prefix": "app-"}
    words = [word for name, value in wanted.items() for word in (f"--{name}", value)]
    assert client("leases", "list", *words, "-o", "raw").text == "lse_1\nlse_2\n"
    assert [wanted.items() <= each.query.items() for each in server.asked] == [True, True]


def test_show_tells_of_one(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{LEASES}/lse_1", META)
    assert client("leases", "show", "lse_1", "-o", "raw").text == "active\n"


def test_renew_says_how_much_longer(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{LEASES}/lse_1/renew", META)
    assert client("leases", "renew", "lse_1").code == 2
    assert client("leases", "renew", "lse_1", "--extend", "1h", "-o", "raw").text == "U\n"
    assert client("leases", "renew", "lse_1", "-f", "-", stdin=b'{"extend_seconds":60}').code == 0
    assert [asked.body for asked in server.asked] == [{"extend_seconds": 3600}, {"extend_seconds": 60}]


def test_revoke_says_whether_the_backend_is_seen_to_be_rid_of_it(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{LEASES}/lse_1/revoke", META | {"state": "revoked"})
    server.on("POST", f"{LEASES}/lse_1/revoke", META | {"state": "revoking"})
    done = client("leases", "revoke", "lse_1", "--reason", "leaked", "-o", "raw")
    assert (done.text, done.err) == ("revoked\n", "")
    assert server.asked[0].body == {"reason": "leaked"}
    under_way = client("leases", "revoke", "lse_1", "-o", "raw")
    assert under_way.text == "revoking\n"
    assert "not seen to be rid of it yet" in under_way.err


def test_revoke_all_wants_to_know_which_and_a_yes(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{LEASES}/revoke", {"revoking": 3})
    assert client("leases", "revoke-all", "--yes").code == 2
    assert client("leases", "revoke-all", "--provider", "app-db").code == 2
    assert server.asked == []
    words = ("--provider", "app-db", "--role", "read", "--prefix", "app-", "--subject", "ada", "--reason", "r", "--yes")
    assert client("leases", "revoke-all", *words, "-o", "raw").text == "3\n"
    wanted = {"provider": "app-db", "role": "read", "prefix": "app-", "subject": "ada", "reason": "r"}
    assert server.asked[0].body == wanted


@pytest.mark.parametrize(
    "found, code",
    [({}, 0), ({"orphans": ["trst-x"]}, 1), ({"ghosts": ["lse_9"]}, 1), ({"error": "it does not answer"}, 7)],
)
def test_audit_fails_if_log_and_backend_differ(
    server: FakeServer, client: Client, found: dict[str, object], code: int
) -> None:
    item = {"provider": "app-db", "kind": "postgresql", "orphans": [], "ghosts": [], "error": None} | found
    server.on("GET", f"{LEASES}/audit", {"items": [item]})
    outcome = client("leases", "audit", "--provider", "app-db", "-o", "json")
    assert (outcome.code, json.loads(outcome.out)) == (code, {"items": [item]})
    assert server.asked[0].query == {"provider": "app-db"}
