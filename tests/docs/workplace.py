"""Where a page is tried out: what a fresh clone looks like once `make` has made its environment."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.docs.blocks import Step
from tests.e2e.server import clean_environment, free_port
from tests.postgres_server import programs_folder

PORTS: Final = ("8443", "9443")
"""The ports that pages name. Each stands for a free one, so that nothing which runs on the machine is in the way."""
FOLDERS: Final = ("/etc/trstctl", "/var/lib/trstctl", "/srv/trstctl-backups", "/media/auditor", "/media/recovery")
"""Folders of the machine that pages name. Each stands for one below the workplace."""

_PAYMENTS: Final = """#!/bin/sh
# Stands for the application in the pages' examples: it wants one of these, and says which without the value.
test -n "${DB_PASSWORD:-}${DATABASE_URL:-}" || { echo "payments: no database" >&2; exit 1; }
echo "payments: connecting${DATABASE_URL:+ as DATABASE_URL says}"
"""
_UUIDGEN: Final = "#!/bin/sh\nexec cat /proc/sys/kernel/random/uuid\n"


class Workplace:
    """A folder of its own with a home of its own; `clone` is the working directory."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.home = folder / "home"
        self.clone = self.home / "trstctl"
        self._folder = folder
        self._stands_for = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        self._make_clone(root)
        _write_program(folder / "bin/uuidgen", _UUIDGEN)
        _write_program(self.clone / "payments-api", _PAYMENTS)
        for name in FOLDERS:
            Path(self.text(name)).mkdir(parents=True, mode=0o700)

    def _make_clone(self, root: Path) -> None:
        environment = self.clone / ".venv"
        environment.mkdir(parents=True)
        for each in Path(sys.prefix).iterdir():
            (environment / each.name).unlink(missing_ok=True)
            (environment / each.name).symlink_to(each)
        for each in root.iterdir():
            if not each.name.startswith(".") and each.name != "trstctl-data":
                (self.clone / each.name).symlink_to(each)
        (environment / ".installed").unlink(missing_ok=True)
        (environment / ".installed").touch()  # newer than the lock file: `make` has nothing left to install

    def environment(self, *, programs: bool) -> Mapping[str, str]:
        """What a login shell has; with `programs` also our two on the PATH, else the page has to see to that."""
        path = [str(self.clone / ".venv/bin")] if programs else []
        path += [each for each in os.get_exec_path() if Path(each) != Path(sys.prefix) / "bin"]
        path.append(str(programs_folder()))  # pg_restore and others, which Debian keeps apart
        if shutil.which("uuidgen") is None:  # the package uuid-runtime; the tutorial says what to do without it
            path.append(str(self._folder / "bin"))
        kept = {
            name: value for name, value in clean_environment().items() if name in {"LANG", "USER", "LOGNAME", "SHELL"}
        }
        ours = {
            "HOME": str(self.home),
            "PATH": ":".join(path),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "PWD": str(self.clone),
        }
        return kept | ours | {"ARGS": f"--port {self._stands_for['8443']}"}  # for `make run`

    def step(self, step: Step) -> Step:
        """A page's step with the ports and folders of this workplace."""
        return replace(
            step, command=self.text(step.command), shown=None if step.shown is None else self.text(step.shown)
        )

    def text(self, text: str) -> str:
        """A page's text with them."""
        for name in FOLDERS:
            text = text.replace(name, f"{self._folder}{name}")
        for name, port in self._stands_for.items():
            text = text.replace(name, port)
        return text


def _free_ports(count: int) -> list[str]:
    """Different ones: asked one by one, the system may name the same twice."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return [str(port) for port in found]


def _write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
