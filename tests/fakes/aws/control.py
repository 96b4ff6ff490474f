"""What tests tell the fake, and what it tells them: over HTTP, at an address that AWS has not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qsl

ADDRESS: Final = "/control"
Start = Callable[..., Any]


@dataclass
class Fault:
    """An error instead of an answer, so many times; with `after`, what was asked is done all the same."""

    action: str
    code: str
    status: int
    times: int = 1
    after: bool = False
    message: str = "made up by a test"


@dataclass
class Control:
    """`key_delay`: seconds until AWS knows a key that is made from now on. `seen`: every request so far, in order.

    `ahead`: seconds by which policies and sessions take it to be later than it is, for tests of ends that are far.
    """

    key_delay: float = 0
    told_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ahead: float = 0
    faults: list[Fault] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, body: bytes) -> bytes:
        """Set what the body says, and answer what was seen since the last time."""
        given = json.loads(body or b"{}")
        with self.lock:
            self.told_at = datetime.now(UTC)
            self.key_delay, self.ahead = given.get("key_delay", 0), given.get("ahead", 0)
            self.faults = [Fault(**fault) for fault in given.get("faults", ())]
            seen, self.seen = self.seen, []
        return json.dumps(seen).encode()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def fault(self, action: str) -> Fault | None:
        with self.lock:
            fault = next((each for each in self.faults if each.action == action and each.times), None)
            if fault:
                fault.times -= 1
            return fault


CONTROL: Final = Control()


def controlled(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The WSGI application with faults, and an eye on it."""

    def serve(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ["PATH_INFO"] == ADDRESS:
            return _answered(start, "200 OK", CONTROL.told(body))
        environ["wsgi.input"] = BytesIO(body)
        asked = dict(parse_qsl(body.decode(errors="replace")))
        CONTROL.seen.append(asked)
        fault = CONTROL.fault(asked.get("Action", ""))
        if fault is None and "HTTP_AUTHORIZATION" not in environ:
            fault = Fault("", "MissingAuthenticationToken", 403)
        if fault is None:
            return application(environ, start)
        if fault.after:
            list(application(environ, lambda *_: lambda _: None))
        return _answered(start, f"{fault.status} Fault", _error(fault))

    return serve


def _answered(start: Start, status: str, body: bytes) -> list[bytes]:
    start(status, [("content-type", "text/xml"), ("content-length", str(len(body)))])
    return [body]


def _error(fault: Fault) -> bytes:
    return (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{fault.code}</Code><Message>{fault.message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    ).encode()
