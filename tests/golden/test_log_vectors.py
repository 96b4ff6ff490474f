"""The golden vectors of the log's format: made anew they are the same, and both verifiers agree on them."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.checkpoint_files import read_key, read_note
from adapters.crypto import ed25519_verify
from adapters.log_export import ExportRows
from domain.errors import Invalid
from domain.verification import Report, verify
from domain.verification.checks import CHECKS
from tests.conftest import ROOT

REFERENCE = ROOT / "docs/reference"
VECTORS = REFERENCE / "vectors"
EXPORTS = ("full.ndjson", "redacted.ndjson", "tenant.ndjson")
SIZES = (0, 3, 5)


def script(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ours(export: Path, *sizes: int) -> Report:
    notes = [read_note(VECTORS / f"{size}.checkpoint") for size in sizes]
    with closing(ExportRows(export)) as rows:
        return verify(rows, ed25519_verify, checkpoints=notes, key=read_key(VECTORS / "vkey"))


def theirs(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(REFERENCE / "verify_log.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_vectors_made_anew_are_the_same() -> None:
    made = script(VECTORS / "make_vectors.py").vectors()
    stored = {path.name: path.read_bytes() for path in VECTORS.iterdir() if path.is_file() and path.suffix != ".py"}
    assert made == stored


def test_steps_of_every_hash_are_as_described() -> None:
    prev = "00" * 32
    for event in json.loads((VECTORS / "events.json").read_text()):
        assert event["header"].count("\n") == 8
        assert event["header_digest"] == sha256(event["header"].encode()).hexdigest()
        assert event["body_digest"] == sha256(event["body"].encode()).hexdigest()
        digests = event["header_digest"] + event["body_digest"]
        assert event["hashed"] == b"trstctl-log/v1\0".hex() + prev + f"{event['position']:016x}" + digests
        assert event["hash"] == sha256(bytes.fromhex(event["hashed"])).hexdigest()
        prev = event["hash"]


def test_bodies_are_canonical_json() -> None:
    for event in json.loads((VECTORS / "events.json").read_text()):
        canonical = json.dumps(json.loads(event["body"]), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert event["body"] == canonical


def test_page_shows_the_vectors_and_every_check() -> None:
    page = (REFERENCE / "log-format.md").read_text()
    event = json.loads((VECTORS / "events.json").read_text())[1]
    cuts = (0, 30, 94, 110, 174, 238)
    parts = [event["hashed"][start:end] for start, end in pairwise(cuts)]
    notes = ((VECTORS / "3.checkpoint").read_text(), (VECTORS / "vkey").read_text())
    for shown in (event["header"], event["body"] + "\n", "\n".join(parts) + "\n", event["hash"] + "\n", *notes):
        assert f"```\n{shown}```\n" in page
    described = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `") and line.count("|") == 3]
    assert [name for name in described if name in CHECKS.names] == CHECKS.names


@pytest.mark.parametrize("name", EXPORTS)
def test_both_verifiers_find_every_kind_of_export_intact(name: str) -> None:
    report = ours(VECTORS / name, *SIZES)
    assert (report.intact, report.events, report.checkpoints) == (True, 5, 3)
    for size in SIZES:
        result = theirs(VECTORS / name, VECTORS / f"{size}.checkpoint")
        assert (result.returncode, result.stdout) == (0, f"intact: 5 events, head {report.head}\n")


def test_left_out_parts_are_counted() -> None:
    assert [ours(VECTORS / name).withheld for name in EXPORTS] == [0, 5, 3]


@pytest.mark.parametrize("name", EXPORTS)
def test_cut_export_is_found_by_both_with_a_checkpoint(name: str, tmp_path: Path) -> None:
    cut = tmp_path / name
    cut.write_bytes(b"".join((VECTORS / name).read_bytes().splitlines(keepends=True)[:4]))
    assert ours(cut).intact
    first = ours(cut, 5).first_bad
    assert first
    assert (first.position, first.check) == (5, "checkpoint-size")
    result = theirs(cut, VECTORS / "5.checkpoint")
    assert (result.returncode, result.stdout) == (1, "TAMPERED: cut off after 4\n")


def test_head_given_as_text_is_compared() -> None:
    export = VECTORS / "full.ndjson"
    head = ours(export).head
    assert theirs(export, 5, head).returncode == 0
    assert theirs(export, 5, "0" * 64).returncode == 1
    assert theirs(export, 6, head).returncode == 1


@pytest.mark.parametrize("names", [(), ("none",), ("vkey",), ("full.ndjson", "vkey")], ids=repr)
def test_second_verifier_says_when_it_could_not_check(names: tuple[str, ...]) -> None:
    result = theirs(*(VECTORS / name for name in names))
    assert (result.returncode, result.stderr.startswith("could not check")) == (2, True)


def test_second_verifier_is_short_and_uses_the_standard_library_alone() -> None:
    text = (REFERENCE / "verify_log.py").read_text()
    imports = [line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))]
    assert text.count("\n") < 60
    assert {name.partition(".")[0] for name in imports} <= sys.stdlib_module_names


@given(st.sampled_from(EXPORTS), st.data())
def test_no_changed_character_escapes_either_verifier(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    text = (VECTORS / name).read_text()
    index = data.draw(st.integers(0, len(text) - 2), label="index")
    replacement = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != text[index]]), label="digit")
    changed = tmp_path_factory.getbasetemp() / "changed.ndjson"
    changed.write_text(text[:index] + replacement + text[index + 1 :])
    assert not _intact_to_us(changed)
    assert not _intact_to_them(changed)


def _intact_to_us(export: Path) -> bool:
    try:
        return ours(export).intact
    except Invalid:
        return False


def _intact_to_them(export: Path) -> bool:
    try:
        with export.open() as lines:
            return str(_SECOND.verify(lines)).startswith("intact")
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        return False


_SECOND = script(REFERENCE / "verify_log.py")
