"""How pages are read and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import Step, fences, pattern, steps
from tests.docs.screen import shown
from tests.docs.terminal import Terminal


def read(folder: Path, text: str) -> list[Step]:
    page = folder / "page.md"
    page.write_text(text)
    return steps(fences(page))


def test_console_separates_commands_from_what_they_show(tmp_path: Path) -> None:
    found = read(tmp_path, "```console\n$ echo a\na\n$ echo \\\n  b\nb\nc\n$ true\n```\n")
    assert [(step.line, step.command, step.shown) for step in found] == [
        (2, "echo a", "a"),
        (4, "echo \\\n  b", "b\nc"),
        (8, "true", None),
    ]


def test_a_pasted_block_shows_the_output_block_after_it(tmp_path: Path) -> None:
    (step,) = read(tmp_path, "```bash\necho a\n```\n\n```output\na\n```\n")
    assert "echo a" in step.command
    assert step.shown == "a"


def test_an_output_block_after_words_belongs_to_nothing(tmp_path: Path) -> None:
    (step,) = read(tmp_path, "```bash\necho a\n```\n\nwords\n\n```output\nb\n```\n")
    assert step.shown is None


def test_a_block_with_a_visible_reason_is_not_typed(tmp_path: Path) -> None:
    assert read(tmp_path, "*Not run by the tests: it runs them.*\n\n```console\n$ make test\n```\n") == []


def test_a_hidden_reason_is_none(tmp_path: Path) -> None:
    assert len(read(tmp_path, "<!-- Not run by the tests: because -->\n\n```console\n$ true\n```\n")) == 1


def test_a_block_may_name_another_terminal_and_stop_what_runs_there(tmp_path: Path) -> None:
    found = read(tmp_path, "<!-- terminal: server, Ctrl-C -->\n```console\n$ one\n$ two\n```\n")
    assert [(step.terminal, step.stops) for step in found] == [("server", True), ("server", False)]


def test_a_block_within_a_list_item_is_read(tmp_path: Path) -> None:
    (step,) = read(tmp_path, "1. do\n\n   ```console\n   $ echo a\n   a\n   ```\n")
    assert (step.command, step.shown) == ("echo a", "a")


@pytest.mark.parametrize(
    "shown, output, matches",
    [
        ("a", "a\n", True),
        ("a", "a\nb\n", False),
        ("a", "b\n", False),
        ("v…1", "version 1\n", True),
        ("v…1", "v\n1\n", False),
        ("a\n…\nz", "a\nb\nc\nz\n", True),
        ("a\n…\nz", "a\nz\n", True),
        ("…", "", True),
        ("a.c", "abc\n", False),
    ],
)
def test_shown_output_has_to_come_but_for_an_ellipsis(shown: str, output: str, matches: bool) -> None:  # noqa: FBT001
    assert bool(pattern(shown).fullmatch(output)) == matches


@pytest.mark.parametrize(
    "sent, seen",
    [
        ("a\r\nb", "a\nb\n"),
        ("\x1b[1mbold\x1b[0m\r\n", "bold\n"),
        ("10 %\r100 %\r\n", "100 %\n"),
        ("working\r\x1b[2K\x1b[1Adone", "done\n"),
        ("one\r\ntwo\r\n\x1b[1A\x1b[2K\x1b[1A\x1b[2Kthree", "three\n"),
        ("\r\n", ""),
    ],
)
def test_a_screen_shows_what_is_left_in_the_end(sent: str, seen: str) -> None:
    assert shown(sent) == seen


def test_a_terminal_keeps_what_was_set_and_tells_what_failed(tmp_path: Path) -> None:
    with Terminal(tmp_path, {"PATH": "/usr/bin:/bin"}) as terminal:
        assert terminal.run("kept=thing; cd /") == 0
        assert terminal.run('echo "$kept in $PWD"; test -t 0 -a -t 1') == 0
        assert terminal.text == "thing in /\n"
        assert terminal.run("(exit 3)") == 3


def test_the_end_of_a_command_is_not_taken_for_that_of_the_next(tmp_path: Path) -> None:
    with Terminal(tmp_path, {"PATH": "/usr/bin:/bin"}) as terminal:
        terminal.type("echo one; while ! test -e go; do sleep 0.1; done; (exit 3)")
        terminal.wait_for(lambda: terminal.text == "one\n")
        terminal.type("echo two")
        (tmp_path / "go").touch()
        assert terminal.finish() == 0
        assert terminal.text == "two\n"


def test_a_pasted_block_fails_with_any_of_its_commands(tmp_path: Path) -> None:
    (step,) = read(tmp_path, "```bash\nfalse\ntrue\n```\n")
    with Terminal(tmp_path, {"PATH": "/usr/bin:/bin"}) as terminal, pytest.raises(TimeoutError):
        terminal.run(step.command)


def test_leaving_a_terminal_stops_what_runs_in_it(tmp_path: Path) -> None:
    with Terminal(tmp_path, {"PATH": "/usr/bin:/bin"}) as terminal:
        terminal.type("trap 'touch stopped; exit' INT; echo ready; while :; do sleep 0.1; done")
        terminal.wait_for(lambda: "ready" in terminal.text)
    assert (tmp_path / "stopped").exists()
