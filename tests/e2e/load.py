"""Concurrent writes and reads over TLS, with a record of every answer that came."""

from __future__ import annotations

import http.client
import random
import secrets
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Lock, Thread
from typing import NamedTuple

from tests.e2e.https_client import STORE, Answer, HttpsClient
from tests.e2e.leased import Leases

SHARES = "/api/v1/secrets/shares"
PATHS = tuple(f"app/service-{number}" for number in range(6))


class Use(NamedTuple):
    """What an answer says has happened: an event of this type at its position, about this version of this secret."""

    type: str
    path: str
    number: int


class Shares:
    """Shares that were acknowledged, each for one view: their values by token, and what became of them."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}
        self.tried: Counter[str] = Counter()
        """How many redeems were sent: each may have happened whether an answer came or not."""
        self.given: set[str] = set()
        """The value came: it never may again."""


class Load:
    """Threads that write and read the same few secrets, share and redeem, until the server is gone or they are told.

    With `leases`, they also lease, and give back.
    """

    def __init__(self, ports: Mapping[int, Path], token: str, threads: int = 4, leases: Leases | None = None) -> None:
        self.written: dict[tuple[str, int], str] = {}
        """Acknowledged values by path and version."""
        self.uses: dict[int, Use] = {}
        """Acknowledged events by position."""
        self.shares = Shares()
        self.leases = leases
        self.problems: list[str] = []
        self._lock = Lock()
        self._stop = Event()
        self._token = token
        self._threads = [
            Thread(target=self._run, args=(port, certificate))
            for port, certificate in ports.items()
            for _ in range(threads)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop, and wait for each thread; raises `AssertionError` if an answer was wrong."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        problems = self.problems + (self.leases.problems if self.leases else [])
        assert not problems, problems

    def _run(self, port: int, certificate: Path) -> None:
        try:
            with HttpsClient(port, certificate, self._token) as client:
                while not self._stop.is_set():
                    chance = random.random()
                    if chance < 0.1:
                        self._share(client)
                    elif chance < 0.25:
                        self._redeem(client)
                    elif chance < 0.3 and self.leases:
                        self.leases.take(client)
                    else:
                        (self._write if chance < 0.7 else self._read)(client, random.choice(PATHS))
        except (OSError, http.client.HTTPException):
            return  # killed, as was meant

    def _write(self, client: HttpsClient, path: str) -> None:
        value = secrets.token_hex(8)
        answer = client("PUT", f"{STORE}/{path}", {"value": value})
        if answer.status == 404:
            answer = client("POST", f"{STORE}/{path}", {"value": value})
        if self._expected(answer, {200, 201, 409}) and answer.status != 409:
            number = answer.json()["version"]
            with self._lock:
                if (path, number) in self.written:
                    self.problems.append(f"{path}: version {number} was given twice")
                self.written[path, number] = value
                self._note(answer, Use("secret.version.written", path, number))

    def _read(self, client: HttpsClient, path: str) -> None:
        with self._lock:
            newest = max((number for written, number in self.written if written == path), default=0)
        answer = client("GET", f"{STORE}/{path}")
        if self._expected(answer, {200} if newest else {200, 404}) and answer.status == 200:
            got = answer.json()
            with self._lock:
                if got["version"] < newest:
                    self.problems.append(f"{path}: read version {got['version']} after {newest} was acknowledged")
                if got["value"] != self.written.get((path, got["version"]), got["value"]):
                    self.problems.append(f"{path}: version {got['version']} has another value than it was given")
                self._note(answer, Use("secret.read", path, got["version"]))

    def _share(self, client: HttpsClient) -> None:
        value = secrets.token_hex(8)
        answer = client("POST", SHARES, {"value": value})
        if self._expected(answer, {201}):
            with self._lock:
                self.shares.made[answer.json()["token"]] = value

    def _redeem(self, client: HttpsClient) -> None:
        """One of the newest, which others may be after as well; each fifth is left for after the end."""
        with self._lock:
            near = [token for number, token in enumerate(self.shares.made) if number % 5][-3:]
        if near:
            redeem(client, random.choice(near), self.shares, self.problems, self._lock)

    def _note(self, answer: Answer, use: Use) -> None:
        self.uses[int(answer.headers["x-trstctl-position"])] = use

    def _expected(self, answer: Answer, statuses: set[int]) -> bool:
        if answer.status not in statuses:
            self.problems.append(f"{answer.status}: {answer.body.decode()}")
        return answer.status in statuses


def redeem(client: HttpsClient, token: str, shares: Shares, problems: list[str], lock: Lock) -> None:
    """Ask for a share's value, and hold the answer against what was acknowledged before."""
    with lock:
        shares.tried[token] += 1
    answer = client("POST", f"{SHARES}/redeem", {"token": token})
    with lock:
        if answer.status == 200:
            if token in shares.given:
                problems.append("a share was given twice")
            if answer.json()["value"] != shares.made[token]:
                problems.append("a share has another value than it was given")
            shares.given.add(token)
        elif answer.status != 410:
            problems.append(f"{answer.status}: {answer.body.decode()}")
        elif shares.tried[token] == 1:
            problems.append("a share was acknowledged, and is gone though nobody asked for it")
