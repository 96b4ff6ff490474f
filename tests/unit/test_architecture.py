"""The house rules a tool can check: contracts of pyproject.toml that notice their violations, small files, the lock."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PACKAGES = ("domain", "projections", "adapters", "api", "cli")
MOST_LINES = 350
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "impl"}
CLIENT_MAY_IMPORT = sys.stdlib_module_names | {"cli", "click", "rich", "urllib3", "yaml"}

# For each contract a file that breaks it.
VIOLATIONS = {
    "layers": ("projections/violation.py", "import adapters"),
    "api-is-handed-its-adapters": ("api/violation.py", "import adapters"),
    "client-is-a-client": ("cli/client/violation.py", "import domain.errors"),
    "domain-is-pure": ("domain/violation.py", "import socket"),
    "projections-only-state-sql": ("projections/violation_2.py", "import psycopg"),
    "one-door-to-cryptography": ("adapters/violation.py", "import cryptography"),
    "one-door-to-pyjwt": ("cli/server/violation.py", "import jwt"),
    "one-door-to-apscheduler": ("api/violation_2.py", "import apscheduler"),
    "one-door-to-psycopg": ("adapters/violation_2.py", "import psycopg_pool"),
    "one-door-to-sqlite": ("adapters/violation_3.py", "import sqlite3"),
    "providers-are-strangers": ("adapters/providers/violation.py", "import adapters.providers.violation_2"),
}


def sources(root: Path, *folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on the packages in `root`, not on those that are installed."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def contracts(root: Path) -> dict[str, str]:
    """The contracts' ids and names."""
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    return {each["id"]: each["name"] for each in settings["tool"]["importlinter"]["contracts"]}


def test_imports_keep_every_contract(root: Path) -> None:
    result = lint_imports(root)
    assert result.returncode == 0, result.stdout


def test_every_contract_notices_its_violation(root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "adapters/providers").mkdir(exist_ok=True)
    for name in ("__init__.py", "violation_2.py"):
        (tmp_path / "adapters/providers" / name).touch()
    for path, text in VIOLATIONS.values():
        (tmp_path / path).write_text(f"{text}\n")
    names = contracts(root)
    assert VIOLATIONS.keys() == names.keys()
    printed = lint_imports(tmp_path).stdout
    assert [each for each, name in names.items() if f"{name} BROKEN" not in printed] == []


def test_the_client_imports_only_what_a_client_needs(root: Path) -> None:
    found = {path.relative_to(root): _imported(path) - CLIENT_MAY_IMPORT for path in sources(root, "cli/client")}
    # Files are encrypted where they lie, docs/decisions/0017.
    assert {str(path): names for path, names in found.items() if names} == {
        "cli/client/sealed_file.py": {"cryptography"}
    }


def _imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in whole | parts}


def test_files_have_one_subject(root: Path) -> None:
    lengths = {path.relative_to(root): path.read_bytes().count(b"\n") for path in sources(root, *PACKAGES, "tests")}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_modules_are_named_after_their_subject(root: Path) -> None:
    paths = sources(root, *PACKAGES, "tests")
    assert [path for path in paths if NAMELESS & {*path.stem.split("_"), *path.relative_to(root).parts[:-1]}] == []


def test_every_module_says_what_it_is(root: Path) -> None:
    assert [path for path in sources(root, *PACKAGES) if not ast.get_docstring(ast.parse(path.read_text()))] == []


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml", "Makefile"])
def test_the_build_names_no_machine_and_no_index(root: Path, name: str) -> None:
    text = (root / name).read_text()
    assert [
        word for word in ("http://", "https://", "file:", "/home/", "--index", "--find-links ") if word in text
    ] == []


def test_the_lock_has_a_hash_for_every_package(root: Path) -> None:
    blocks = (root / "requirements.lock").read_text().replace("\\\n", " ").splitlines()
    pinned = [line for line in blocks if line and not line.lstrip().startswith("#")]
    assert pinned
    assert [line for line in pinned if "==" not in line or "--hash=sha256:" not in line] == []
