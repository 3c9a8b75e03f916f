"""Tickets, mentions and what rules say: told to whom they concern, and never with a sound."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, Permission, Role
from agents.operations.notices import set_notices
from automation.models import Notification
from automation.notifications.mentions import mentioned
from automation.notifications.silent import tell_silently
from chat.operations.assignment import accept
from chat.operations.conversations import resolve_conversation
from chat.operations.tickets import convert_to_ticket
from chat.posting.messages import NOTE, Author, Outgoing, post_message
from config.outbox.models import OutboxEntry
from tests.automation.notifications import register, taken, told, work_pushes
from tests.automation.notifications import say as say_in_chat
from tests.support import tickets as support
from tests.support.desk import fresh, start, work_all
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tickets.mail.undelivered import note_failed
from tickets.models import Ticket
from tickets.operations.changes import change_ticket, mark_spam
from tickets.operations.customers_words import hear_customer
from tickets.operations.replies import say

pytestmark = pytest.mark.django_db


class Shop:
    """A brand whose tickets go to Elif and Mert; Suna sees them too, Can works on others."""

    def __init__(self, service):
        mates = make_role(Permission.TICKETS, scope=Role.Scope.TEAM)
        self.elif_ = make_agent(role=mates, name="Elif Kaya")
        self.mert = make_agent(role=mates, name="Mert Ak", language="en")
        self.suna = make_agent(role=make_role(Permission.TICKETS, scope="all"), name="Suna Er")
        self.can = make_agent(role=mates, name="Can Öz")
        self.team = make_team(self.elif_, self.mert)
        self.others = make_team(self.can)
        self.brand = make_brand(default_team=self.team)
        self.people = (self.elif_, self.mert, self.suna, self.can)
        self.browsers = {agent.pk: service.browser(str(agent.pk)) for agent in self.people}
        for agent in self.people:
            register(agent, self.browsers[agent.pk])

    def opened(self, **changes):
        return support.opened(self.brand, **changes)

    def told(self, agent):
        """Class, title and words of what has come to the agent's browser since the last look."""
        work_pushes()
        got = self.browsers[agent.pk].got
        new = [(each["class"], each["title"], each["options"]["body"]) for each in got]
        self.pushes, got[:] = list(got), []
        return new

    def all_told(self):
        return [len(self.told(agent)) for agent in self.people]


@pytest.fixture
def shop(service):
    return Shop(service)


def note(ticket, by, text):
    say(ticket=ticket, by=by, text=text, client_id=str(uuid4()), is_note=True, now=timezone.now())


def answered(ticket, text="Hâlâ gelmedi", **changes):
    wish = {"body": text, "data": {}, "source": "email", "now": timezone.now()} | changes
    return hear_customer(ticket=Ticket.objects.get(pk=ticket.pk), **wish)


def test_a_new_ticket_is_told_silently_to_those_of_its_teams_who_may_see_it(shop):
    ticket = shop.opened()
    number = f"#{ticket.pk}"
    assert shop.told(shop.mert) == [
        ("ticket", f"New ticket {number}", "Zeynep: Kargo gelmedi"),
    ]
    [push] = shop.pushes
    assert push["ticket"] == str(ticket.pk)
    assert push["url"] == f"/console/tickets/{ticket.pk}/"
    assert push["options"]["tag"] == f"t-{ticket.pk}"
    assert push["options"]["silent"] is True
    assert "vibrate" not in push["options"]
    assert shop.told(shop.elif_) == [("ticket", f"Yeni talep {number}", "Zeynep: Kargo gelmedi")]
    assert (shop.told(shop.suna), shop.told(shop.can)) == ([], [])


def test_a_mail_that_hundreds_are_told_of_is_read_once():
    """Anybody may write one."""
    role = make_role(Permission.TICKETS, scope="all")
    people = [make_agent(role=role, language=language) for language in ("tr", "en", "tr", "en")]
    brand = make_brand()
    topic = make_topic(brand, make_team(), make_team())
    ticket = support.opened(brand, topic=topic)

    def cost(agents) -> int:
        told = {"agent_ids": [each.pk for each in agents], "notice": "ticket", "ticket": ticket}
        with CaptureQueriesContext(connection) as queries:
            assert tell_silently(**told, key=str(uuid4()), seq=1, now=timezone.now())
        return len(queries)

    assert cost(people) == cost(people[:2])


