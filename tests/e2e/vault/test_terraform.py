"""Terraform, or OpenTofu, and its provider for Vault, unchanged, where both are installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Server, dev_server
from tests.e2e.vault.test_other_clients import environment

ENGINE = shutil.which("tofu") or shutil.which("terraform") or ""
PROVIDER = shutil.which("terraform-provider-vault") or ""
pytestmark = pytest.mark.skipif(
    not (ENGINE and PROVIDER), reason="tofu or terraform, or terraform-provider-vault, is not on the PATH"
)
_SAME, _CHANGES = 0, 2
"""What a plan's exit code says."""


class Project:
    """A folder with the plan, and the provider that is installed instead of a registry's."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.folder = folder
        shutil.copy(Path(__file__).parent / "terraform" / "main.tf", folder)
        override = f'dev_overrides {{ "hashicorp/vault" = "{Path(PROVIDER).parent}" }}'
        (folder / "rc").write_text(f"provider_installation {{\n  {override}\n  direct {{}}\n}}\n")
        self._environment = environment(server) | {"HOME": str(folder), "TF_CLI_CONFIG_FILE": str(folder / "rc")}

    def __call__(self, verb: str, *words: str, expect: int = 0, turn: int = 1) -> str:
        """Run it to its end with this exit code; what it printed."""
        outcome = subprocess.run(
            [ENGINE, verb, "-no-color", f"-var=turn={turn}", *words], cwd=self.folder, env=self._environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert outcome.returncode == expect, f"{verb}: {outcome.stdout}{outcome.stderr}"
        return outcome.stdout


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    with dev_server(tmp_path / "data") as server:
        yield Project(server, folder)


def test_what_is_planned_is_made_changed_and_taken_away(project: Project) -> None:
    assert 'told = "p1 for orders alone"' in project("apply", "-auto-approve")
    project("plan", "-detailed-exitcode", expect=_SAME)
    project("plan", "-detailed-exitcode", turn=2, expect=_CHANGES)
    assert 'told = "p2 for orders alone"' in project("apply", "-auto-approve", turn=2)
    project("plan", "-detailed-exitcode", turn=2, expect=_SAME)
    assert "Destroy complete" in project("destroy", "-auto-approve", turn=2)
