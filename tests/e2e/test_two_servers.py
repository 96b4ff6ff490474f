"""Two servers on one PostgreSQL database: one log, one truth."""

from __future__ import annotations

import http.client
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.https_client import STORE
from tests.e2e.server import Server, serving, trstctl
from tests.postgres_server import PostgresServer

TOKENS = "/api/v1/access/api-tokens"
Pair = tuple[Server, Server]


@contextmanager
def running_pair(dsn: str, folder: Path) -> Iterator[Pair]:
    """Two servers with folders of their own and the same KEK."""
    one = serving(folder / "one", store=dsn)
    other_folder = folder / "other"
    other_folder.mkdir(mode=0o700)
    shutil.copy(folder / "one" / "kek", other_folder / "kek")
    other = serving(other_folder, store=dsn)
    with one, other:
        yield one, other


@pytest.fixture(scope="module")
def pair(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two that live through all tests."""
    dsn = postgres_server.fresh_database()
    with running_pair(dsn, tmp_path_factory.mktemp("pair")) as running:
        yield running
    postgres_server.drop_database(dsn)


@pytest.fixture
def mortal_pair(postgres_dsn: str, tmp_path: Path) -> Iterator[Pair]:
    """Two of which one may be killed."""
    with running_pair(postgres_dsn, tmp_path) as running:
        yield running


def verified(server: Server) -> bool:
    result = trstctl("audit", "verify", "--config", server.folder / "trstctl.yaml")
    assert result.returncode in {0, 1}, result.stderr
    return result.returncode == 0


def test_what_one_wrote_the_other_reads_at_once(pair: Pair) -> None:
    one, other = pair
    with one.client() as first, other.client() as second:
        for number in range(1, 21):
            writer, reader = (first, second) if number % 2 else (second, first)
            assert writer.put("shared/key", f"value-{number}") == number
            assert reader.get("shared/key") == f"value-{number}"
    assert verified(one)
    assert verified(other)


def test_a_token_revoked_at_one_is_refused_at_the_other_at_once(pair: Pair) -> None:
    one, other = pair
    with one.client() as here:
        issued = here("POST", TOKENS, {"subject": "ci", "scopes": ["secrets:list"]}).json()
        with other.client(issued["token"]) as there:
            assert there("GET", STORE).status == 200
            assert here("DELETE", f"{TOKENS}/{issued['id']}").status == 204
            assert there("GET", STORE).status == 401


def test_both_writing_one_secret_make_one_sequence_of_versions(pair: Pair) -> None:
    with pair[0].client() as first:
        first.put("contested", "0")

    def rotate(server: Server) -> list[int]:
        with server.client() as client:
            answers = [client("PUT", f"{STORE}/contested", {"value": "x"}) for _ in range(40)]
        assert {answer.status for answer in answers} == {200}
        return [answer.json()["version"] for answer in answers]

    with ThreadPoolExecutor(4) as threads:
        versions = [version for made in threads.map(rotate, [*pair, *pair]) for version in made]
    assert sorted(versions) == list(range(2, 162))
    assert verified(pair[0])


def test_one_killed_under_load_loses_nothing_and_the_other_serves_on(mortal_pair: Pair) -> None:
    one, other = mortal_pair
    acknowledged: dict[str, str] = {}
    stop = threading.Event()

    def write(server: Server, name: str) -> None:
        with server.client() as client:
            for number in range(100_000):
                if stop.is_set():
                    return
                path = f"{name}/{number}"
                try:
                    client.put(path, path)
                except (OSError, http.client.HTTPException, AssertionError):
                    return
                acknowledged[path] = path

    writers = [threading.Thread(target=write, args=(server, f"{which}{n}")) for n in range(3) for which, server in
               (("one", one), ("other", other))]  # fmt: skip
    for writer in writers:
        writer.start()
    threading.Event().wait(1.5)
    one.kill()
    killed_with = len(acknowledged)
    threading.Event().wait(1.0)
    stop.set()
    for writer in writers:
        writer.join(30)
    assert killed_with > 50, "there was no load"
    assert len(acknowledged) > killed_with, "the other stopped with it"
    with other.client() as client:
        assert all(client.get(path) == value for path, value in acknowledged.items())
    assert verified(other)
