"""Addresses and statements of Vault's database plugins, as connections and roles of providers."""

from __future__ import annotations

import msgspec
import pytest

from adapters.provider_table import kind
from api.vault.database_connections import PLUGINS, server_of, template_of
from api.vault.database_statements import Texts, settings_of, statements, texts_of
from api.vault.failures import VaultError
from api.vault.fields import Fields

LOGIN = {"username": "root", "password": "p"}
PG = "postgresql://{{username}}:{{password}}@"


@pytest.mark.parametrize(
    "plugin_kind, template, connection",
    [
        (
            "postgresql", f"{PG}db.example/app",
            {"host": "db.example", "port": 5432, "database": "app", "username": "root", "sslmode": "verify-full"},
        ),
        (
            "postgresql", "postgres://{{ username }}:{{password}}@[::1]:5433?sslmode=require",
            {"host": "::1", "port": 5433, "database": "root", "username": "root", "sslmode": "require"},
        ),
        (
            "mysql", "{{username}}:{{password}}@tcp(db:3307)/",
            {"host": "db", "port": 3307, "database": "", "username": "root", "tls": "disable"},
        ),
        (
            "mysql", "{{username}}:{{password}}@tcp(db)/app?tls=true&parseTime=true",
            {"host": "db", "port": 3306, "database": "app", "username": "root", "tls": "verify-full"},
        ),
        (
            "mongodb", "mongodb://{{username}}:{{password}}@a:1,b:2/app?tls=true&replicaSet=rs0&authSource=admin",
            {"hosts": ["a:1", "b:2"], "replica_set": "rs0", "database": "admin", "username": "root", "tls": True},
        ),
        (
            "mongodb", "mongodb://{{username}}:{{password}}@a",
            {"hosts": ["a"], "replica_set": "", "database": "admin", "username": "root", "tls": False},
        ),
    ],
)  # fmt: skip
def test_an_address_is_a_connection(plugin_kind: str, template: str, connection: dict[str, object]) -> None:
    server = server_of(plugin_kind, Fields({"connection_url": template, **LOGIN}), "")
    assert (server.connection, server.password, server.template) == (connection, "p", template)
    msgspec.convert(server.connection, kind(plugin_kind).connection)
    again = server_of(plugin_kind, Fields({**LOGIN}), template_of(plugin_kind, connection))
    assert again.connection == connection


@pytest.mark.parametrize(
    "plugin_kind, address, template",
    [
        ("postgresql", "postgresql://ada:s%40cret@h/d", f"{PG}h/d"),
        ("mysql", "ada:s%40cret@tcp(h)/", "{{username}}:{{password}}@tcp(h)/"),
        ("mongodb", "mongodb://ada:s%40cret@h", "mongodb://{{username}}:{{password}}@h"),
    ],
)
def test_credentials_in_an_address_are_taken_out_of_it(plugin_kind: str, address: str, template: str) -> None:
    server = server_of(plugin_kind, Fields({"connection_url": address}), "")
    assert (server.connection["username"], server.password, server.template) == ("ada", "s@cret", template)


def test_without_a_password_there_is_none_to_give() -> None:
    assert server_of("postgresql", Fields({"username": "root"}), f"{PG}h/d").password is None
    assert server_of("redis", Fields({"host": "h"}), "").password is None


