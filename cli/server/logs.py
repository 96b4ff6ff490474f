"""The server's own messages: one JSON object a line on standard error.

Never a value: what an exception of somebody else says may quote one, so only its kind is told, and where it happened.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
import time
import traceback
from functools import lru_cache
from typing import Final

import msgspec

from domain.errors import TrstctlError

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_QUIET: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "apscheduler", "psycopg", "psycopg.pool", "asyncio")
"""Their warnings are of interest; what they say besides we say ourselves."""

_log = logging.getLogger("trstctl.serving")


class JsonFormatter(logging.Formatter):
    """`ts`, `level`, `logger`, `message`, whatever was given as `extra` (such as `request_id`), `error` and `trace`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        entry: dict[str, object] = {
            "ts": f"{_second(int(record.created))}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry.update((name, value) for name, value in vars(record).items() if name not in _OWN)
        if record.exc_info and record.exc_info[1]:
            entry["error"] = _causes(record.exc_info[1])
            entry["trace"] = _places(record.exc_info[1])
        return msgspec.json.encode(entry, enc_hook=str).decode()


@lru_cache(maxsize=4)
def _second(since_epoch: int) -> str:
    """RFC 3339 in UTC up to the second; made once for the many lines of a second."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since_epoch))


def _causes(error: BaseException | None) -> list[str]:
    """The error and what it came from. Only our own errors' messages are known to hold no value."""
    causes: list[str] = []
    while error is not None and len(causes) < 10:
        kind = type(error).__name__
        causes.append(f"{kind}: {error.message}" if isinstance(error, TrstctlError) else kind)
        error = error.__cause__ or error.__context__
    return causes


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def configure(level: str) -> None:
    """Send every logger's messages through the formatter, from `level` on."""
    # What no line of ours shows need not be found out for each: threads, processes, the place of the call.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - the documented way, "Optimization" in the manual
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))


def log_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """An event loop's exception handler. asyncio's own would print arguments and exceptions with what is in them."""
    error = context.get("exception")
    if isinstance(error, ssl.SSLError | ConnectionError):
        _log.debug("a connection failed", exc_info=error)
    elif isinstance(error, BaseException):
        _log.error("an error outside of any request", exc_info=error)
    else:
        _log.error("the event loop reports an error of no known kind")