def test_who_opened_a_ticket_knows_and_nobody_in_its_team_means_whoever_sees_it(shop):
    shop.opened(by=shop.mert)
    assert shop.all_told() == [1, 0, 0, 0]
    shop.opened(team=make_team())
    assert shop.all_told() == [0, 0, 1, 0]


def test_words_of_the_customer_are_told_to_whose_ticket_it_is_else_to_its_team(shop):
    ticket = shop.opened(assignee=shop.mert, by=shop.mert)
    answered(ticket)
    assert shop.told(shop.mert) == [
        ("ticket", f"The customer wrote in ticket #{ticket.pk}", "Zeynep: Hâlâ gelmedi")
    ]
    assert shop.all_told() == [0, 0, 0, 0]
    answered(ticket, "Out of office", wakes=False)
    assert shop.all_told() == [0, 0, 0, 0]
    free = shop.opened(by=shop.mert)
    shop.all_told()
    answered(free)
    assert shop.all_told() == [1, 1, 0, 0]


def test_a_reply_that_did_not_arrive_is_told_to_whose_ticket_it_is_also_if_they_wrote_it(shop):
    ticket = shop.opened(assignee=shop.mert, by=shop.mert)
    wish = {"text": "Yola çıktı", "client_id": "c1", "status": "resolved"}
    entry, _ = say(ticket=ticket, by=shop.mert, now=timezone.now(), **wish)
    shop.all_told()
    note_failed(entry.deliveries.get(), "full", timezone.now())
    [(notice, title, words)] = shop.told(shop.mert)
    assert (notice, title) == ("ticket", f"A reply in ticket #{ticket.pk} did not arrive")
    # As the team reads it in the ticket.
    assert "zeynep@example.com" in words
    assert shop.all_told() == [0, 0, 0, 0]


def test_whoever_is_given_a_ticket_is_told_unless_they_took_it(shop):
    ticket = shop.opened(by=shop.elif_)
    shop.all_told()
    change_ticket(ticket=ticket, by=shop.elif_, now=timezone.now(), changes={"assignee": shop.mert})
    assert shop.told(shop.mert) == [
        ("ticket", f"Ticket #{ticket.pk} is yours", "Zeynep: Kargo gelmedi")
    ]
    change_ticket(
        ticket=ticket, by=shop.elif_, now=timezone.now(), changes={"assignee": shop.elif_}
    )
    assert shop.all_told() == [0, 0, 0, 0]


def test_a_team_that_is_given_a_ticket_is_told_as_a_team(shop):
    ticket = shop.opened(by=shop.mert)
    shop.all_told()
    change_ticket(ticket=ticket, by=shop.suna, now=timezone.now(), changes={"team": shop.others})
    assert shop.told(shop.can) == [
        ("team", f"Talep #{ticket.pk} ekibinize verildi", "Zeynep: Kargo gelmedi")
    ]
    assert shop.all_told() == [0, 0, 0, 0]


def test_what_is_done_meanwhile_or_spam_is_told_to_nobody(shop):
    done = shop.opened()
    change_ticket(ticket=done, by=shop.suna, now=timezone.now(), changes={"status": "resolved"})
    spam = shop.opened()
    mark_spam(ticket=spam, is_spam=True, by=shop.suna, now=timezone.now())
    taken = shop.opened()
    change_ticket(ticket=taken, by=shop.elif_, now=timezone.now(), changes={"assignee": shop.elif_})
    assert shop.all_told() == [1, 0, 0, 0]


def test_a_colleague_named_in_a_tickets_note_is_told_if_they_may_see_it(shop):
    ticket = shop.opened(by=shop.mert)
    shop.all_told()
    note(ticket, shop.mert, "@suna bakar mısın? @Can da, @Mert ben de")
    assert shop.told(shop.suna) == [
        ("mention", "Mert Ak sizden söz etti", "@suna bakar mısın? @Can da, @Mert ben de")
    ]
    assert shop.all_told() == [0, 0, 0, 0]


