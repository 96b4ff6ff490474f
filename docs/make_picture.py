"""Writes `terminal.svg` beside this file: a real session with a real server, drawn as a terminal.

To be run by hand, since each session differs: python docs/make_picture.py
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Final

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURE: Final = Path(__file__).with_name("terminal.svg")
ROOT: Final = PICTURE.parents[1]
sys.path.insert(0, str(ROOT))

from tests.docs.blocks import Step  # noqa: E402 - found by the line above
from tests.docs.terminal import Terminal  # noqa: E402 - as above
from tests.docs.workplace import Workplace  # noqa: E402 - as above

COMMANDS: Final = (
    "printf s3cr3t | trstctl-cli secrets put db/password -o raw",
    "printf r0tat3d | trstctl-cli secrets rotate db/password -o raw",
    """trstctl-cli run --secret DB_PASSWORD=db/password -- sh -c 'echo "the app has $DB_PASSWORD"'""",
    "trstctl audit stream db/password --data-dir trstctl-data",
    "trstctl audit verify --data-dir trstctl-data",
)
COLUMNS: Final = 104
_THEME: Final = TerminalTheme(
    (24, 27, 34),
    (214, 219, 228),
    [(24, 27, 34), (240, 113, 120), (126, 211, 140), (255, 203, 107)] + [(130, 170, 255)] * 4,
)
_LINE: Final = re.compile(r'<text [^>]*clip-path="url\(#terminal-line-(\d+)\)"[^>]*>([^<]*)</text>')
_VARYING: Final = re.compile(r"[0-9a-f]{64}|[0-9a-f]{16}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d|/\S+/trstctl-data")


def session() -> list[tuple[str, str]]:
    """Each command, and what it showed."""
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(ROOT, Path(folder))
        environment = workplace.environment(programs=True)
        with Terminal(workplace.clone, environment) as server, Terminal(workplace.clone, environment, COLUMNS) as shell:
            server.type(workplace.step(Step(0, "trstctl dev --port 8443")).command)
            server.wait_for(lambda: "trstctl serves" in server.text)
            if shell.run("source trstctl-data/dev.env") != 0:
                raise RuntimeError(shell.text)
            return list(_typed(shell, str(workplace.clone)))


def _typed(shell: Terminal, clone: str) -> Iterator[tuple[str, str]]:
    for command in COMMANDS:
        if shell.run(command) != 0:
            raise RuntimeError(f"{command}\n{shell.text}")
        yield command, shell.text.replace(clone, "~/trstctl")


def drawn(typed: list[tuple[str, str]]) -> str:
    """The session as an SVG."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), highlight=False)
    for command, shown in typed:
        console.print(Text.assemble(("$ ", "green"), (command, "bold")), soft_wrap=False)
        console.print(Text(shown.rstrip("\n"), style=""))
    # The picture fetches nothing: whoever looks at it has a monospaced font.
    form = re.sub(r"@font-face \{\{.*?\}\}\s*|<!--.*?-->\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    svg = console.export_svg(title="trstctl", theme=_THEME, code_format=form, unique_id="terminal")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def lines_of(svg: str) -> list[str]:
    """What is to be read in a picture, without what differs each time."""
    lines: dict[int, str] = {}
    for number, text in _LINE.findall(svg):
        lines[int(number)] = lines.get(int(number), "") + unescape(text).replace("\xa0", " ")
    return [" ".join(_VARYING.sub("*", line).split()) for _, line in sorted(lines.items())]


if __name__ == "__main__":
    PICTURE.write_text(drawn(session()), encoding="utf-8")
