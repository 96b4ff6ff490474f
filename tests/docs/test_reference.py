"""The pages of docs/reference say what the code does."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from cli.client.exit_codes import _BY_STATUS, ExitCode
from cli.client.families import ROOT as CLIENT
from cli.server import exit_codes as server_codes
from domain.events import EVENTS

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"


def maker(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, REFERENCE / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["make_cli", "make_events", "make_vault_routes"])
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    module = maker(name)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: make docs"


def test_every_field_of_an_event_has_a_meaning_and_none_is_left_over() -> None:
    module = maker("make_events")
    assert {field for event in EVENTS.values() for field in module.fields_of(event)} == set(module.MEANINGS)


def test_every_command_and_option_of_the_server_is_described() -> None:
    module = maker("make_cli")
    undescribed = [
        " ".join([*path, parameter.name or ""])
        for path, command in module.walk(module.trstctl, ())
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert undescribed == []


def commands(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", each) for below, each in commands(command))
        else:
            yield name, command


def test_every_command_of_the_client_is_on_its_page() -> None:
    page = (REFERENCE / "cli-client.md").read_text()
    for path, _ in commands(CLIENT):
        words = path.removeprefix("secrets ")
        assert re.search(rf"`{re.escape(words)}[ `\\]", page) or f"## `{words}`" in page, path


def test_every_option_of_the_client_is_on_its_page() -> None:
    page = (REFERENCE / "cli-client.md").read_text()
    unheard = {
        f"{path}: {option.opts[-1]}"
        for path, command in commands(CLIENT)
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden and not any(name in page for name in option.opts)
    }
    assert unheard == set()


def codes(title: str) -> dict[int, str]:
    """Code and meaning in the table under a title of the page."""
    section = (REFERENCE / "exit-codes.md").read_text().partition(f"## `{title}`\n")[2].partition("\n## ")[0]
    return {int(code): meaning for code, meaning in re.findall(r"^\| (\d+) \| (.*) \|$", section, re.MULTILINE)}


def test_every_exit_code_of_the_client_is_on_the_page() -> None:
    page = codes("trstctl-cli")
    assert set(page) == {code.value for code in ExitCode}
    assert [status for status, code in _BY_STATUS.items() if str(status) not in page[code]] == []


def test_every_exit_code_of_the_server_is_on_the_page() -> None:
    assert set(codes("trstctl")) == {value for name, value in vars(server_codes).items() if type(value) is int}
