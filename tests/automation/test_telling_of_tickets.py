"""Rules that tell somebody of a ticket: agents in the console, and anybody by e-mail."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail as post
from django.utils import timezone

from agents.models import Permission
from automation.models import Effect, Notification
from config.outbox.operations import drain
from config.web.rate_limits import Limit
from tests.automation.ticket_talk import opened, word
from tests.support.factories import make_agent, make_brand, make_role, make_team
from tickets.mail import send

pytestmark = pytest.mark.django_db
TEXTS = {"tr": "Acil bir talep var.", "en": "There is an urgent ticket."}
MAIL = {"action": "send_email", "subject": {"tr": "Yeni talep"}, "text": {"tr": "Bakar mısınız?"}}


@pytest.fixture
def on(rule):
    """Call it for a rule that is on and looks at tickets, at each time."""
    return lambda *actions, **told: rule(
        **{"name": "Acil", "subject": "ticket", "fires": "every", "actions": list(actions)} | told
    )


def mailed() -> list:
    """What rules have sent; all other mails of a new ticket are left out."""
    drain("mail")
    return [each for each in post.outbox if each.subject.startswith("Yeni talep")]


@pytest.mark.parametrize("subject", ["ticket", "both"])
def test_agents_who_may_see_the_ticket_are_told_each_in_their_language(on, work_all, subject):
    sees = make_role(Permission.TICKETS, scope="all")
    elif_ = make_agent(role=sees, name="Elif", language="tr")
    john = make_agent(role=sees, name="John", language="en")
    blind = make_agent(role=make_role(Permission.TICKETS, scope="own"), name="Kör")
    named = [agent.public_id for agent in (elif_, john, blind)]
    on({"action": "notify", "agents": named, "text": TEXTS}, subject=subject)
    ticket = opened(make_brand())
    work_all()
    told = Notification.objects.filter(title="Acil").order_by("pk")
    assert {(each.body, each.notice, each.ticket_id) for each in told} == {
        (text, "mention", ticket.pk) for text in TEXTS.values()
    }


def test_a_team_is_told_of_a_ticket_as_a_team_and_nobody_hears_of_it_twice(on, work_all):
    elif_ = make_agent(role=make_role(Permission.TICKETS, scope="all"), name="Elif")
    team = make_team(elif_)
    on({"action": "notify", "team": str(team.pk), "text": TEXTS})
    opened(make_brand())
    work_all()
    work_all()
    assert Notification.objects.get(title="Acil").notice == "team"


def test_an_email_goes_to_the_address_of_the_rule_or_to_the_customer(on, work_all):
    on(MAIL | {"to": "depo@example.com"}, MAIL | {"to": "customer"})
    ticket = opened(make_brand(), email="ipek@example.com")
    work_all()
    sent = mailed()
    assert sorted(each.to[0] for each in sent) == ["depo@example.com", "ipek@example.com"]
    assert all(f"#{ticket.pk}" in each.subject for each in sent)
    assert all(each.extra_headers["Auto-Submitted"] for each in sent)


def test_no_machine_is_written_to_and_the_log_says_why(on, work_all):
    on(MAIL | {"to": "customer"}, when="updated")
    ticket = opened(make_brand())
    word(ticket, "Ofiste değilim.", automatic=True)
    word(ticket, "Buradayım.")
    word(ticket, "Ofiste değilim.", automatic=True)
    work_all()
    assert mailed() == []
    assert list(Effect.objects.filter(position=1).values_list("reason", flat=True)) == ["automatic"]


@pytest.mark.usefixtures("early_in_the_hour")
def test_an_alarm_of_the_house_is_late_at_worst_and_takes_nothing_from_customers(
    on, work_all, settings, monkeypatch
):
    settings.IMECE = settings.IMECE | {"TICKET_MAILS_PER_BRAND_PER_HOUR": 1}
    monkeypatch.setattr(send, "RULE_MAILS", Limit("rule-mails", 4, 3600))
    on(MAIL | {"to": "nobet@example.com"})
    brand = make_brand()
    for number in range(6):
        opened(brand, email=f"m{number}@example.com")
    work_all()
    assert len(mailed()) == 4
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1), tick=True):
        assert len(mailed()) == 6
    assert not Effect.objects.exclude(reason="").exists()


def test_an_address_of_the_house_that_wrote_itself_is_not_answered_by_a_rule(on, work_all):
    on(MAIL | {"to": "nobet@example.com"}, when="updated")
    ticket = opened(make_brand(), email="ipek@example.com")
    word(ticket, "Aldık.", **{"from": "Nobet+1@example.com"})
    work_all()
    assert mailed() == []
    assert Effect.objects.get(position=1).reason == "own_words"
    word(ticket, "Hâlâ bekliyorum.")
    work_all()
    assert len(mailed()) == 1
