"""What is Redis's own among the backends: rules, what the server writes down, and whom a removal reaches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Any, cast

import msgspec
import pytest
import redis
import yaml

from adapters.providers.redis import rules
from adapters.providers.redis.connections import PlainLink
from adapters.providers.redis.settings import Connection, Role
from cli.server.config.providers import Provider
from domain.backends import BackendRefused, Rotatable
from tests.backends.opening import opened, planned
from tests.backends.redis import PAGE, USER, RedisWorld, running, running_with_tls

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def plain() -> Iterator[RedisWorld]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def saving() -> Iterator[RedisWorld]:
    with running_with_tls() as started:
        yield started


@pytest.fixture
async def backend(plain: RedisWorld) -> AsyncIterator[Rotatable]:
    opening = cast("Rotatable", opened(plain.setup))
    yield opening
    await opening.close()


def listed(world: RedisWorld, name: str) -> list[str]:
    """The user's rules as Redis itself lists them, without name and password."""
    (line,) = [line for line in world.administer("ACL", "LIST") if line.split()[1] == name]
    return [part for part in line.split()[2:] if not part.startswith("#")]


async def test_removal_ends_clients_that_wait_and_clients_that_listen(plain: RedisWorld, backend: Rotatable) -> None:
    account = planned(plain.setup)
    fields = (await backend.create(account)).fields
    waiting = plain.connect(fields).connection_pool.get_connection()
    waiting.send_command("BLPOP", "orders:queue", "0")  # type: ignore[no-untyped-call]  # the library says no types
    listener = planned(plain.setup, settings=plain.setup.other_roles["subscriber"])
    listening = plain.connect((await backend.create(listener)).fields).connection_pool.get_connection()
    listening.send_command("SUBSCRIBE", "news:1")  # type: ignore[no-untyped-call]  # as above
    listening.read_response()
    for each, connection in ((account, waiting), (listener, listening)):
        await backend.remove(each)
        with pytest.raises(redis.ConnectionError):
            connection.read_response()
        connection.disconnect()  # type: ignore[no-untyped-call]  # as above


