"""The commands of a page, as a reader would type them, and the output that the page shows.

- A fence in `console`: lines that begin with `$ ` are commands, and go on after a line that ends in a backslash; the
  other lines are the output of the command above them.
- A fence in `bash` (or `sh`): all of it is pasted at once. A fence in `output` right after it is what it shows.
- `<!-- terminal: NAME -->` before a fence: it is typed into another terminal, where it may keep running; the page goes
  on once the output that is shown has appeared. `<!-- terminal: NAME, Ctrl-C -->`: what runs there is stopped before.
- A line `*Not run by the tests: …*` before a fence, for readers to see, says why the fence is left out; a line `*The
  tests do not run the commands of this page: …*` says it of all of them.
- Output that is shown has to come; `…` stands for any text in a line, and alone for any number of lines. Where none is
  shown, any will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

COMMANDS: Final = frozenset({"console", "bash", "sh"})
OTHERS: Final = frozenset({"output", "text", "hcl", "json", "yaml", "ini", "toml", "python", "sql", "mermaid", "nginx"})
"""Languages of fences that nobody types."""

_FENCE: Final = re.compile(
    r"^ *(?P<ticks>`{3,})(?P<language>[a-z]*)\n(?P<text>.*?)^ *(?P=ticks)$", re.MULTILINE | re.DOTALL
)
_TERMINAL: Final = re.compile(r"<!-- terminal: (?P<name>[a-z ]+?)(?P<stop>, Ctrl-C)? -->")
_LEFT_OUT: Final = re.compile(r"^ *\*Not run by the tests: [^*]+\*$")
_PAGE_LEFT_OUT: Final = re.compile(r"^\*The tests do not run the commands of this page: [^*]+\*$", re.MULTILINE)
_PROGRAMS: Final = "apt-get|cd|cp|curl|export|git|make|python3|source|sudo|trstctl|trstctl-cli"
_TYPED: Final = re.compile(rf"^(\$ |({_PROGRAMS}) )", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """Something to type, where, and what has to come of it."""

    line: int
    command: str
    shown: str | None = None
    terminal: str = ""
    """Empty: the page's own, in which every command has to end, and well."""
    stops: bool = False
    """What runs in that terminal is stopped first."""


@dataclass(frozen=True)
class Fence:
    """A fenced block, and the line before it that is not empty."""

    line: int
    language: str
    text: str
    above: str
    touching: bool
    """Nothing stands between it and the fence before it."""
    left_out: bool
    """The page says, to its readers, that the tests do not run it."""


def fences(page: Path) -> list[Fence]:
    """All fenced blocks of a page, in order."""
    text, found, end = page.read_text(encoding="utf-8"), [], 0
    all_left_out = bool(_PAGE_LEFT_OUT.search(text))
    for match in _FENCE.finditer(text):
        lines = [line for line in text[end : match.start()].splitlines() if line.strip()]
        above = lines[-1] if lines else ""
        line = text.count("\n", 0, match.start()) + 1
        left_out = all_left_out or bool(_LEFT_OUT.match(above))
        found.append(Fence(line, match["language"], _dedented(match["text"]), above, not lines, left_out))
        end = match.end()
    return found


def looks_typed(fence: Fence) -> bool:
    """Whether a fence without a language, or of plain text, holds commands: they would be overlooked."""
    return fence.language == "" and bool(_TYPED.search(fence.text))


def _dedented(text: str) -> str:
    """A fence within a list item is indented as a whole."""
    lines = text.splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] for line in lines)


def steps(found: Sequence[Fence]) -> list[Step]:
    """What is to be typed, in the page's order."""
    typed: list[Step] = []
    for fence in found:
        if fence.language == "output" and fence.touching and typed:
            typed[-1] = replace(typed[-1], shown=fence.text)
        elif fence.language in COMMANDS and not fence.left_out:
            typed += _placed(fence, _console(fence) if fence.language == "console" else _pasted(fence))
    return typed


def _placed(fence: Fence, typed: Iterator[Step]) -> Iterator[Step]:
    where = _TERMINAL.match(fence.above.strip())
    stops = bool(where and where["stop"])
    for step in typed:
        yield replace(step, terminal=where["name"] if where else "", stops=stops)
        stops = False


def _pasted(fence: Fence) -> Iterator[Step]:
    yield Step(fence.line + 1, f"set -e\n{fence.text}\nset +e")


def _console(fence: Fence) -> Iterator[Step]:
    step: Step | None = None
    goes_on = False
    for number, line in enumerate(fence.text.splitlines(), fence.line + 1):
        if goes_on and step:
            step = replace(step, command=f"{step.command}\n{line}")
        elif line.startswith("$ "):
            if step:
                yield step
            step = Step(number, line.removeprefix("$ "))
        elif step:
            step = replace(step, shown=line if step.shown is None else f"{step.shown}\n{line}")
        goes_on = line.endswith("\\") and (goes_on or line.startswith("$ "))
    if step:
        yield step


def pattern(shown: str) -> re.Pattern[str]:
    """What output has to match as a whole."""
    lines = (r"(?:.*\n)*?" if line.strip() == "…" else f"{_line(line)}\n" for line in shown.strip("\n").splitlines())
    return re.compile("".join(lines))


def _line(shown: str) -> str:
    return ".*?".join(re.escape(part) for part in shown.rstrip().split("…")) + " *"
