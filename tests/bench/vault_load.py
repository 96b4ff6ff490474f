"""The load that any server with Vault's surface can be given: key-value reads and writes, transit encryption.

What it needs there: KV version 2 at `secret/` and transit at `transit/`. Both are mounted if they are not. It leaves
`secret/trstctl-bench/` with a thousand secrets and the key `trstctl-bench` behind.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tests.bench.load import lua

NAMES: Final = 1000
BATCH: Final = 100
_FOLDER: Final = "trstctl-bench"
_KEY: Final = "trstctl-bench"
_KV: Final = f"/v1/secret/data/{_FOLDER}"
_ENCRYPT: Final = f"/v1/transit/encrypt/{_KEY}"
_VALUE: Final = json.dumps({"data": {"value": "0123456789abcdef"}})
_ITEM: Final = {"plaintext": base64.b64encode(bytes(range(64))).decode()}
_MOUNTS: Final = (("secret", {"type": "kv", "options": {"version": "2"}}), ("transit", {"type": "transit"}))


class Target(NamedTuple):
    """A server under load: where it is, whose token is shown, and the certificate that its own is signed by."""

    address: str
    token: str
    certificate: Path | None = None


class Operation(NamedTuple):
    """What each request is. `items` is how much of it one request does."""

    name: str
    method: str
    path: str
    body: str = ""
    spread: int = 0
    items: int = 1

    def script(self, token: str) -> str:
        """For wrk, with `token` as clients of Vault show it."""
        header = f'wrk.headers["X-Vault-Token"] = "{token}"' if token else ""
        return f"{header}\n{lua(self.method, self.path, self.body, self.spread)}"

    def bare(self) -> str:
        """The same method and body for the yardstick, which answers whatever it is asked."""
        return lua(self.method, "/", self.body)


OPERATIONS: Final = (
    Operation("KV v2 read", "GET", f"{_KV}/s%d", spread=NAMES),
    Operation("KV v2 write", "POST", f"{_KV}/s%d", _VALUE, spread=NAMES),
    Operation("transit encrypt", "POST", _ENCRYPT, json.dumps(_ITEM)),
    Operation(f"transit encrypt, {BATCH} a request", "POST", _ENCRYPT, json.dumps({"batch_input": [_ITEM] * BATCH}),
              items=BATCH),
)  # fmt: skip


def prepare(target: Target) -> None:
    """Mount what is not mounted, write what will be read, make the key; raises `OSError` with what was refused."""
    with closing(_connection(target)) as connection:
        for path, settings in _MOUNTS:
            _ask(connection, target.token, f"/v1/sys/mounts/{path}", settings, may_be_there=True)
        for number in range(NAMES):
            _ask(connection, target.token, f"{_KV}/s{number}", json.loads(_VALUE))
        _ask(connection, target.token, f"/v1/transit/keys/{_KEY}", {})


def _connection(target: Target) -> http.client.HTTPConnection:
    where = urlsplit(target.address)
    if where.scheme == "http":
        return http.client.HTTPConnection(where.netloc, timeout=60)
    context = ssl.create_default_context(cafile=str(target.certificate) if target.certificate else None)
    return http.client.HTTPSConnection(where.netloc, context=context, timeout=60)


def _ask(
    connection: http.client.HTTPConnection, token: str, path: str, body: object, *, may_be_there: bool = False
) -> None:
    """One write. With `may_be_there`, 400 is taken to say that it was done before."""
    headers = {"X-Vault-Token": token, "Content-Type": "application/json"}
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300 and not (answer.status == 400 and may_be_there):
        raise OSError(f"{path} was answered with {answer.status}: {text[:500].decode(errors='replace')}")
