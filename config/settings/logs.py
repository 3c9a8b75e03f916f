"""Structured logs that name events and ids, never people.

`LOGGING_CONFIG` names `configure`, which Django calls with `settings.LOGGING`:
`{"level": "INFO", "json": True}`.
"""

import logging
import logging.config
import re
from collections import Counter
from collections.abc import MutableMapping
from copy import copy
from pathlib import Path
from typing import Any

import structlog

MASK = "***"
# Keys whose values are somebody's words or somebody's key.
PRIVATE = frozenset(
    {
        *("authorization", "cookie", "cookies", "csrf_token", "csrfmiddlewaretoken", "otp"),
        *("password", "query_string", "secret", "sessionid", "set-cookie", "token"),
        *("body", "content", "detail", "fields", "message_text", "payload", "subject", "text"),
        *("email", "ip", "name", "page", "phone", "referrer", "title", "url", "user_agent"),
    }
)
# Each looks at a long run of characters once: anybody may send one, as a Host header for example.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+")
_BEARER = re.compile(r"(?i)\b(bearer|token|basic)\s+[\w.~+/:=-]{8,}")
# Long unbroken strings are secrets, signatures or signed values (ids of ours are shorter). Without
# the slash: files in a traceback must stay readable, and our own secrets are URL-safe.
_SECRET = re.compile(r"[A-Za-z0-9_~+=-]{40,}(?:[:.][A-Za-z0-9_~+=-]+)*")
# What django.core.signing and JWT make.
_SIGNED = re.compile(
    r"(?<![\w-])eyJ[\w-]{6,}+[:.][\w:.=-]{16,}|(?<![\w.=-])[\w.=-]++:\w{6}:[\w-]{20,}"
)
_QUERY = re.compile(r"\?[^\s\"']+")

# Of one line of code in a minute. Anybody can make the server say the same again and again.
LINES_MAX = 100
# The same, of tracebacks: on a full disk each of them has fifty lines and says the same.
TRACEBACKS_MAX = 5

type Entry = MutableMapping[str, Any]


def masked(text: str) -> str:
    """Return `text` without e-mail addresses, credentials and query strings."""
    text = _EMAIL.sub(MASK, text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _QUERY.sub(f"?{MASK}", text)
    return _SECRET.sub(MASK, _SIGNED.sub(MASK, text))


def mask(_: Any, __: str, entry: Entry) -> Entry:
    """Drop what is personal or secret from a log entry; the last step before it is written."""
    return {key: _clean(key, value) for key, value in entry.items()}


def _clean(key: str, value: Any) -> Any:
    if key.lower() in PRIVATE:
        return MASK
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {inner: _clean(str(inner), held) for inner, held in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", held) for held in value]
    if isinstance(value, bool | int | float | None):
        return value
    return masked(str(value))


class Bounded(logging.StreamHandler[Any]):
    """Writes what one line of code says up to `LINES_MAX` times a minute, then only how often.

    How it came to that is said `TRACEBACKS_MAX` times.
    """

    def __init__(self) -> None:
        super().__init__()
        self._minute = 0
        self._lines: Counter[tuple[str, int]] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it."""
        minute = int(record.created // 60)
        if minute != self._minute:
            for (path, line), count in self._lines.items():
                if count > LINES_MAX:
                    self._tell(f"logs.left_out {Path(path).stem}:{line} {count - LINES_MAX} times")
            self._minute = minute
            self._lines.clear()
        self._lines[record.pathname, record.lineno] += 1
        times = self._lines[record.pathname, record.lineno]
        if times <= LINES_MAX:
            super().emit(record if times <= TRACEBACKS_MAX else _without_traceback(record))

    def _tell(self, text: str) -> None:
        super().emit(logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (), None))


def _without_traceback(record: logging.LogRecord) -> logging.LogRecord:
    short = copy(record)
    short.exc_info = short.exc_text = None
    if isinstance(short.msg, dict):
        # What structlog says, which has it among its values.
        said: Any = {key: value for key, value in short.msg.items() if key != "exc_info"}
        short.msg = said
    return short


def configure(config: dict[str, Any]) -> None:
    """Set up structlog and the standard library's logging alike."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json = bool(config.get("json"))
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "plain": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        # Only what broke and where: exception texts may quote people.
                        structlog.processors.format_exc_info,
                        mask,
                        last,
                    ],
                }
            },
            "handlers": {"console": {"()": "config.settings.logs.Bounded", "formatter": "plain"}},
            "root": {"handlers": ["console"], "level": config.get("level", "INFO")},
            "loggers": {
                # Every 4xx is a line here, with the path; our own logs say what matters.
                "django.request": {"level": "ERROR"},
                # A traceback for every request that names another host.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                # Two lines for every socket, with the visitor's address.
                "uvicorn.error": {"level": "WARNING"},
                "django.server": {"level": "WARNING"},
                "daphne": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},
                # A line or two for each task, and beat sends some every five seconds.
                "celery.app.trace": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
            },
        }
    )
