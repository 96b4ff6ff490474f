"""Every command of the README and of docs/ is typed into a real terminal, and shows what the page says it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.docs.blocks import COMMANDS, OTHERS, Step, fences, looks_typed, pattern, steps
from tests.docs.pages import (
    FROM_NOTHING,
    ON_A_POSTGRES_OF_ITS_OWN,
    ON_A_SERVICE,
    ON_A_VAULT,
    ON_POSTGRES,
    PAGES,
    ROOT,
    WITH_COMMANDS,
)
from tests.docs.terminal import Terminal
from tests.docs.workplace import Workplace
from tests.e2e.server import Server, dev_server, serving
from tests.postgres_server import PostgresServer, running_postgres

SERVER: Final = "server"
"""The terminal in which pages that start a server start it."""


def with_a_server(page: str, typed: list[Step]) -> list[Step]:
    """The page's steps, and before them the start of a server if the page expects one to run."""
    if page in FROM_NOTHING | ON_A_SERVICE:
        return typed
    return [Step(0, "trstctl dev --port 8443", "trstctl serves …\n…", SERVER), *typed]


def tried(terminal: Terminal, step: Step) -> str | None:
    """Type it; what is wrong with what came of it, if anything."""
    if step.stops:
        terminal.interrupt()
    terminal.type(step.command)
    wanted = None if step.shown is None else pattern(step.shown)
    try:
        if step.terminal and wanted:  # it may keep running: wait only for what it has to show
            terminal.wait_for(lambda: terminal.code is not None or bool(wanted.fullmatch(terminal.text)))
        else:
            terminal.finish()
    except TimeoutError:
        return f"it does not end, or shows something else:\n{terminal.text}"
    if terminal.code:
        return f"exit code {terminal.code}, and:\n{terminal.text}"
    return None if wanted is None or wanted.fullmatch(terminal.text) else f"it shows:\n{terminal.text}"


@contextmanager
def surroundings(page: str, workplace: Workplace, request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    """What the page expects to find, and the environment that tells of it."""
    environment = workplace.environment(programs=page not in FROM_NOTHING)
    with ExitStack() as things:
        if page in ON_A_SERVICE:
            things.enter_context(serving(Path(workplace.text("/etc/trstctl"))))
        if page in ON_POSTGRES:
            postgres: PostgresServer = request.getfixturevalue("postgres_server")
            environment = {**environment, **postgres_variables(postgres)}
            for database in ON_POSTGRES[page]:
                things.callback(postgres.drop_database, postgres.dsn(database))
        if page in ON_A_POSTGRES_OF_ITS_OWN:
            environment = {**environment, **postgres_variables(things.enter_context(running_postgres()))}
        if page in ON_A_VAULT:
            old = things.enter_context(dev_server(workplace.clone.with_name("old-vault")))
            environment = {**environment, **vault_variables(old)}
        yield environment


def vault_variables(server: Server) -> Mapping[str, str]:
    """What Vault's clients go by, once there are secrets in the server: two names, four versions, one of them gone."""
    with server.client() as client:
        for path, password in (("app/db", "a"), ("app/db", "b"), ("app/db", "c"), ("app/api", "d")):
            written = client("PUT", f"/v1/secret/data/{path}", {"data": {"password": password}})
            assert written.status == 200, written
        assert client("PUT", "/v1/secret/destroy/app/db", {"versions": [2]}).status == 204
    return {
        "VAULT_ADDR": f"https://localhost:{server.port}",
        "VAULT_TOKEN": server.token,
        "VAULT_CACERT": str(server.folder / "tls.crt"),
    }


def postgres_variables(server: PostgresServer) -> Mapping[str, str]:
    """What libpq goes by."""
    address = urlsplit(server.dsn())
    return {
        "PGHOST": address.hostname or "",
        "PGPORT": str(address.port),
        "PGUSER": address.username or "",
        "PGPASSWORD": address.password or "",
    }


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_commands_do_what_the_page_says(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    workplace = Workplace(ROOT, tmp_path)
    with surroundings(page, workplace, request) as environment, ExitStack() as open_terminals:
        terminals: dict[str, Terminal] = {}
        for step in with_a_server(page, steps(fences(ROOT / page))):
            if step.terminal not in terminals:
                terminals[step.terminal] = open_terminals.enter_context(Terminal(workplace.clone, environment))
            if said := tried(terminals[step.terminal], workplace.step(step)):
                pytest.fail(f"{page}:{step.line}: {step.command}\n{said}", pytrace=False)


@pytest.mark.parametrize("page", PAGES)
def test_a_fence_says_what_it_is(page: str) -> None:
    known = COMMANDS | OTHERS | {""}
    said = [f"{page}:{each.line}" for each in fences(ROOT / page) if each.language not in known or looks_typed(each)]
    assert said == []


@pytest.mark.parametrize("page", PAGES)
def test_only_listed_pages_have_nothing_to_type(page: str) -> None:
    assert bool(steps(fences(ROOT / page))) == (page in WITH_COMMANDS)
