"""The page of the console on which agents write their own canned replies."""

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.models import CannedReply
from agents.operations import canned
from tests.support.factories import make_agent
from tests.support.http import make_shop

pytestmark = pytest.mark.django_db

PAGE = "/profile/canned/"


def typed(**changes) -> dict:
    told = {"shortcut": "/Selam", "title": "İlk", "body": "Merhaba\r\n{{visitor.name}}"}
    return told | {"language": "tr"} | changes


def own(agent, **changes) -> CannedReply:
    told = {"shortcut": "merhaba", "title": "İlk", "body": "Merhaba", "language": "tr"}
    return canned.add_canned_reply(by=agent, now=timezone.now(), **told | changes)


def test_an_own_reply_is_added_changed_and_deleted(client, elif_):
    assert client.post(PAGE, typed()).status_code == 302
    reply = CannedReply.objects.get()
    assert (reply.agent, reply.shortcut, reply.language) == (elif_, "selam", "tr")
    assert reply.body == "Merhaba\n{{visitor.name}}"
    assert "/selam" in client.get(PAGE).content.decode()
    place = f"{PAGE}{reply.pk}/"
    shown = client.get(place).content.decode()
    assert "{{visitor.name}}</textarea>" in shown
    assert client.post(place, typed(body="Selam!")).status_code == 302
    reply.refresh_from_db()
    assert (reply.body, reply.shortcut) == ("Selam!", "selam")
    assert client.post(f"{place}remove/").status_code == 302
    assert not CannedReply.objects.exists()


def test_it_lists_the_own_ones_and_what_is_shared_with_the_agent(client, shop, elif_):
    told = {"title": "x", "body": "x", "language": "tr"}
    own(elif_, shortcut="benim")
    CannedReply.objects.create(shortcut="herkes", **told)
    CannedReply.objects.create(shortcut="marka", brand=shop.brand, **told)
    CannedReply.objects.create(shortcut="yabanci", team=make_shop().team, **told)
    own(make_agent(), shortcut="baskasinin")
    page = client.get(PAGE)
    assert [reply.shortcut for reply in page.context["own"]] == ["benim"]
    assert [reply.shortcut for reply in page.context["shared"]] == ["herkes", "marka"]
    text = page.content.decode()
    assert "/baskasinin" not in text
    leads = {
        reply.shortcut: f'href="{PAGE}{reply.pk}/"' in text for reply in CannedReply.objects.all()
    }
    assert {name for name, is_linked in leads.items() if is_linked} == {"benim"}


def test_shared_ones_and_those_of_others_are_not_the_agents_to_change(client, shop, elif_):
    shared = CannedReply.objects.create(shortcut="x", title="x", body="x", language="tr")
    theirs = own(make_agent())
    for reply in (shared, theirs):
        place = f"{PAGE}{reply.pk}/"
        assert client.get(place).status_code == 404
        assert client.post(place, typed()).status_code == 404
        assert client.post(f"{place}remove/").status_code == 404
    assert CannedReply.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"shortcut": "iki kelime"}, "shortcut"),
        ({"shortcut": "/"}, "shortcut"),
        ({"shortcut": "MERHABA"}, "shortcut"),
        ({"title": ""}, "title"),
        ({"body": " "}, "body"),
        ({"body": "x" * 4001}, "body"),
        ({"language": "de"}, "language"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field_and_stays_typed(
    client, elif_, changes, place
):
    own(elif_)
    answer = client.post(PAGE, typed(title="Yazdığım") | changes)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [place]
    if place != "title":
        assert 'value="Yazdığım"' in answer.content.decode()
    assert CannedReply.objects.count() == 1


def test_a_shortcut_may_mean_something_else_in_the_other_language(client, elif_):
    reply = own(elif_)
    assert client.post(PAGE, typed(shortcut="merhaba", language="en")).status_code == 302
    # Its own shortcut is nobody else's.
    assert client.post(f"{PAGE}{reply.pk}/", typed(shortcut="merhaba")).status_code == 302


def test_nobody_has_more_than_anybody_can_use(client, elif_, monkeypatch):
    monkeypatch.setattr(canned, "OWN_MAX", 1)
    own(elif_)
    answer = client.post(PAGE, typed())
    assert answer.status_code == 400
    assert answer.context["form"].non_field_errors()


def test_the_profile_leads_there_and_strangers_do_not_come_in(client, elif_):
    assert f'href="{reverse("agents:profile-canned")}"' in client.get("/profile/").content.decode()
    client.logout()
    assert client.get(PAGE).status_code == 302
    assert client.post(PAGE, typed()).status_code == 302
    assert not CannedReply.objects.exists()
