"""Which checkpoints a log is held against."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.server.verifying import target, trust
from domain.errors import NotFound

VECTORS = Path(__file__).parents[3] / "docs/reference/vectors"


def test_a_named_folder_counts_whatever_its_files_are_called(tmp_path: Path) -> None:
    for name in ("monday.checkpoint", "2026-11-22.checkpoint"):
        (tmp_path / name).write_text((VECTORS / "3.checkpoint").read_text())
    assert len(trust(None, [tmp_path], None).checkpoints) == 2


def test_a_named_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.txt").write_text("elsewhere")
    with pytest.raises(NotFound, match="no checkpoint"):
        trust(None, [tmp_path], None)


def test_the_store_s_own_folder_may_be_empty_or_absent(tmp_path: Path) -> None:
    assert trust(tmp_path, [], None).checkpoints == []
    assert trust(tmp_path / "absent", [], None).checkpoints == []


def test_the_key_beside_named_checkpoints_is_used() -> None:
    held = trust(None, [VECTORS], None)
    assert held.key is not None
    assert held.key.name == "vectors.example/log"
    assert held.key_from == str(VECTORS)


def test_another_store_is_not_held_against_the_configured_one_s_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRSTCTL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRSTCTL_STORE", "postgresql://db.example/ours")
    assert target(None, None, "postgresql://db.example/theirs", None).checkpoints is None
    assert target(None, None, "postgresql://db.example/ours", None).checkpoints == tmp_path / "checkpoints"
    assert target(None, None, None, None).checkpoints == tmp_path / "checkpoints"