def test_a_colleague_named_in_a_chats_note_is_told_and_a_customers_at_names_nobody(
    service, ringing_desk, announced
):
    elif_, mert = ringing_desk.agents
    Agent.objects.filter(pk=mert.pk).update(name="Mert Işık")
    browser = service.browser()
    register(mert, browser)
    # Works on no chat of this desk.
    make_agent(role=make_role(brands=(make_brand(),)), name="Can Öz")
    chat = start(ringing_desk, text="@mert orada mı?")
    text = "@mert ışık, iadeyi onaylar mısın? @can"
    words = Outgoing(chat.public_id, Author.of_agent(elif_), text, str(uuid4()), NOTE)
    post_message(words, now=timezone.now())
    work_pushes()
    told = [each for each in browser.got if each["class"] == "mention"]
    assert [each["options"]["body"] for each in told] == [text]
    assert told[0]["url"] == f"/console/chats/{chat.public_id}/"
    assert told[0]["options"]["silent"] is True
    shown = {event.agent_id for event in announced if event.name == "agent.told"}
    assert shown == {mert.pk}


def test_a_whisper_is_told_once_to_the_chats_agent_and_to_who_else_is_named(
    service, ringing_desk, announced
):
    elif_ = ringing_desk.agents[0]
    Agent.objects.filter(pk=elif_.pk).update(name="Elif Kaya")
    mert = make_agent(role=make_role(scope="all"), name="Mert Işık")
    browsers = [service.browser(str(number)) for number in range(2)]
    for agent, browser in zip((elif_, mert), browsers, strict=True):
        register(agent, browser)
    boss = make_agent(role=make_role(Permission.SUPERVISE, scope="all"), name="Selin Ak")
    chat = accept(conversation=start(ringing_desk), agent=elif_, now=timezone.now())
    author = Author.of_agent(boss)
    text = "@Elif Kaya yüzde on verebilirsin, @Mert Işık da bilsin"
    words = Outgoing(chat.public_id, author, text, str(uuid4()), NOTE, is_whisper=True)
    post_message(words, now=timezone.now())
    work_pushes()
    told = [
        [
            (each["title"], each["options"]["body"])
            for each in browser.got
            if each["class"] == "mention"
        ]
        for browser in browsers
    ]
    assert told == [
        [("Selin Ak size fısıldıyor", text)],
        [("Selin Ak sizden söz etti", text)],
    ]
    shown = [event.agent_id for event in announced if event.name == "agent.told"]
    assert sorted(shown) == sorted([elif_.pk, mert.pk])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@elif kaya bakar mısın", ["Elif Kaya"]),
        ("Bunu @ELİF KAYA, @İpek ile yapsın", ["Elif Kaya", "İpek Su"]),
        # Two of that name: nobody is meant.
        ("@elif", []),
        ("@elif kayahan", []),
        ("@elif kaya demir", ["Elif Kaya Demir"]),
        ("yaz: destek@ipek.com", []),
        ("@ipekçi", []),
        ("@ipek'e sor", ["İpek Su"]),
        ("@ @@", []),
        ("(@ipek)", ["İpek Su"]),
    ],
)
def test_whom_a_note_names(text, named):
    names = ("Elif Kaya", "Elif Kaya Demir", "İpek Su", "Elif Ak")
    people = [Agent(pk=number, name=name) for number, name in enumerate(names)]
    assert [agent.name for agent in mentioned(text, people)] == named


def test_what_a_rule_says_is_told_as_a_mention_or_to_a_team_and_keeps_its_own_words(
    service, ringing_desk, rule
):
    elif_, mert = ringing_desk.agents
    browsers = [service.browser(str(number)) for number in range(2)]
    for agent, browser in zip((elif_, mert), browsers, strict=True):
        register(agent, browser)
    text = {"tr": "Önemli müşteri", "en": "An important customer"}
    rule(actions=[{"action": "notify", "agents": [elif_.public_id], "text": text}])
    rule(actions=[{"action": "notify", "team": str(ringing_desk.team.pk), "text": text}])
    start(ringing_desk)
    work_all()
    work_pushes()
    told = [
        [(each["class"], each["title"], each["options"]["body"]) for each in browser.got]
        for browser in browsers
    ]
    mention = ("mention", "Deneme", "Önemli müşteri")
    team = ("team", "Deneme", "Önemli müşteri")
    assert {mention, team} < set(told[0])
    assert team in told[1]
    assert mention not in told[1]


