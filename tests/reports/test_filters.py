"""What narrows a report: chosen, read from an address, and said to whoever reads it."""

from urllib.parse import parse_qs, urlparse

import pytest
from django.utils import timezone

from agents.models import Agent, Tag
from chat.models import Conversation
from chat.operations.tags import add_tag
from reports.pages import views
from tests.reports.test_reports import desk as desk
from tests.reports.test_reports import reader
from tests.support.desk import Desk
from tests.support.factories import make_agent, make_team

pytestmark = pytest.mark.django_db


def test_a_wish_that_makes_no_sense_is_said_in_words_beside_the_usual_days(desk: Desk) -> None:
    client = reader()
    for wish in (
        *("from=2026-11-09&to=2026-11-01", "zone=Mars/Base", "from=x", "from=2001-01-01"),
        "started_by=nobody",
    ):
        page = client.get(f"/reports/agents/?{wish}")
        assert page.context["wrong"]
        assert page.context["lines"]
        assert client.get(f"/api/v1/reports/agents?{wish}").status_code == 400
    assert client.get("/reports/sessions/?figure=nothing").context["wrong"]
    long = "99999999999999999999"
    for name, wish in (
        ("sessions", "figure=requests&by=day&row=x"),
        ("sessions", f"figure=requests&by=topic&row={long}"),
        ("sessions", f"figure=requests&by=brand&row={long}"),
        ("sessions", "figure=talk&by=day&row=9999-12-31"),
        ("statuses", "figure=online&by=day&row=0001-01-01"),
        ("ticket-list", f"figure=tickets_opened&by=topic&row={long}"),
        ("ticket-list", "figure=tickets_opened&by=day&row=9999-12-31"),
    ):
        assert client.get(f"/reports/{name}/?{wish}").context["wrong"]
        for door in (name, f"{name}.csv", f"{name}.xlsx"):
            assert client.get(f"/api/v1/reports/{door}?{wish}").status_code == 400
        assert client.get(f"/api/v1/reports/general/rows?{wish}").status_code == 400
    assert client.get("/reports/nothing/").status_code == 404


def test_each_filter_is_a_chip_that_takes_it_away(desk: Desk) -> None:
    client = reader()
    wish = (
        f"from=2026-11-01&to=2026-11-09&brand={desk.brand.pk}&channel=web&compare=before&by=topic"
    )
    page = client.get(f"/reports/general/?{wish}")
    chips = {chip.text: chip.url for chip in page.context["chips"]}
    assert list(chips)[:2] == ["1 Nov 2026 – 9 Nov 2026", page.context["filters"].zone.key]
    without = parse_qs(urlparse(chips[f"Brand: {desk.brand.name}"]).query)
    assert "brand" not in without
    assert (without["channel"], without["by"]) == (["web"], ["topic"])
    again = client.get(chips["Compared"]).context
    assert (again["filters"].compare, again["filters"].brand) == ("", desk.brand.pk)
    behind = client.get("/reports/sessions/?figure=missed").context["chips"]
    assert client.get(behind[-1].url).context["figure"] is None


def test_a_filter_offers_what_is_chosen_and_all_in_the_order_of_the_alphabet(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "TAGS", 2)
    chat = Conversation.objects.all()[0]
    for word in ("zarar", "şikâyet", "sipariş", "çanta"):
        add_tag(conversation=chat, name=word, by=None, now=timezone.now())
    tags = {tag.name: tag for tag in Tag.objects.all()}
    for name in ("Zil", "Şube", "Satış"):
        make_team(name=name)
    page = reader().get(f"/reports/tags/?tag={tags['zarar'].pk}").context
    offered = {
        choice["key"]: [name for _key, name in choice["options"]] for choice in page["choices"]
    }
    assert offered["tag"] == ["çanta", "şikâyet", "zarar"]
    assert [name for name in offered["team"] if name != desk.team.name] == ["Satış", "Şube", "Zil"]
    assert "Tag: zarar" in [chip.text for chip in page["chips"]]
    # As many chats have each.
    rows = reader().get("/api/v1/reports/tags").json()["rows"]
    tagged = [row["name"] for row in rows if row["row"]]
    assert tagged == ["çanta", "sipariş", "şikâyet", "zarar"]


def test_what_is_wrong_with_an_address_is_said_and_the_rest_of_it_is_kept(desk: Desk) -> None:
    browser = reader()
    gone = make_agent()
    path = "/reports/queue/?from=2026-11-20&to=2026-11-01&by=topic&channel=web&compare=before"
    page = browser.get(path).content.decode()
    assert "The range ends before it starts." in page
    assert "Channel: Web" in page
    assert "Compared" in page
    assert 'value="web" selected' in page
    # Of two wrong things the first is said.
    page = browser.get("/reports/queue/?zone=Mars/Base&from=soon&channel=web").content.decode()
    assert ("There is no such time zone." in page, "Channel: Web" in page) == (True, True)
    # Who is disabled is called by name, who is deleted by nothing.
    Agent.objects.filter(pk=gone.pk).update(is_active=False)
    assert (
        f"Agent: {gone.name}"
        in browser.get(f"/reports/queue/?agent={gone.public_id}").content.decode()
    )
    gone.delete()
    page = browser.get(f"/reports/queue/?agent={gone.public_id}").content.decode()
    assert "Agent: not there any more" in page
