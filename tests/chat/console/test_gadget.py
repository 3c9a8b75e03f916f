"""The compact window: my chats, and which colleagues are there."""

import re

import pytest

from agents.models import BreakReason
from tests.support.factories import make_agent
from tests.support.http import make_shop, open_widget, started, taken

pytestmark = pytest.mark.django_db

URL = "/console/gadget/"


@pytest.fixture
def shop():
    shop = make_shop()
    shop.elif_.language = "tr"
    shop.elif_.save()
    return shop


def test_it_shows_my_chats_and_nobody_elses_and_colleagues_in_the_order_of_their_status(
    client, shop
):
    reason = BreakReason.objects.create(name_tr="Öğle yemeği", name_en="Lunch")
    make_agent(name="Ada Yurt")
    make_agent(name="Can Öz", status="break", break_reason=reason)
    mert = make_agent(name="Mert Demir", online=True)
    shop.team.agents.add(mert)
    mine = taken(started(open_widget(shop.brand), "Benim sohbetim"), shop.elif_)
    theirs = taken(started(open_widget(shop.brand), "Mert'in sohbeti"), mert)
    client.force_login(shop.elif_)
    page = client.get(URL).content.decode()
    assert f"/console/chats/{mine.public_id}/" in page
    assert "Benim sohbetim" in page
    assert theirs.public_id not in page
    names = re.findall(r"Mert Demir|Ada Yurt|Can Öz|Öğle yemeği", page)
    assert names == ["Mert Demir", "Can Öz", "Öğle yemeği", "Ada Yurt"]


def test_what_changes_is_asked_for_alone_and_is_mostly_not_changed(client, shop):
    client.force_login(shop.elif_)
    first = client.get(f"{URL}?part=rows")
    assert "<html" not in first.content.decode()
    assert "Açık sohbet yok" in first.content.decode()
    again = client.get(f"{URL}?part=rows", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_nobody_sees_it_without_signing_in(client):
    assert client.get(URL).status_code == 302
