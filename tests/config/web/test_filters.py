"""Whatever stands behind the question mark of an address, a list is shown or says what is wrong."""

import re
from collections.abc import Iterator
from itertools import cycle, islice

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, Permission
from reports.definitions import REPORTS
from tests.support import factories
from tests.support.tickets import opened

pytestmark = pytest.mark.django_db

# What the pages' own links and fields ask for, found on them, and what only scripts ask for.
NAMES = re.compile(r"""(?:[?&]|&amp;)([a-z_]+)=|<(?:input|select)[^>]* name="([a-z_]+)\"""")
BY_SCRIPTS = {
    "console": {"after", "before", "brand", "from", "part", "q", "tab"},
    "reports": {"brand", "team", "agent", "topic", "from", "to", "zone", "compare", "value"},
    "admin": {"q", "p", "o"},
}
NO_FILTERS = {"csrfmiddlewaretoken", "next", "theme", "language"}
HOSTILE = [
    "\x01\x1f\x7f\u200b",
    "%",
    "\\",
    "'\");--",
    "-1",
    "9" * 30,
    "1e999",
    "²",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "\U0010ffff\ufffe",
    "İ" * 3000,
    "__class__",
    "a:b:c",
]


def lists() -> Iterator[str]:
    """The address of every list of the console, the reports and the administration."""
    for name in ("console", "console-archive", "tickets", "customers", "console-gadget", "wall"):
        yield reverse(name)
    for name in REPORTS:
        yield reverse("report", args=[name])
    for model in admin.site._registry:
        yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    yield reverse("admin:automation_review")


@pytest.fixture
def boss() -> Client:
    brand = factories.make_brand()
    person = factories.make_agent(role=factories.make_role(*Permission), language="en")
    Agent.objects.filter(pk=person.pk).update(is_staff=True)
    visitor = factories.make_visitor(brand)
    factories.make_conversation(visitor, assignee=person, status="active")
    done = {"status": "resolved", "resolved_at": timezone.now(), "resolved_by": person}
    factories.make_conversation(visitor, **done)
    opened(brand)
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def test_no_filter_of_a_list_breaks_it(boss: Client) -> None:
    broken: list[tuple[str, str, str]] = []
    asked = 0
    # Each name meets another value on each page; what all reports ask for is read by one place.
    values = cycle(HOSTILE)
    of_reports: set[str] = set()
    for url in lists():
        page = boss.get(url, follow=True)
        assert page.status_code == 200, url
        sort = url.split("/")[1]
        found = {one or other for one, other in NAMES.findall(page.content.decode())}
        names = (found | BY_SCRIPTS.get(sort, set())) - NO_FILTERS - of_reports
        for name in sorted(names):
            for value in islice(values, 1 + (sort != "admin")):
                answer = boss.get(url, {name: value})
                asked += 1
                if answer.status_code >= 500:
                    broken.append((url, name, value[:20]))
        of_reports |= names if sort == "reports" else set()
    assert broken == []
    assert asked > 240


def test_a_nul_is_refused_before_any_database_is_asked(boss: Client) -> None:
    for url in lists():
        assert boss.get(f"{url}?q=%00").status_code == 400
        assert boss.get(f"{url}?%00=q").status_code == 400
