"""Statements of roles: a value never ends the string or the name that it stands in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.postgresql.dialect import DIALECT, identifier, literal
from adapters.statement_templates import Statements

NASTY = """a'b"c\\d;--"""


def rendered(text: str, name: str = "it") -> list[str]:
    return Statements([text], DIALECT).rendered(dict.fromkeys(DIALECT.bare, name))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("GRANT a TO {{name}}", 'GRANT a TO "it"'),
        ('GRANT a TO "{{ name }}"', 'GRANT a TO "it"'),
        ("SELECT '{{name}}', {{comment}}", "SELECT 'it', 'it'"),
        ("SELECT ';', \";\" -- ; {x}\n, $$;$$ /* ; */", "SELECT ';', \";\"  \n, $$;$$  "),
        ("SELECT E'it\\'s; {'", "SELECT E'it\\'s; {'"),
    ],
)
def test_a_placeholder_is_quoted_as_the_marks_around_it_ask(text: str, expected: str) -> None:
    assert rendered(text) == [expected]


def test_statements_are_split_at_semicolons_and_empty_ones_left_out() -> None:
    assert rendered("SELECT 1; ;\n SELECT 2;") == ["SELECT 1", "\n SELECT 2"]


def test_a_value_cannot_end_its_string_or_name() -> None:
    assert rendered("GRANT a TO {{name}}", NASTY) == ['GRANT a TO "a\'b""c\\d;--"']
    assert rendered("SELECT '{{name}}'", NASTY) == ["SELECT E'a''b\"c\\\\d;--'"]


@pytest.mark.parametrize(
    "text, told",
    [
        ("GRANT a TO {{nmae}}", r"there is no placeholder {{nmae}}; there are {{comment}}, {{expiration}}"),
        ("SELECT 'for {{name}}'", "stands inside of"),
        ("SELECT E'{{name}}'", "stands inside of"),
        ("DO $$ BEGIN EXECUTE {{name}} END $$", "stands inside of"),
        ("SELECT 1 -- {{name}}", "stands inside of"),
        ("SELECT 1 /* {{name}} */", "stands inside of"),
        ("SELECT 'open, {{name}}", "has no end"),
        ('SELECT "open, {{name}}', "has no end"),
        ("SELECT $$ open", "has no end"),
        ("SELECT {{na-me}}", "has no end"),
        ("GRANT a TO {{name}}; COMMIT", "begins with COMMIT"),
        ("-- first\n rollback", "begins with rollback"),
        ("SELECT 1 /*! , 2 */", "a statement to others"),
        ("SELECT '\0'", "NUL"),
    ],
)
def test_a_statement_that_cannot_be_made_safe_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        rendered(text)


@given(st.text(st.characters(exclude_characters="\0")))
def test_what_is_quoted_is_one_token_whatever_it_holds(text: str) -> None:
    for quoted in (literal(text), identifier(text)):
        found = DIALECT.opaque.match(quoted)
        assert found
        assert found[0] == quoted
