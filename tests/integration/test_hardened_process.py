"""A process that hardens itself, looked at from inside after it has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import ctypes, json, os, resource, sys
from cli.server import hardening
os.write(2, b"%d " % os.getpid())
hardening.ensure()
print(json.dumps({
    "words": sys.argv[1:],
    "malloc": os.environ["PYTHONMALLOC"],
    "tunables": os.environ["GLIBC_TUNABLES"],
    "marked": "TRSTCTL_HARDENED" in os.environ,
    "cores": resource.getrlimit(resource.RLIMIT_CORE),
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
}))
"""


def run(root: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRSTCTL_", "PYTHON"))}
    environment = kept | {"PYTHONPATH": str(root), "GLIBC_TUNABLES": "glibc.malloc.arena_max=2"}
    command = [sys.executable, str(script), "--some", "word"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_the_process_replaces_itself_once_with_the_same_words(root: Path, tmp_path: Path) -> None:
    result = run(root, tmp_path)
    assert result.returncode == 0, result.stderr
    first, second = result.stderr.split()
    assert first == second, "the same process, started anew"
    assert json.loads(result.stdout) == {
        "words": ["--some", "word"],
        "malloc": "malloc",
        "tunables": "glibc.malloc.arena_max=2:glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
        "marked": False,
        "cores": [0, 0],
        "dumpable": 0,
    }


def test_an_interpreter_that_ignores_its_environment_is_refused(root: Path) -> None:
    command = [sys.executable, "-E", "-c", f"import sys\nsys.path.insert(0, {str(root)!r})\n{SCRIPT}"]
    result = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "Python runs with -E or -I" in result.stderr
