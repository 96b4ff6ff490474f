"""The dotenv format, both ways."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.client import dotenv
from cli.client.errors import WrongUsage

# Text that an environment variable can hold; carriage returns apart, a shell reads it back, too.
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=60)


@pytest.mark.parametrize(
    "text, values",
    [
        ("", {}),
        ("# only a comment", {}),
        ("\n\n  # x\n\t\nA=1\n\n", {"A": "1"}),
        ("A=1\nB=2", {"A": "1", "B": "2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("\ufeffA=1", {"A": "1"}),
        ("export A=1\nexport\tB=2", {"A": "1", "B": "2"}),
        ("  A = 1  ", {"A": "1"}),
        ("A=", {"A": ""}),
        ("A=   \nB=2", {"A": "", "B": "2"}),
        ("A=one two  # a comment", {"A": "one two"}),
        ("A=pass#word", {"A": "pass#word"}),
        ("A=#word", {"A": "#word"}),
        ("A= # nothing", {"A": ""}),
        ("A=a=b==", {"A": "a=b=="}),
        ("A=it's", {"A": "it's"}),
        ("A='it''s'", None),
        ("A='a # b' # c", {"A": "a # b"}),
        ("A='a\\n${x}'", {"A": "a\\n${x}"}),
        ('A="a # b" # c', {"A": "a # b"}),
        ('A="1\\n2\\t3\\r\\"\\\\\\$\\`"', {"A": '1\n2\t3\r"\\$`'}),
        ('A="\\q\\d"', {"A": "\\q\\d"}),
        ('A="joined \\\nlines"', {"A": "joined lines"}),
        ("A='1\n# no comment\nB=2'\nC=3", {"A": "1\n# no comment\nB=2", "C": "3"}),
        ('KEY="-----BEGIN-----\nabc\n-----END-----\n"', {"KEY": "-----BEGIN-----\nabc\n-----END-----\n"}),
        ('A="$HOME ${secret.app/x}"', {"A": "$HOME ${secret.app/x}"}),
        ("A=${secret.app/x@3}", {"A": "${secret.app/x@3}"}),
        ("A=$(rm -rf /)", {"A": "$(rm -rf /)"}),
        ("A=back\\nslash", {"A": "back\\nslash"}),
        ("A=1\nA=2", {"A": "2"}),
        ("my.app-name=1", {"my.app-name": "1"}),
        ("A=ünï 🔑", {"A": "ünï 🔑"}),
        ("A", None),
        ("=1", None),
        ("1A=1", None),
        ("A='1", None),
        ('A="1', None),
        ('A="1\\"', None),
        ('A="1" 2', None),
        ("A=1\n?", None),
    ],
)
def test_dotenv_is_read_as_shells_and_libraries_do(text: str, values: dict[str, str] | None) -> None:
    if values is None:
        with pytest.raises(WrongUsage):
            dotenv.parsed(text)
    else:
        assert dotenv.parsed(text) == values


def test_an_error_names_the_line_and_nothing_of_it() -> None:
    with pytest.raises(WrongUsage) as caught:
        dotenv.parsed("A=1\nB='2\n3'\ns3cr3t\n")
    assert caught.value.message == "line 4 of the dotenv input: here should stand NAME=value"


@given(st.lists(st.text(max_size=60), max_size=8))
def test_what_is_written_is_read_back(values: list[str]) -> None:
    given_values = {f"V{n}": value.replace("\r\n", "\n").removeprefix("\ufeff") for n, value in enumerate(values)}
    text = "".join(dotenv.assignment(name, value) for name, value in given_values.items())
    assert dotenv.parsed(text) == given_values


@given(st.lists(VALUES, min_size=1, max_size=40))
def test_a_shell_reads_back_what_is_written(values: list[str]) -> None:
    lines = "".join(dotenv.assignment(f"V{n}", value) for n, value in enumerate(values))
    names = " ".join(f'"$V{n}"' for n in range(len(values)))
    script = f"{lines}printf '%s\\0' {names}\n"
    done = subprocess.run(["/bin/sh"], input=script.encode(), capture_output=True, check=True)
    assert done.stdout == b"".join(value.encode() + b"\0" for value in values)


@pytest.mark.parametrize(
    "path, name", [("db/password", "DB_PASSWORD"), ("app/api-key.v2", "APP_API_KEY_V2"), ("2fa", "_2FA")]
)
def test_a_path_becomes_a_variable(path: str, name: str) -> None:
    assert dotenv.variable_name(path) == name