@pytest.mark.parametrize(
    "plugin_kind, address",
    [
        ("postgresql", "host=h user=x"), ("postgresql", f"{PG}a,b/d"), ("mysql", "u:p@unix(/x)/"),
        ("mysql", "u:p@tcp(h)/?allowAllFiles=true"), ("mongodb", "mongodb+srv://u:p@h"), ("mysql", "u:p@tcp(h)/?tls=x"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_refused(plugin_kind: str, address: str) -> None:
    with pytest.raises(VaultError):
        server_of(plugin_kind, Fields({"connection_url": address, **LOGIN}), "")


def test_every_plugin_is_a_kind() -> None:
    assert all(kind(each).name == each for each in PLUGINS.values())


@pytest.mark.parametrize(
    "given, told",
    [
        ("GRANT a, b TO c;", ["GRANT a, b TO c;"]),
        (["a", "b"], ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ("R1JBTlQgYSwgYiBUTyBjOw==", ["GRANT a, b TO c;"]),
        ("WyJhIiwgImIiXQ==", ["a", "b"]),
        ("", []),
        ([" "], []),
    ],
)
def test_statements_are_read_as_vault_reads_them(given: object, told: list[str]) -> None:
    assert statements(Fields({"creation_statements": given}), "creation_statements") == told


def test_statements_of_another_shape_are_refused() -> None:
    for given in (7, [7], {"a": 1}, ["x"] * 101):
        with pytest.raises(VaultError):
            statements(Fields({"creation_statements": given}), "creation_statements")


@pytest.mark.parametrize(
    "statement, host, tls",
    [
        ("CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'", "%", False),
        ("create user if not exists '{{username}}'@'10.0.%' identified by '{{password}}' REQUIRE SSL", "10.0.%", True),
        ("CREATE USER `{{name}}`@`%` IDENTIFIED WITH mysql_native_password BY '{{password}}'", "%", False),
    ],
)
def test_the_account_of_a_mysql_role_is_ours_to_make(statement: str, host: str, *, tls: bool) -> None:
    texts = Texts([f"{statement}; GRANT SELECT ON app.* TO '{{{{name}}}}'@'{host}';"], [], [])
    settings = settings_of("mysql", texts, {})
    assert (settings["host"], settings["require_tls"]) == (host, tls)
    assert settings["creation_statements"] == [f" GRANT SELECT ON app.* TO '{{{{name}}}}'@'{host}'"]
    msgspec.convert(settings, kind("mysql").role)


@pytest.mark.parametrize(
    "statement",
    [
        "GRANT SELECT ON app.* TO '{{name}}'@'%'",
        "CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}' ACCOUNT LOCK",
        "CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'; ALTER USER x IDENTIFIED BY '{{password}}'",
    ],
)
def test_an_account_of_mysqls_that_we_could_not_make_so_is_refused(statement: str) -> None:
    with pytest.raises(VaultError, match="CREATE USER"):
        settings_of("mysql", Texts([statement], [], []), {})


def test_a_mongodb_role_names_roles_and_their_databases() -> None:
    text = '{"db": "admin", "roles": [{"role": "readWrite"}, {"role": "read", "db": "foo"}]}'
    settings = settings_of("mongodb", Texts([text], [], []), {"database": "admin"})
    assert settings == {"roles": [{"role": "readWrite", "db": "admin"}, {"role": "read", "db": "foo"}]}
    msgspec.convert(settings, kind("mongodb").role)
    with pytest.raises(VaultError, match="made in the database"):
        settings_of("mongodb", Texts(['{"db": "foo", "roles": []}'], [], []), {"database": "admin"})


def test_a_redis_role_is_a_list_of_rules() -> None:
    settings = settings_of("redis", Texts(['["~app:*", "+@read -@dangerous"]'], [], []), {})
    assert settings == {"rules": ["~app:*", "+@read", "-@dangerous"]}
    with pytest.raises(VaultError, match="alone"):
        settings_of("redis", Texts(["+get"], ["x"], []), {})


@pytest.mark.parametrize(
    "which, settings",
    [
        ("postgresql", {"creation_statements": ["GRANT x TO {{name}}"], "revocation_statements": ["a"]}),
        ("redis", {"rules": ["+get", "~a:*"]}),
        ("mongodb", {"roles": [{"role": "read", "db": "x"}]}),
    ],
)
def test_native_roles_are_told_as_statements_that_mean_the_same(which: str, settings: dict[str, object]) -> None:
    again = settings_of(which, texts_of(which, settings), {})
    assert again == {**again, **settings}
