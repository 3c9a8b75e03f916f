"""Fixtures for all tests. Servers and the browser are in `tests/support`."""

import functools
import gc
import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.test import TransactionTestCase
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as property_settings
from playwright.sync_api import BrowserContext, Page
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from agents.presence import leases
from chat.posting.group_commit import writer
from chat.sockets.readers import readers
from config import events
from config.outbox import draining
from config.translations import compile_if_changed
from reports.figures.side_by_side import readings
from tests.support import chromium, servers
from tests.support.migrated import copy_database, migrated_dir, template_database
from tests.support.site import forget, running_site, start_again
from tests.support.site_urls import forget_rules
from tests.support.tables import empty_tables
from tests.support.turns import FromBothEnds

# A busy machine is no fault of what is tested; fixtures hold for all examples of a test.
property_settings.register_profile(
    "patient",
    parent=property_settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
property_settings.load_profile("patient")


def pytest_configure() -> None:
    """Compile texts, and have pages rendered without collecting static files first."""
    # A test makes much and keeps nothing: to look for cycles less often saves a twentieth.
    gc.set_threshold(50_000)
    compile_if_changed()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


def pytest_xdist_auto_num_workers() -> int:
    """Use one more worker than there are cores: many tests wait for servers and browsers."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Have one worker take files from the back."""
    return FromBothEnds(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests in an order that keeps every core at work, and leave out what can't run here.

    Workers take whole files: all but one from the front, where what waits for servers and browsers
    stands, one from the back, where what needs nothing stands. Beside a site nothing else can run,
    so it comes in one piece. At each end the longest files are first, so that nobody has a long one
    left when all others are done. How long one takes is told best by what its tests do: a walk of a
    hundred calls is one test.
    """
    sizes = Counter[Path]()
    for item in items:
        if isinstance(item, pytest.Function):
            sizes[item.path] += len(item.function.__code__.co_code)

    def turn(item: pytest.Item) -> tuple[int, int]:
        if _room(item.path) in {"deployment", "faults"} and not _uses_site(item):
            return (0, 0)
        if _uses_browser(item):
            return (2, -sizes[item.path]) if _uses_site(item) else (1, 0)
        return (3, 0) if _uses_site(item) else (4, sizes[item.path])

    items.sort(key=turn)
    left_out = [item for item in items if not _can_run(item)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@functools.cache
def _room(path: Path) -> str:
    return path.relative_to(Path(__file__).parent).parts[0]


def _uses_site(item: pytest.Item) -> bool:
    return "site" in getattr(item, "fixturenames", ())


def _uses_browser(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())


def _can_run(item: pytest.Item) -> bool:
    return not (settings.IS_SQLITE and item.get_closest_marker("postgres"))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what wasn't tested for want of a server, and what would be faster."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple)
    )
    for reason, number in sorted(reasons.items()):
        if reason.startswith("No "):
            terminalreporter.write_line(f"Left out {number} tests. {reason}.", yellow=True)
    if chromium.is_slow():
        terminalreporter.write_line(
            "Browser tests ran in a whole Chromium, which takes twice as long:"
            " apt-get install chromium-headless-shell.",
            yellow=True,
        )


# State that would leak from test to test


@pytest.fixture(autouse=True)
def _no_language_of_others() -> None:
    """Speak the default language: a request leaves its own behind in the thread."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Forget limits and locks of the test before."""
    if not settings.REDIS_URL:
        cache.clear()
        return
    # Not `cache.clear()`: FLUSHDB would take the broker's bindings along.
    client = _redis_at(settings.REDIS_URL)
    if keys := list(client.scan_iter(match=":*")):
        client.delete(*keys)


@functools.cache
def _redis_at(url: str) -> redis.Redis:
    """One client for all tests: to connect takes longer than to ask."""
    return redis.Redis.from_url(url)


@pytest.fixture(autouse=True)
def _effects_see_the_rows_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do effects in the thread of a test whose transaction no other thread can look into."""
    parallel_of = draining.parallel_of
    monkeypatch.setattr(
        draining,
        "parallel_of",
        lambda queue: 1 if connection.in_atomic_block else parallel_of(queue),
    )


@pytest.fixture(autouse=True)
def _no_rules_of_others() -> None:
    """Know no rules, and how often they looked: they went with the rows of the test before."""
    forget_rules()


@pytest.fixture
def early_in_the_hour() -> Iterator[None]:
    """Begin with the hour, so that no window of a limit ends in the middle of a test."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0)
    with time_machine.travel(start, tick=True):
        yield


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Begin with the file that lies there; it goes with its directory."""
    return settings.IS_SQLITE


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    """Have this process begin with a migrated database."""
    if settings.IS_SQLITE:
        copy_database(Path(settings.DATABASES[DEFAULT_DB_ALIAS]["TEST"]["NAME"]))
    else:
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = template_database()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """End the threads that keep connections, so that the test database can be dropped."""
    yield
    _end_threads()
    writer.close()
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            with connection.cursor() as cursor:
                # Threads of the test run itself (asgiref's, live servers') keep theirs.
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            # While the browser's event loop is there, this is another connection than that of
            # whoever drops the database, and would keep it.
            connection.close()


def _end_threads() -> None:
    """Let what this process does on the side come to its end.

    Else it would meet a database that pytest-django has locked, in the middle of a transaction that
    then never ends, and keep everybody else from writing.
    """
    idle = threading.Event()
    writer.between(idle.set)
    assert idle.wait(30), "the writer is still at work"
    readers.close()
    leases.close()
    readings.close()


def _leave_no_rows(self: TransactionTestCase) -> None:
    """Delete all rows, when nobody of this process is at work on them."""
    _end_threads()
    empty_tables()


TransactionTestCase._fixture_teardown = _leave_no_rows  # type: ignore[attr-defined]


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[events.Event]:
    """Return a list that fills with the events published from now on (which still go out)."""
    published: list[events.Event] = []
    send = events._send

    def record(told: Sequence[events.Event]) -> None:
        published.extend(told)
        send(told)

    monkeypatch.setattr(events, "_send", record)
    return published


# Servers


@pytest.fixture
def redis_server() -> Iterator[servers.Redis]:
    """An empty Redis of this test's own."""
    with servers.redis_server() as server:
        yield server


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    """A DATA_DIR of this test's own with an embedded database without rows."""
    return shutil.copytree(migrated_dir(), tmp_path / "data")


@dataclass(frozen=True)
class Site:
    """A running product on the test's database."""

    url: str
    ws_url: str
    process: servers.Web


_RUNNING = pytest.StashKey[servers.Web]()


@pytest.fixture(scope="session")
def _site_process(
    request: pytest.FixtureRequest, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[servers.Web]:
    with running_site(tmp_path_factory.mktemp("site")) as web:
        request.session.stash[_RUNNING] = web
        yield web


@pytest.fixture(autouse=True)
def _no_site_beside_other_tests(request: pytest.FixtureRequest) -> None:
    """End the site when a test comes that doesn't use it.

    Its worker and beat would drain that test's outbox, and send its agents away.
    """
    running = request.session.stash.get(_RUNNING, None)
    if running is not None and not _uses_site(request.node) and running.returncode is None:
        running.terminate()


@pytest.fixture
def site(_site_process: servers.Web, transactional_db: None) -> Site:
    """The product, with embedded worker and beat, serving the rows that this test makes."""
    if _site_process.returncode is not None:
        start_again(_site_process)
    forget(_site_process)
    return Site(url=_site_process.url, ws_url=_site_process.ws_url, process=_site_process)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """Show what the site logged when a test that used it fails."""
    report = yield
    if report.failed and (site := getattr(item, "funcargs", {}).get("site")):
        report.sections.append(("Log of the site", site.process.logs[-8000:]))
    return report


# Browser


_CHROMIUM = chromium.Chromium()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Put the browser away when a test comes that doesn't use it: it may need a loop of its own."""
    if not _uses_browser(item):
        _CHROMIUM.put_away()


def pytest_sessionfinish() -> None:
    """End the browser."""
    _CHROMIUM.put_away()


@pytest.fixture
def browser() -> chromium.Chromium:
    """Chromium, one for all tests of this process that use it in a row."""
    chromium.find_chromium()
    return _CHROMIUM


@pytest.fixture
def problems() -> chromium.Problems:
    """What the browser complained about; `problems.allow(pattern)` expects a complaint."""
    return chromium.Problems()


@pytest.fixture
def new_context(
    request: pytest.FixtureRequest, browser: chromium.Chromium, problems: chromium.Problems
) -> Iterator[chromium.Contexts]:
    """Call it for another person's browser: `new_context(agent=elif_, url=site.url)`."""
    # Browsers leave before the rows they look at do.
    if _uses_site(request.node):
        request.getfixturevalue("site")
    contexts = chromium.Contexts(browser, problems)
    yield contexts
    contexts.close()
    problems.check()


@pytest.fixture
def context(new_context: chromium.Contexts) -> BrowserContext:
    """One person's browser."""
    made: BrowserContext = new_context()
    return made


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab; the test fails if it logs an error or violates the CSP."""
    return context.new_page()
