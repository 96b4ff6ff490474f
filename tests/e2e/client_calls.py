"""`trstctl-cli` as a process, talking to a real server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.e2e.server import CLIENT, Server


@dataclass(frozen=True)
class Outcome:
    """What a call came to."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def whole(self) -> Any:
        return json.loads(self.out)


class Calls:
    """Calls the client as the owner of a token, with that in the environment which `dev.env` has."""

    def __init__(self, server: Server, token: str | None = None) -> None:
        self.server = server
        self.environment: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "TRSTCTL_SERVER": f"https://localhost:{server.port}",
            "TRSTCTL_TOKEN": token or server.token,
            "TRSTCTL_CACERT": str(server.folder / "tls.crt"),
        }

    def __call__(self, *words: str, stdin: bytes = b"") -> Outcome:
        done = subprocess.run(
            [CLIENT, *words], input=stdin, capture_output=True, env=self.environment, timeout=60, check=False
        )
        return Outcome(done.returncode, done.stdout, done.stderr.decode())

    def json(self, *words: str, stdin: bytes = b"") -> Any:
        """The result of a call that has to succeed."""
        outcome = self("-o", "json", *words, stdin=stdin)
        assert outcome.code == 0, outcome.err
        return outcome.whole

    def limited_to(self, *scopes: str) -> Calls:
        """Calls as a new subject with these scopes only."""
        words = ("access", "tokens", "create", "--subject", "somebody", "--scopes", ",".join(scopes))
        return Calls(self.server, self.json(*words)["token"])
