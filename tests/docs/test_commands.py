"""Every command of the README and of docs/ is typed into a real terminal, and shows what the page says it shows."""

from __future__ import annotations

import fnmatch
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.docs.blocks import COMMANDS, OTHERS, Step, fences, pattern, steps
from tests.docs.terminal import Terminal
from tests.docs.workplace import Workplace

ROOT: Final = Path(__file__).parents[2]

FROM_NOTHING: Final = frozenset({"README.md", "docs/tutorial/ten-minutes.md"})
"""Pages for those who have just cloned: they find no program on the PATH and no server running."""

WITHOUT_COMMANDS: Final = (
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/README.md",
    "docs/decisions/*.md",
    "docs/reference/configuration.md",
    "docs/reference/events.md",
)
"""Pages that give the reader nothing to type."""

PAGES: Final = sorted(
    str(page.relative_to(ROOT)) for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if page.is_file()
)
WITH_COMMANDS: Final = [
    page for page in PAGES if not any(fnmatch.fnmatchcase(page, listed) for listed in WITHOUT_COMMANDS)
]


def problem(terminal: Terminal, step: Step, shown: str | None) -> str | None:
    """Type it; what is wrong with what came of it, if anything."""
    code = terminal.run(step.command)
    if code != 0:
        return f"exit code {code}, and:\n{terminal.text}"
    if shown is not None and not pattern(shown).fullmatch(terminal.text):
        return f"it shows:\n{terminal.text}instead of:\n{shown}"
    return None


def begin(terminal: Terminal, step: Step, shown: str | None) -> None:
    """Type what may keep running, and wait until it has shown what the page says."""
    if step.stops:
        terminal.interrupt()
    terminal.type(step.command)
    wanted = pattern(shown or "")
    terminal.wait_for(lambda: bool(wanted.fullmatch(terminal.text)), f"{shown!r}")


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_commands_do_what_the_page_says(page: str, tmp_path: Path) -> None:
    workplace = Workplace(ROOT, tmp_path)
    environment = workplace.environment(programs=page not in FROM_NOTHING)
    with ExitStack() as open_terminals:
        terminals: dict[str, Terminal] = {}
        for step in steps(fences(ROOT / page)):
            if step.terminal not in terminals:
                terminals[step.terminal] = open_terminals.enter_context(Terminal(workplace.clone, environment))
            typed = Step(step.line, workplace.placed(step.command), stops=step.stops)
            shown = None if step.shown is None else workplace.placed(step.shown)
            if step.terminal:
                begin(terminals[step.terminal], typed, shown)
            elif said := problem(terminals[step.terminal], typed, shown):
                pytest.fail(f"{page}:{step.line}: {step.command}\n{said}", pytrace=False)


@pytest.mark.parametrize("page", PAGES)
def test_a_fence_says_what_it_is(page: str) -> None:
    said = [f"{page}:{fence.line}" for fence in fences(ROOT / page) if fence.language not in COMMANDS | OTHERS]
    assert said == []


@pytest.mark.parametrize("page", PAGES)
def test_only_listed_pages_have_nothing_to_type(page: str) -> None:
    assert bool(steps(fences(ROOT / page))) == (page in WITH_COMMANDS)
