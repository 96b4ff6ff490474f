"""The forms of the output."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.client import output
from cli.client.errors import WrongUsage
from cli.client.output import Table, View, facts, show
from cli.client.session import Session

VIEW = View({"name": "ä", "n": 1}, facts({"name": "ä", "n": 1}), ["ä"])


@pytest.mark.parametrize(
    "form, text",
    [
        (None, "name  ä\nn     1\n"),
        ("table", "name  ä\nn     1\n"),
        ("raw", "ä\n"),
        ("json", '{\n  "name": "ä",\n  "n": 1\n}\n'),
        ("yaml", "name: ä\nn: 1\n"),
    ],
)
def test_a_result_has_a_text_in_every_form(
    capsysbinary: pytest.CaptureFixture[bytes], form: str | None, text: str
) -> None:
    show(Session(output=form), VIEW)
    assert capsysbinary.readouterr().out.decode() == text


def test_dotenv_is_for_values_only() -> None:
    with pytest.raises(WrongUsage):
        show(Session(output="dotenv"), VIEW)


def test_cells_are_told_plainly(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    cells = [None, True, False, ["a", "b"], {"k": "v"}, "a\tb", 3]
    show(Session(), View({}, Table(["x"] * 7, [cells]), ()))
    assert capsysbinary.readouterr().out.splitlines()[1].split(b"  ") == [
        b"-", b"yes", b"no", b"a, b", b"k=v", b"a\\tb", b"3",
    ]  # fmt: skip


def test_an_empty_table_is_nothing_to_a_pipe(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    show(Session(), View({}, Table(["x"], []), ()))
    assert capsysbinary.readouterr().out == b""


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.lists(st.text())))
def test_json_and_yaml_are_read_back_as_the_same(whole: dict[str, object]) -> None:
    written: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(output, "write_text", written.append)
        output.write_whole(whole, "json")
        output.write_whole(whole, "yaml")
    assert json.loads(written[0]) == whole
    assert yaml.safe_load(written[1]) == whole
