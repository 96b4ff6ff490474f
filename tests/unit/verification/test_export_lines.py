"""Exported lines: written, read, and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import log_export
from adapters.crypto import ed25519_verify
from adapters.log_export import ExportRows, full_line, redacted_line, withheld_line
from domain.errors import Invalid, NotFound
from domain.verification import Report, verify
from tests.unit.verification.hand_made import chain, linked

ROWS = chain(1200)
WRITERS = (full_line, redacted_line, withheld_line)


@contextmanager
def reading(path: Path, lines: list[bytes]) -> Iterator[ExportRows]:
    path.write_bytes(b"".join(lines))
    with closing(ExportRows(path)) as rows:
        yield rows


def report(path: Path, lines: list[bytes]) -> Report:
    with reading(path, lines) as rows:
        return verify(rows, ed25519_verify)


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_every_kind_of_line_verifies(tmp_path: Path, write: Any) -> None:
    told = report(tmp_path / "log", [write(row) for row in ROWS])
    assert (told.intact, told.events, told.head, told.sealed) == (True, 1200, ROWS[-1][-1].hex(), None)


@given(st.lists(st.sampled_from(WRITERS), min_size=30, max_size=30))
def test_kinds_of_lines_may_be_mixed(tmp_path_factory: pytest.TempPathFactory, writers: list[Any]) -> None:
    lines = [write(row) for write, row in zip(writers, ROWS, strict=False)]
    told = report(tmp_path_factory.getbasetemp() / "mixed", lines)
    assert (told.intact, told.events, told.withheld) == (True, 30, 30 - writers.count(full_line))


def test_left_out_parts_are_not_in_the_line() -> None:
    row = linked(1, ("id", "stream", 1, "type", "tenant", "time", "actor", "r"), b'{"salt":"grain"}', bytes(32))
    assert b"grain" in full_line(row)
    assert b"grain" not in redacted_line(row)
    assert b"actor" in redacted_line(row)
    assert json.loads(withheld_line(row)).keys() == {"position", "header_digest", "body_digest", "prev_hash", "hash"}


def test_body_comes_back_byte_for_byte(tmp_path: Path) -> None:
    body = '{"a":"\\u0000 \\" \\\\ \u00fc \u2028 \U0001f511","salt":""}'.encode()
    row = linked(1, ("i", "s", 1, "t", "t", "t", "a", ""), body, bytes(32))
    assert json.loads(full_line(row))["body"].encode() == body
    assert report(tmp_path / "log", [full_line(row)]).intact


def changed(line: bytes, **parts: Any) -> bytes:
    """The line with other parts; None takes a part away."""
    made = {name: value for name, value in (json.loads(line) | parts).items() if value is not None}
    return json.dumps(made).encode() + b"\n"


FULL, REDACTED, WITHHELD = (write(ROWS[0]) for write in WRITERS)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"\n", id="empty"),
        pytest.param(b"[]\n", id="no object"),
        pytest.param(FULL[:-20], id="cut"),
        pytest.param(FULL + FULL[:-1] + b"x\n", id="more after it"),
        pytest.param(b"\xff" + FULL, id="not UTF-8"),
        pytest.param(changed(FULL, body=None), id="no body"),
        pytest.param(changed(FULL, actor=None), id="no actor"),
        pytest.param(changed(FULL, extra=1), id="a further member"),
        pytest.param(changed(FULL, header_digest="0" * 64), id="header and its digest"),
        pytest.param(changed(FULL, body_digest="0" * 64), id="body and its digest"),
        pytest.param(changed(REDACTED, header_digest="0" * 64), id="redacted with a header digest"),
        pytest.param(changed(WITHHELD, actor="me"), id="withheld with an actor"),
        pytest.param(changed(WITHHELD, body_digest=None, body="{}"), id="body without its header"),
        pytest.param(changed(FULL, hash="0" * 63), id="short hash"),
        pytest.param(changed(FULL, hash="A" * 64), id="hash in capitals"),
        pytest.param(changed(WITHHELD, body_digest="0" * 64 + "\n"), id="digest with a line feed"),
        pytest.param(changed(FULL, position=0), id="position 0"),
        pytest.param(changed(FULL, position=2**63), id="position too large"),
        pytest.param(changed(FULL, position="1"), id="position as text"),
        pytest.param(changed(FULL, version=1.5), id="version with a fraction"),
        pytest.param(FULL.replace(b'"actor"', b'"\\ud800"'), id="half a surrogate"),
        pytest.param(FULL.replace(b'"actor","r', b'"\\ud800","r'), id="half a surrogate in a value"),
    ],
)
def test_line_that_is_no_exported_event_is_refused_by_its_number(tmp_path: Path, line: bytes) -> None:
    with (
        reading(tmp_path / "log", [full_line(ROWS[0]), line]) as rows,
        pytest.raises(Invalid, match=r"line [23] is no"),
    ):
        list(rows.segments())


def test_line_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_export, "MAX_LINE", 100)
    with reading(tmp_path / "log", [FULL]) as rows, pytest.raises(Invalid, match="more than 100 bytes"):
        list(rows.segments())


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        ExportRows(tmp_path / "none")
