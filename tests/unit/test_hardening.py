"""The environment of a process that overwrites what it frees."""

from __future__ import annotations

import pytest

from cli.server import hardening
from cli.server.hardening import hardened, is_hardened
from domain.errors import Misconfigured

WIPING = "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"


def test_an_empty_environment_gets_what_wipes_memory() -> None:
    assert hardened({}) == {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": WIPING}


def test_other_variables_and_tunables_are_kept() -> None:
    found = hardened({"HOME": "/x", "GLIBC_TUNABLES": "glibc.malloc.arena_max=2:glibc.malloc.perturb=1"})
    assert found["HOME"] == "/x"
    assert found["GLIBC_TUNABLES"].split(":") == [
        "glibc.malloc.arena_max=2",
        "glibc.malloc.perturb=165",
        "glibc.malloc.tcache_count=0",
    ]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PYTHONMALLOC": "malloc"},
        {"GLIBC_TUNABLES": WIPING},
        {"PYTHONMALLOC": "pymalloc", "GLIBC_TUNABLES": WIPING},
        {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.perturb=165"},
        {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": f"{WIPING}:glibc.malloc.perturb=0"},
        {"TRSTCTL_HARDENED": "1"},
    ],
)
def test_less_than_all_of_it_is_not_hardened(environment: dict[str, str]) -> None:
    assert not is_hardened(environment)
    assert is_hardened(hardened(environment))


def test_the_switch_knows_two_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRSTCTL_HARDENING", "of")
    with pytest.raises(Misconfigured, match="TRSTCTL_HARDENING is on or off"):
        hardening.ensure()


def test_switched_off_it_warns_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TRSTCTL_HARDENING", "off")
    hardening.ensure()
    assert "HARDENING IS OFF" in caplog.text


def test_a_process_does_not_replace_itself_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    monkeypatch.setattr("os.getpid", lambda: 4711)
    monkeypatch.setenv("TRSTCTL_HARDENED", "4711")
    with pytest.raises(Misconfigured, match="does not last"):
        hardening.ensure()