def test_the_console_shows_it_also_where_no_device_can_be_silent(shop, announced):
    iphone = shop.elif_.devices.get()
    iphone.address["endpoint"] = "https://web.push.apple.com/QBx"
    iphone.save()
    ticket = shop.opened()
    assert shop.told(shop.elif_) == []
    shown = {event.agent_id: event for event in announced if event.name == "agent.told"}
    assert shown.keys() == {shop.elif_.pk, shop.mert.pk}
    [delivery] = shown[shop.elif_.pk].deliveries()
    assert delivery.group == f"agent.{shop.elif_.pk}"
    assert f'"url":"/console/tickets/{ticket.pk}/"' in delivery.content["frames"][0]


def test_a_class_that_is_switched_off_on_the_profile_page_is_told_nowhere(shop, client, announced):
    client.force_login(shop.elif_)
    client.post(
        reverse("agents:profile-notifications"), {"wanted": ["new_chat", "message", "team"]}
    )
    shop.elif_.refresh_from_db()
    assert shop.elif_.notices_off == ["ticket", "mention"]
    ticket = shop.opened()
    note(ticket, shop.suna, "@Elif bakar mısın?")
    assert shop.all_told() == [0, 1, 0, 0]
    assert {event.agent_id for event in announced if event.name == "agent.told"} == {shop.mert.pk}
    change_ticket(ticket=ticket, by=shop.suna, now=timezone.now(), changes={"team": shop.others})
    change_ticket(ticket=ticket, by=shop.suna, now=timezone.now(), changes={"team": shop.team})
    assert [told[0] for told in shop.told(shop.elif_)] == ["team"]


def test_where_a_brand_wants_no_words_in_notifications_silent_ones_have_none_either(shop):
    shop.brand.notice_words = False
    shop.brand.save()
    ticket = shop.opened()
    note(ticket, shop.elif_, "@Mert müşterinin kartı 4111")
    assert {body for _class, _title, body in shop.told(shop.mert)} == {shop.brand.name}


def test_it_is_told_once_however_often_a_worker_hears_of_it(shop):
    shop.opened()
    rows = OutboxEntry.objects.filter(kind="event")
    again = [(row.kind, row.payload) for row in rows if row.payload["name"] == "ticket.opened"]
    assert len(again) == 1
    assert shop.all_told() == [1, 1, 0, 0]
    for kind, payload in again:
        OutboxEntry.objects.create(kind=kind, key=str(uuid4()), payload=payload)
    assert shop.all_told() == [0, 0, 0, 0]
    assert Notification.objects.filter(notice="ticket").count() == 1


def test_a_ticket_that_another_took_is_withdrawn_with_the_next_push(shop):
    ticket = shop.opened()
    shop.told(shop.mert)
    change_ticket(
        ticket=ticket, by=shop.elif_, now=timezone.now(), changes={"assignee": shop.elif_}
    )
    shop.opened()
    shop.told(shop.mert)
    assert [each["withdrawn"] for each in shop.pushes] == [[f"t-{ticket.pk}"]]


def test_set_notices_keeps_quiet_hours_for_silent_classes_too(shop):
    set_notices(
        agent=shop.elif_,
        wanted=["ticket"],
        quiet=[["00:00", "12:00"], ["12:00", "00:00"]],
    )
    shop.opened()
    assert shop.all_told() == [0, 1, 0, 0]


def test_words_in_an_archived_chat_are_told_once_as_words_in_its_ticket(service, ringing_desk):
    chat = taken(ringing_desk)
    elif_, now = chat.assignee, timezone.now()
    ticket = convert_to_ticket(conversation=chat, by=elif_, email="a@example.com", now=now).ticket
    change_ticket(ticket=ticket, by=None, now=now, changes={"assignee": elif_})
    resolve_conversation(
        conversation=fresh(chat), topic=ringing_desk.topic, by=elif_, now=timezone.now()
    )
    work_pushes()
    browser = service.browser()
    register(elif_, browser)
    say_in_chat(fresh(chat), "Hâlâ gelmedi")
    work_pushes()
    assert [notice for notice, _body in told(browser)] == ["ticket"]
