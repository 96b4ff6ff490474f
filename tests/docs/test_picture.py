"""The README's picture shows what the commands in it show."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "docs/make_picture.py"


def test_the_picture_shows_what_a_session_shows_now() -> None:
    spec = importlib.util.spec_from_file_location("make_picture", SCRIPT)
    assert spec
    assert spec.loader
    picture = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(picture)
    kept = picture.PICTURE.read_text(encoding="utf-8")
    assert picture.lines_of(kept) == picture.lines_of(picture.drawn(picture.session())), "run: docs/make_picture.py"
