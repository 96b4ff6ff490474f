"""Clients of Vault in other languages, unchanged, over TLS: OpenBao's Go library, node-vault, the command line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Server, clean_environment, dev_server

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dev_server(tmp_path_factory.mktemp("clients") / "data") as running:
        yield running


def environment(server: Server) -> dict[str, str]:
    """What each of them takes address, token and certificate from."""
    certificate, address = str(server.folder / "tls.crt"), f"https://localhost:{server.port}"
    vault = {"VAULT_ADDR": address, "VAULT_TOKEN": server.token, "VAULT_CACERT": certificate}
    bao = {name.replace("VAULT", "BAO"): value for name, value in vault.items()}
    return clean_environment(**vault, **bao, NODE_EXTRA_CA_CERTS=certificate)


def done(words: list[str], folder: Path, **options: str) -> str:
    """A program run to its end, with success; what it printed."""
    outcome = subprocess.run(
        words, cwd=folder, env=options or None, capture_output=True, text=True, timeout=300, check=False
    )
    assert outcome.returncode == 0, f"{words}: {outcome.stdout}{outcome.stderr}"
    return outcome.stdout


def obtained(words: list[str], folder: Path) -> None:
    """A client fetched and built; what cannot be had here is not tried here."""
    outcome = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if outcome.returncode:
        pytest.skip(f"{words[0]} cannot fetch or build the client here: {outcome.stderr[-300:]}")


@pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go to build the client with")
def test_the_go_library_does_what_applications_and_agents_do_with_it(server: Server, tmp_path: Path) -> None:
    program = tmp_path / "client"
    obtained(["go", "build", "-o", str(program), "."], HERE / "go_client")
    told = done([str(program)], tmp_path, **environment(server))
    assert told.split() == ["health", "kv2", "kv1", "tokens", "wrapping", "approle", "transit", "errors"]


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm to install the client with")
def test_node_vault_does_what_it_is_used_for(server: Server, tmp_path: Path) -> None:
    folder = shutil.copytree(HERE / "node_client", tmp_path / "client")
    obtained(["npm", "ci", "--no-audit", "--no-fund"], folder)
    assert done(["node", "main.mjs"], folder, **environment(server)) == "done\n"
