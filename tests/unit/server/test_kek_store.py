"""`trstctl kek` finds its store wherever on the line it is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.server.commands import kek_store
from domain.errors import Misconfigured


@pytest.mark.parametrize(
    "line, expected",
    [
        ("--data-dir d status", (None, Path("d"))),
        ("status --data-dir d", (None, Path("d"))),
        ("--config c rotate --new n", (Path("c"), None)),
        ("stage --new n --config c", (Path("c"), None)),
        ("--data-dir other status --data-dir d", (None, Path("d"))),
        ("status", (None, None)),
    ],
)
def test_the_store_may_be_named_before_or_after_the_command(
    line: str, expected: tuple[Path | None, Path | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = []

    def settings_of(*options: Path | None) -> None:
        named.append(options)
        raise Misconfigured("far enough")

    monkeypatch.setattr(kek_store, "settings_of", settings_of)
    CliRunner().invoke(kek_store.command, line.split())
    assert named == [expected]