async def test_the_server_is_sent_no_password_of_a_user_that_is_made(
    plain: RedisWorld, backend: Rotatable, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    send = PlainLink.send_command

    async def sending(link: PlainLink, *command: Any, **more: Any) -> None:
        sent.extend(command)
        await send(link, *command, **more)

    monkeypatch.setattr(PlainLink, "send_command", sending)
    account = planned(plain.setup)
    password = str((await backend.create(account)).fields["password"])
    assert password not in sent
    assert f"#{sha256(password.encode()).hexdigest()}" in sent
    await backend.remove(account)


async def test_a_second_user_has_the_very_rules_of_the_first(plain: RedisWorld, backend: Rotatable) -> None:
    given = ["~a:*", "%R~b", "&news:*", "+@read", "-get", "+config|get", "(~c +set)", "(%W~d &e +@write -del)"]
    plain.administer("ACL", "SETUSER", "standing", "reset", *given, ">one", ">two", "on")
    account = planned(plain.setup)
    await backend.create_like(account, "standing")
    assert listed(plain, account.name) == listed(plain, "standing")
    await backend.retire("standing")
    await backend.remove(account)


async def test_a_user_that_may_log_in_without_password_has_a_second_that_may_not(
    plain: RedisWorld, backend: Rotatable
) -> None:
    plain.administer("ACL", "SETUSER", "open-to-all", "reset", "nopass", "+ping", "on")
    account = planned(plain.setup)
    await backend.create_like(account, "open-to-all")
    assert "nopass" not in listed(plain, account.name)
    with pytest.raises(BackendRefused):
        await backend.log_in({"username": account.name, "password": "anything"})
    await backend.remove(account)
    plain.administer("ACL", "DELUSER", "open-to-all")


async def test_our_own_login_is_never_removed(plain: RedisWorld, backend: Rotatable) -> None:
    with pytest.raises(BackendRefused, match="we ourselves"):
        await backend.retire(USER)
    await backend.check()


async def test_the_default_user_is_refused_by_redis(backend: Rotatable) -> None:
    with pytest.raises(BackendRefused, match="cannot be removed"):
        await backend.retire("default")


async def test_a_connection_that_the_server_closed_is_replaced_unnoticed(plain: RedisWorld, backend: Rotatable) -> None:
    await backend.check()
    plain.administer("CLIENT", "KILL", "USER", USER)
    await asyncio.sleep(0.05)
    await backend.check()


async def test_saved_users_survive_a_restart_and_removed_ones_do_not_return(saving: RedisWorld) -> None:
    backend, (staying, going) = opened(saving.setup), (planned(saving.setup) for _ in range(2))
    credential = await backend.create(staying)
    await backend.create(going)
    await backend.remove(going)
    saving.server.stop()
    saving.server.start()
    saving.administer("SET", "orders:1", "Ada")
    await saving.log_in(credential.fields)
    assert await backend.present(staying)
    assert not await backend.present(going)
    await backend.remove(staying)
    assert staying.name not in (saving.server.folder / "users.acl").read_text()
    await backend.close()


async def test_a_server_without_an_acl_file_cannot_save_and_says_so(plain: RedisWorld) -> None:
    backend, account = opened(plain.setup, connection={"save_acl": True}), planned(plain.setup)
    for asked in (backend.check(), backend.create(account), backend.remove(account)):
        with pytest.raises(BackendRefused, match="not configured to use an ACL file"):
            await asked
    assert not await backend.present(account)
    await backend.close()


async def test_a_certificate_of_somebody_else_is_refused(saving: RedisWorld) -> None:
    backend = opened(saving.setup, connection={"ca_file": ""})
    with pytest.raises(BackendRefused, match="set ca_file"):
        await backend.check()
    await backend.close()


async def test_connections_that_were_given_up_on_are_gone_at_once(saving: RedisWorld) -> None:
    backend = opened(saving.setup, timeout=0.5)
    await backend.check()
    saving.freeze()
    began = time.monotonic()
    with pytest.raises(Exception, match="did not answer"):
        await backend.check()
    saving.thaw()
    await asyncio.sleep(0.3)
    saving.peak()
    assert saving.peak() == 0
    assert time.monotonic() - began < 3
    await backend.close()


@pytest.mark.parametrize(
    "rule",
    [
        *("on", "off", "ON", "nopass", "resetpass", "reset", "clearselectors", ">secret", "<secret", f"#{'a' * 64}"),
        *(
            f"!{'a' * 64}",
            "~a b",
            "+get on",
            "(~a on)",
            "(~a nopass +get)",
            "((~a))",
            "()",
            "get",
            "app:*",
            "%X~a",
            " ",
        ),
    ],
)
def test_a_rule_of_passwords_or_of_nothing_is_refused(rule: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"rules": [rule]}, Role)


@pytest.mark.parametrize(
    "rule",
    ["~app:*", "%R~app:*", "%RW~app:*", "&news:*", "+get", "+@read", "-@all", "+config|get", "allkeys", "(~a:* +get)"],
)
def test_a_rule_of_keys_channels_or_commands_is_allowed(rule: str) -> None:
    assert msgspec.convert({"rules": [rule]}, Role).rules == [rule]


def test_rules_as_older_servers_tell_them_are_read_too() -> None:
    told: dict[str, Any] = {
        "flags": ["on", "nopass"],
        "passwords": ["a" * 64],
        "commands": "-@all +get",
        "keys": ["a:*"],
        "channels": ["news:*"],
    }
    assert rules.read(told) == ["~a:*", "&news:*", "-@all", "+get"]


def test_files_of_certificates_without_tls_are_refused() -> None:
    for settings in ({"tls": False, "ca_file": "/x"}, {"cert_file": "/x"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"host": "h", **settings}, Connection)


def test_the_pages_configuration_is_one() -> None:
    text = PAGE.read_text().partition("```yaml\n")[2].partition("```")[0]
    (given,) = yaml.safe_load(text)["secrets"]["providers"]
    provider = msgspec.convert(given, Provider)
    msgspec.convert(provider.connection, Connection)
    for role in provider.roles:
        msgspec.convert(role.settings, Role)
