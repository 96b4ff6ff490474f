"""The command line: what is told of errors, and with which exit code."""

from __future__ import annotations

import importlib
import sys

import click
import pytest

from cli.server.exit_codes import exit_code
from cli.server.main import COMMANDS, main, trstctl
from domain import errors


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["trstctl", *words])
    return main()


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def fail() -> None:
        raise error

    monkeypatch.setattr(trstctl, "get_command", lambda _context, name: click.Command(name, callback=fail))
    return run(monkeypatch, "anything")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_is_there(name: str) -> None:
    command = importlib.import_module(COMMANDS[name].module).command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help


def test_help_lists_every_command_without_importing_any(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib, "import_module", lambda name: pytest.fail(f"imported {name}"))
    assert run(monkeypatch, "--help") == 0
    printed = capsys.readouterr().out
    assert [name for name in COMMANDS if f"  {name} " not in printed] == []


def test_an_error_is_one_line_with_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(monkeypatch, errors.Misconfigured("x.yaml: key y:\n  is wrong")) == 2
    assert capsys.readouterr().err == "trstctl: x.yaml: key y: is wrong\n"


def test_a_fault_of_ours_tells_its_place_and_not_what_it_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(monkeypatch, ValueError("s3cr3t")) == 2
    printed = capsys.readouterr().err
    assert "internal error: ValueError at " in printed
    assert "s3cr3t" not in printed


@pytest.mark.parametrize(
    "error, code",
    [
        (errors.NotFound("x"), 1),
        (errors.Conflict("x"), 1),
        (errors.Invalid("x"), 2),
        (errors.StoreUnavailable("x"), 2),
        (errors.KeyUnavailable("x"), 2),
        (errors.Unauthenticated("x"), 1),
    ],
)
def test_an_error_s_exit_code_is_that_of_its_kind(error: errors.TrstctlError, code: int) -> None:
    assert exit_code(error) == code


def test_a_word_that_is_no_command_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "sreve") == 2
    assert "No such command" in capsys.readouterr().err


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failing(monkeypatch, KeyboardInterrupt()) == 130
