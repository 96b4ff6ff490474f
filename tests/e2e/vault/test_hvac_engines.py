"""The Python client hvac, unchanged, over TLS: wrapping, cubbyhole, token roles, and databases at a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import hvac
import psycopg
import pytest
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest

from tests.backends import postgresql
from tests.backends.postgresql import ADMIN, PostgresWorld
from tests.e2e.server import Server, dev_server

CREATION = [
    "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';",
    'GRANT SELECT ON orders TO "{{name}}";',
]
ROTATION = ["ALTER USER \"{{name}}\" WITH PASSWORD '{{password}}';"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dev_server(tmp_path_factory.mktemp("hvac") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def world() -> Iterator[PostgresWorld]:
    with postgresql.running() as started:
        yield started


def client_of(server: Server, token: str | None) -> hvac.Client:
    url, verify = f"https://127.0.0.1:{server.port}", str(server.folder / "tls.crt")
    client = hvac.Client(url=url, token=token, verify=verify)
    client.token = token
    return client


@pytest.fixture
def root(server: Server) -> hvac.Client:
    return client_of(server, server.token)


@pytest.fixture
def database(root: hvac.Client, world: PostgresWorld) -> hvac.Client:
    """A client for whom `database/config/pg` is there."""
    root.secrets.database.configure(
        name="pg",
        plugin_name="postgresql-database-plugin",
        allowed_roles=["readonly", "standing"],
        connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{world.gate.port}/app?sslmode=disable",
        username=ADMIN,
        password=world.setup.secrets["password"],
    )
    return root


def test_what_is_wrapped_is_unwrapped_once_by_its_token(root: hvac.Client) -> None:
    wrapped = root.sys.wrap(payload={"foo": "bar"}, ttl=100)
    assert wrapped["wrap_info"]["ttl"] == 100
    assert root.sys.unwrap(wrapped["wrap_info"]["token"])["data"] == {"foo": "bar"}
    with pytest.raises(InvalidRequest, match="wrapping token is not valid or does not exist"):
        root.sys.unwrap(wrapped["wrap_info"]["token"])


def test_who_has_only_the_wrapping_token_unwraps_with_it(root: hvac.Client, server: Server) -> None:
    token = root.sys.wrap(payload={"foo": "bar"}, ttl=100)["wrap_info"]["token"]
    assert client_of(server, token).sys.unwrap()["data"] == {"foo": "bar"}
    token = root.sys.wrap(payload={"foo": "bar"}, ttl=100)["wrap_info"]["token"]
    assert client_of(server, None).sys.unwrap(token)["data"] == {"foo": "bar"}


def test_a_token_is_created_wrapped(root: hvac.Client, server: Server) -> None:
    wrapped = root.auth.token.create(policies=["default"], ttl="1h", wrap_ttl="60s")["wrap_info"]
    auth = client_of(server, wrapped["token"]).sys.unwrap()["auth"]
    assert auth["accessor"] == wrapped["wrapped_accessor"]
    assert client_of(server, auth["client_token"]).is_authenticated()


def test_cubbyholes_are_kept_apart(root: hvac.Client, server: Server) -> None:
    other = client_of(server, root.auth.token.create(policies=["default"])["auth"]["client_token"])
    root.write_data("cubbyhole/a/b", data={"mine": "1"})
    other.write_data("cubbyhole/a/b", data={"mine": "2"})
    assert root.read("cubbyhole/a/b")["data"] == {"mine": "1"}
    assert other.read("cubbyhole/a/b")["data"] == {"mine": "2"}
    assert other.list("cubbyhole/a")["data"]["keys"] == ["b"]
    other.delete("cubbyhole/a/b")
    assert other.read("cubbyhole/a/b") is None
    assert root.read("cubbyhole/a/b")["data"] == {"mine": "1"}


def test_token_roles_are_written_used_and_removed(root: hvac.Client, server: Server) -> None:
    token = root.auth.token
    assert token.create_or_update_role("deploy", allowed_policies="deploy,audit", token_period="1h").status_code == 204
    assert token.read_role("deploy")["data"]["allowed_policies"] == ["audit", "deploy"]
    assert token.list_roles()["data"]["keys"] == ["deploy"]
    auth = token.create(role_name="deploy", policies=["deploy"])["auth"]
    assert (auth["policies"], auth["lease_duration"]) == (["default", "deploy"], 3600)
    with pytest.raises(InvalidRequest, match="must be subset of the role's allowed policies"):
        token.create(role_name="deploy", policies=["other"])
    assert token.delete_role("deploy").status_code == 204
    with pytest.raises(InvalidPath):
        token.read_role("deploy")


def test_a_policy_for_a_role_is_all_its_caller_needs(root: hvac.Client, server: Server) -> None:
    root.sys.create_or_update_policy("maker", 'path "auth/token/create/deploy" { capabilities = ["update"] }')
    root.auth.token.create_or_update_role("deploy", allowed_policies="deploy", orphan=True)
    maker = client_of(server, root.auth.token.create(policies=["maker"])["auth"]["client_token"])
    auth = maker.auth.token.create(role_name="deploy")["auth"]
    assert (auth["policies"], auth["orphan"]) == (["default", "deploy"], True)
    with pytest.raises(Forbidden):
        maker.auth.token.create(policies=["deploy"])
    with pytest.raises(Forbidden):
        maker.auth.token.create_or_update_role("deploy", allowed_policies="root")


def test_connections_are_configured_listed_reset_and_removed(database: hvac.Client) -> None:
    engine = database.secrets.database
    assert engine.list_connections()["data"]["keys"] == ["pg"]
    read = engine.read_connection("pg")["data"]
    assert read["allowed_roles"] == ["readonly", "standing"]
    assert read["connection_details"]["username"] == ADMIN
    assert "password" not in read["connection_details"]
    assert engine.reset_connection("pg").status_code == 204
    assert engine.delete_connection("pg").status_code == 204
    with pytest.raises(InvalidPath):
        engine.list_connections()


def test_credentials_are_made_renewed_and_revoked(database: hvac.Client, world: PostgresWorld) -> None:
    engine = database.secrets.database
    made = engine.create_role("readonly", "pg", CREATION, default_ttl="1h", max_ttl="24h")
    assert made.status_code == 204
    assert engine.list_roles()["data"]["keys"] == ["readonly"]
    assert engine.read_role("readonly")["data"]["creation_statements"] == CREATION
    lease = engine.generate_credentials("readonly")
    login = lease["data"]
    with psycopg.connect(world.server.dsn("app", login["username"], login["password"])) as connection:
        assert connection.execute("SELECT customer FROM orders").fetchall() == [("Ada",)]
    renewed = database.sys.renew_lease(lease["lease_id"], increment=7200)
    assert 7190 <= renewed["lease_duration"] <= 7200
    database.sys.revoke_lease(lease["lease_id"])
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(world.server.dsn("app", login["username"], login["password"]))
    assert engine.delete_role("readonly").status_code == 204


def test_a_policy_gives_credentials_of_one_role(database: hvac.Client, server: Server) -> None:
    database.secrets.database.create_role("readonly", "pg", CREATION)
    database.sys.create_or_update_policy("reader", 'path "database/creds/readonly" { capabilities = ["read"] }')
    reader = client_of(server, database.auth.token.create(policies=["reader"])["auth"]["client_token"])
    assert reader.secrets.database.generate_credentials("readonly")["data"]["username"]
    for refused in (reader.secrets.database.list_roles, reader.secrets.database.list_connections):
        with pytest.raises(Forbidden):
            refused()


@pytest.mark.anyio
async def test_standing_accounts_get_passwords(database: hvac.Client, world: PostgresWorld) -> None:
    engine = database.secrets.database
    name = str((await world.standing())["username"])
    assert engine.create_static_role("standing", "pg", name, ROTATION, rotation_period=86400).status_code == 204
    assert engine.list_static_roles()["data"]["keys"] == ["standing"]
    assert engine.read_static_role("standing")["data"]["username"] == name
    first = engine.get_static_credentials("standing")["data"]["password"]
    assert engine.rotate_static_role_credentials("standing").status_code == 204
    second = engine.get_static_credentials("standing")["data"]["password"]
    assert first != second
    psycopg.connect(world.server.dsn("app", name, second)).close()
    assert engine.delete_static_role("standing").status_code == 204
