"""Messages are lines of JSON, and hold no value."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from cli.server.logs import JsonFormatter, configure, log_loop_error
from domain.errors import NotFound

VALUE = "s3cr3t-marker"


def line(**record: Any) -> dict[str, Any]:
    made = logging.makeLogRecord({"name": "trstctl.test", "levelname": "INFO", "msg": "hello", **record})
    text = JsonFormatter().format(made)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def failure(error: Exception, cause: Exception | None = None) -> Any:
    try:
        raise error from cause
    except type(error) as raised:
        return (type(raised), raised, raised.__traceback__)


def test_a_line_has_time_level_logger_and_message() -> None:
    found = line(created=0.5, msecs=500.0, msg="%d keys", args=(3,), levelname="WARNING")
    assert found == {
        "ts": "1970-01-01T00:00:00.500Z",
        "level": "warning",
        "logger": "trstctl.test",
        "message": "3 keys",
    }


def test_what_is_given_besides_is_a_field_of_its_own() -> None:
    found = line(request_id="r1", status=200, route="/x", unusual={1})
    assert (found["request_id"], found["status"], found["route"], found["unusual"]) == ("r1", 200, "/x", [1])


def test_a_foreign_error_is_told_by_its_kind_and_place_alone() -> None:
    found = line(exc_info=failure(ValueError(VALUE), KeyError(VALUE)))
    assert found["error"] == ["ValueError", "KeyError"]
    assert found["trace"][-1].endswith(" failure")
    assert VALUE not in json.dumps(found)


def test_an_error_of_ours_is_told_with_what_it_says() -> None:
    assert line(exc_info=failure(NotFound("there is no x")))["error"] == ["NotFound: there is no x"]


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    flags = logging.logThreads, logging.logProcesses, logging.logMultiprocessing, logging._srcfile
    yield
    root.handlers[:], root.level = handlers, level
    logging.logThreads, logging.logProcesses, logging.logMultiprocessing, logging._srcfile = flags
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "apscheduler", "psycopg", "psycopg.pool", "asyncio"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.usefixtures("logging_restored")
def test_uvicorn_s_warnings_come_out_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler())
    configure("info")
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    printed = capsys.readouterr().err.splitlines()
    assert [json.loads(each)["message"] for each in printed] == ["Invalid HTTP request received."]


def test_the_event_loop_s_errors_are_told_without_what_is_in_them(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    context = {"message": f"Exception in callback f({VALUE!r})", "exception": ValueError(VALUE), "handle": VALUE}
    log_loop_error(loop, context)
    log_loop_error(loop, {"message": VALUE})
    loop.close()
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert VALUE not in "".join(JsonFormatter().format(record) for record in caplog.records)


def test_a_client_s_broken_connection_is_no_error_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    with caplog.at_level(logging.INFO):
        log_loop_error(loop, {"message": "SSL error", "exception": ssl.SSLError(1, "x")})
        log_loop_error(loop, {"message": "lost", "exception": ConnectionResetError()})
    loop.close()
    assert caplog.records == []
