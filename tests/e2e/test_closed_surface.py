"""Whatever is wrong with the KEK file: the secrets surface is closed and says why, and the rest of the server works."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.https_client import STORE
from tests.e2e.server import serving, trstctl

SOMEBODY_ELSE = 65534


def _link(kek: Path) -> None:
    kek.rename(kek.with_name("elsewhere"))
    kek.symlink_to("elsewhere")


def _foreign(kek: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(kek, SOMEBODY_ELSE, SOMEBODY_ELSE)


@pytest.mark.parametrize(
    "spoil, told",
    [
        (Path.unlink, "is absent"),
        (_link, "symbolic link"),
        (_foreign, "chown"),
        (lambda kek: kek.chmod(0o640), "chmod 600"),
        (lambda kek: kek.chmod(0o604), "chmod 600"),
        (lambda kek: kek.write_bytes(b"short"), "32 raw bytes"),
    ],
    ids=["absent", "link", "another-s", "group-readable", "world-readable", "wrong-length"],
)
def test_a_kek_that_cannot_be_used_closes_the_surface(tmp_path: Path, spoil: Callable[[Path], None], told: str) -> None:
    server = serving(tmp_path / "data")
    spoil(server.folder / "kek")
    server.start()
    server.wait_until_ready("/healthz")
    with server.client() as client:
        for method, path, body in (
            ("GET", f"{STORE}/app/key", None),
            ("GET", f"{STORE}/app/key?resolve=true", None),
            ("POST", f"{STORE}/app/key", {"value": "x"}),
            ("GET", f"{STORE}/export?prefix=app/", None),
            ("POST", "/api/v1/secrets/injections", {"variables": {"A": "app/key"}}),
        ):
            answer = client(method, path, body)
            assert (answer.status, told in answer.json()["detail"]) == (503, True), answer
        assert client("GET", "/api/v1/access/whoami").status == 200
        assert told in client("GET", "/readyz").json()["checks"]["kek"]
    assert server.stop() == 0
    checked = trstctl("serve", "--config", server.folder / "trstctl.yaml", "--check")
    assert checked.returncode == 1
    assert told in checked.stdout


def test_a_variable_outranks_the_file(tmp_path: Path) -> None:
    closed = serving(tmp_path / "data", {"secrets": {"enable_api": False}}, TRSTCTL_SECRETS_ENABLE_API="true")
    with closed, closed.client() as client:
        assert client.put("app/key", "x") == 1
