"""What rooms put into the console's frame."""

import pytest
from django.utils.translation import gettext_lazy as _

from agents.console import rail, slots
from agents.console.rail import RailEntry, register_entry
from agents.console.slots import Slot, fill_slot
from agents.models import Permission
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(rail, "_entries", dict(rail._entries))
    monkeypatch.setattr(
        slots, "_templates", {key: [*each] for key, each in slots._templates.items()}
    )


def profile(client, *permissions) -> str:
    client.force_login(make_agent(language="en", role=make_role(*permissions)))
    return client.get("/profile/").content.decode()


def test_an_entry_stands_in_its_order_in_the_menu_of_those_who_may_open_it(client):
    register_entry(
        RailEntry(
            key="reports",
            label=_("Timeline"),
            icon="clock",
            url_name="console-archive",
            order=30,
            may=lambda access: access.may(Permission.REPORTS),
        )
    )
    page = profile(client, Permission.CHAT, Permission.REPORTS, Permission.ARCHIVE)
    titles = [part.partition('"')[0] for part in page.split('title="')]
    menu = [each for each in titles if each in {"Live support", "Archive", "Timeline", "Profile"}]
    assert menu == ["Live support", "Timeline", "Profile"]
    assert 'title="Timeline"' not in profile(client, Permission.CHAT)


def test_a_template_stands_once_in_the_slot_it_fills(client):
    for _again in range(2):
        fill_slot(Slot.FOOT, "console/shortcuts.html")
    # There is one among the dialogs already.
    assert profile(client, Permission.CHAT).count('id="shortcuts"') == 2
