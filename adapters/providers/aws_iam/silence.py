"""The library's log at level DEBUG holds answers with new secret keys, and headers with session tokens. Not with us."""

from __future__ import annotations

import logging


class _Silence(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG


_SILENCE = _Silence()


def silence() -> None:
    """Keep what the library says at level DEBUG out of every log, whatever level is set; may be repeated."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"boto3", "botocore"}:
            logging.getLogger(name).addFilter(_SILENCE)
