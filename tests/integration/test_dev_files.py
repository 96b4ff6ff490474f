"""What `trstctl dev` finds and makes in its folder."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from adapters.kek_file import load_kek
from cli.server.dev import make_files, prepare_store, settings_for, write_owner_only
from cli.server.tls import server_context
from domain.errors import Misconfigured

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _nobody_s_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRSTCTL_SECRETS_KEK_FILE", "/elsewhere/kek")
    monkeypatch.setenv("TRSTCTL_DATA_DIR", "/elsewhere")
    monkeypatch.setenv("TRSTCTL_PUBLIC_URL", "https://elsewhere.example")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_key_and_certificate_are_made_once_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "data"
    make_files(folder)
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert made.keys() == {"kek", "tls.crt", "tls.key"}
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert mode(folder) == 0o700
    make_files(folder)
    assert made == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_made_can_be_served(tmp_path: Path) -> None:
    make_files(tmp_path / "data")
    settings = settings_for(tmp_path / "data", 8443)
    server_context(settings.tls)
    load_kek(Path(settings.secrets.kek_file)).wipe()
    assert settings.secrets.enable_api
    assert settings.url == "https://localhost:8443"


def test_an_empty_folder_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    make_files(folder)
    assert mode(folder) == 0o700


def test_a_folder_with_something_in_it_is_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "theirs").touch()
    with pytest.raises(Misconfigured, match=f"chmod 700 {folder}"):
        make_files(folder)
    assert mode(folder) == 0o755


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="--data-dir"):
        make_files(tmp_path / "file")


async def test_a_lost_key_is_not_replaced_while_what_it_sealed_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    make_files(folder)
    await prepare_store(settings_for(folder, 8443))
    (folder / "kek").unlink()
    with pytest.raises(Misconfigured, match=r"kek is gone, but not trstctl\.db and dev\.env"):
        make_files(folder)


async def test_the_environment_for_clients_has_one_export_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    make_files(folder)
    token = await prepare_store(settings_for(folder, 8443))
    written = (folder / "dev.env").read_text()
    assert written.splitlines() == [
        "export TRSTCTL_SERVER=https://localhost:8443",
        f"export TRSTCTL_TOKEN={token}",
        f"export TRSTCTL_CACERT='{folder}/tls.crt'",
        f"export TRSTCTL_SECRETS_KEK_FILE='{folder}/kek'",
        "export VAULT_ADDR=https://localhost:8443",
        f"export VAULT_TOKEN={token}",
        f"export VAULT_CACERT='{folder}/tls.crt'",
    ]
    assert mode(folder / "dev.env") == 0o600


async def test_a_second_start_keeps_the_token(tmp_path: Path) -> None:
    make_files(tmp_path / "data")
    first = await prepare_store(settings_for(tmp_path / "data", 8443))
    assert await prepare_store(settings_for(tmp_path / "data", 9443)) == first
    assert "https://localhost:9443" in (tmp_path / "data/dev.env").read_text()


@pytest.mark.parametrize("text", ["", "export TRSTCTL_TOKEN=trst_wrong\n", "export TRSTCTL_TOKEN='$(id)'\n"])
async def test_a_token_that_does_not_work_is_replaced(tmp_path: Path, text: str) -> None:
    make_files(tmp_path / "data")
    settings = settings_for(tmp_path / "data", 8443)
    first = await prepare_store(settings)
    (tmp_path / "data/dev.env").write_text(text)
    second = await prepare_store(settings)
    assert second.startswith("trst_")
    assert second != first


def test_a_file_is_replaced_whole_and_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch(mode=0o644)
    (tmp_path / ".x.new").write_text("left by a crash")
    write_owner_only(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["x"]
