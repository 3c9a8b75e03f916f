"""Logs name events and ids; people, their words and their keys never stand in them."""

import io
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from config.settings import logs

SECRETS = {
    "vera@example.com": "an address",
    "ayşe.yılmaz@firma.com.tr": "an address with Turkish letters",
    "iK2vXlL0S1q8Zt4Wc7nBfY3mRe9uPd6hJgAaOoTtEeXx": "a visitor's secret",
    "eyJicmFuZCI6MX0:1tZk2a:Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4": "a signed token",
    "kargom nerede acaba": "a message",
}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Return what the root logger writes, as JSON lines."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure({"level": "DEBUG", "json": True})
    stream = io.StringIO()
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the entries written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_entry_is_one_json_object_with_name_level_and_time(written: io.StringIO) -> None:
    structlog.get_logger("chat.posting.group_commit").info("writer.batch", size=12, conversation=7)
    (entry,) = lines(written)
    assert entry["event"] == "writer.batch"
    assert entry["size"] == 12
    assert entry["level"] == "info"
    assert entry["logger"] == "chat.posting.group_commit"
    assert entry["timestamp"].endswith("Z")


def test_the_standard_library_writes_the_same_way(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("slow client %s", 7)
    (entry,) = lines(written)
    assert entry["event"] == "slow client 7"


@pytest.mark.parametrize("key", ["text", "body", "email", "token", "Authorization", "payload"])
def test_private_keys_are_masked_at_any_depth(written: io.StringIO, key: str) -> None:
    log = structlog.get_logger("x")
    log.info("e", **{key: "kargom nerede acaba"})
    log.info("e", data={"inner": [{key: "kargom nerede acaba"}]})
    assert "kargom" not in written.getvalue()
    assert len(lines(written)) == 2


@pytest.mark.parametrize("secret", [s for s in SECRETS if s != "kargom nerede acaba"])
def test_secrets_inside_other_text_are_masked(written: io.StringIO, secret: str) -> None:
    structlog.get_logger("x").info("mail.refused", reason=f"550 <{secret}> unknown")
    logging.getLogger("y").error("refused: %s", secret)
    assert secret not in written.getvalue()
    assert len(lines(written)) == 2


def test_query_strings_and_bearer_headers_are_masked() -> None:
    assert logs.masked("GET /t/?token=abc&x=1 done") == "GET /t/?*** done"
    assert "abcdefgh1234" not in logs.masked("Authorization: Bearer abcdefgh1234")


@pytest.mark.parametrize("run", ["a", ".a", "-a", "a/", "eyJaaaaaa.", "-eyJaaaa", "bearer ", "@a"])
def test_a_long_line_of_a_strangers_is_masked_in_no_time(run: str) -> None:
    # As a Host header, say. Looking at it again from each letter on would take minutes.
    began = time.process_time()
    logs.masked(run * 20_000)
    assert time.process_time() - began < 5


def test_an_exceptions_text_is_masked_too(written: io.StringIO) -> None:
    try:
        raise ValueError("no account vera@example.com")
    except ValueError:
        structlog.get_logger("x").exception("login.failed")
    (entry,) = lines(written)
    assert "ValueError" in entry["exception"]
    assert "vera@" not in written.getvalue()


def test_the_files_of_a_traceback_stay_readable(written: io.StringIO) -> None:
    path = "/opt/imece/.venv/lib/python3/site-packages/django/db/models/query.py"
    logging.getLogger("x").error('File "%s", line 7, in get', path)
    assert path in lines(written)[0]["event"]


def test_tasks_that_run_as_they_should_write_nothing(written: io.StringIO) -> None:
    for name in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(name).info("Task outbox.drain succeeded")
        logging.getLogger(name).warning("Task %s failed", name)
    assert [entry["level"] for entry in lines(written)] == ["warning"] * 2


def test_ids_and_numbers_stay_readable(written: io.StringIO) -> None:
    public_id = "c0ffee00-1234-4abc-9def-001122334455"
    structlog.get_logger("x").info("e", conversation=public_id, ok=True, pause=1.5, none=None)
    (entry,) = lines(written)
    assert entry["conversation"] == public_id
    assert (entry["ok"], entry["pause"], entry["none"]) == (True, 1.5, None)


def test_a_forged_line_stays_one_line(written: io.StringIO) -> None:
    structlog.get_logger("x").info("e", agent='7\n{"event": "forged"}')
    assert len(written.getvalue().splitlines()) == 1


def test_what_is_said_again_and_again_is_written_so_often_and_then_counted(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, plain = structlog.get_logger("x"), logging.getLogger("y")
    now = [time.time_ns()]
    monkeypatch.setattr("logging.time.time_ns", lambda: now[0])
    for number in range(logs.LINES_MAX + 7):
        log.warning("socket.failed", number=number)
        # The text may be the stranger's own; the place in the code is not.
        plain.error("refused %s", number)
    log.warning("something.else")
    assert len(lines(written)) == 2 * logs.LINES_MAX + 1
    now[0] += 60 * 10**9
    log.warning("something.else")
    *_, first, second, last = lines(written)
    for told in (first, second):
        assert told["event"].startswith("logs.left_out test_logs:")
        assert told["event"].endswith(" 7 times")
    assert last["event"] == "something.else"


@pytest.mark.parametrize("log", [structlog.get_logger("outbox"), logging.getLogger("outbox")])
def test_how_it_came_to_an_error_is_said_a_few_times_a_minute(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    now = time.time_ns()
    monkeypatch.setattr("logging.time.time_ns", lambda: now)
    for _ in range(logs.TRACEBACKS_MAX + 3):
        try:
            raise OSError("No space left on device")
        except OSError:
            log.exception("drain.failed")
    said = lines(written)
    assert [entry["event"] for entry in said] == ["drain.failed"] * (logs.TRACEBACKS_MAX + 3)
    assert ["exception" in entry for entry in said] == [True] * logs.TRACEBACKS_MAX + [False] * 3


@pytest.mark.parametrize("name", ["django.security.DisallowedHost", "uvicorn.error"])
def test_what_any_stranger_can_cause_writes_no_line_each(written: io.StringIO, name: str) -> None:
    logging.getLogger(name).info('127.0.0.1 - "WebSocket /ws/visitor/" [accepted]')
    if name.startswith("django"):
        logging.getLogger(name).error("Invalid HTTP_HOST header: 'evil.example'.")
    assert written.getvalue() == ""
