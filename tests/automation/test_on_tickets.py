"""Rules at work in tickets: those that come in, and what happens in them."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.hours.words import at_in_turkish
from agents.models import Permission
from automation import reactions
from automation.models import Cursor, Effect, Run
from automation.reactions import look
from automation.rules import book, engine
from automation.rules.tallies import tallies
from automation.rules.watched.tickets import TICKETS
from automation.rules.writing import InvalidRule, change_rule
from chat.operations.tickets import convert_to_ticket
from tests.automation.talk import tags
from tests.automation.ticket_talk import condition, note, notes, opened, word
from tests.support.desk import make_desk, start
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tickets.models import Ticket
from tickets.operations.changes import change_ticket, mark_spam
from tickets.operations.replies import say, unsay
from tickets.operations.tags import change_ticket_tags
from tickets.operations.tickets import open_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("answers_leave_at_once")]


@pytest.fixture
def on(rule):
    """Call it for a rule for tickets that is on."""
    return lambda **told: rule(**{"subject": "ticket"} | told)


def test_what_comes_in_is_sorted_and_the_timeline_says_by_which_rule_and_why(
    on, brand, elif_, work_all
):
    team, topic = make_team(elif_), make_topic(brand)
    made = on(
        name="Kargo",
        all=[condition("source", "is", "email"), condition("text", "contains", "KARGO")],
        actions=[
            {"action": "set_topic", "topic": str(topic.pk)},
            {"action": "set_team", "team": str(team.pk)},
            {"action": "assign", "agent": elif_.public_id},
            {"action": "set_priority", "priority": "high"},
            {"action": "set_type", "type": "complaint"},
            {"action": "set_status", "status": "on_hold"},
            {"action": "add_tag", "tag": "kargo"},
            note("Önce takip numarasına bakın."),
        ],
    )
    ticket = opened(brand)
    work_all()
    ticket.refresh_from_db()
    assert (ticket.topic, ticket.team, ticket.assignee) == (topic, team, elif_)
    assert (ticket.priority, ticket.type, ticket.status) == ("high", "complaint", "on_hold")
    assert list(ticket.tags.values_list("name", flat=True)) == ["kargo"]
    assert notes(ticket) == ["Önce takip numarasına bakın."]
    told = ticket.entries.get(data__field="rule")
    assert (told.author_kind, told.data["ran"], told.seq) == ("bot", "Kargo", 3)
    # In Turkish the ending of the time follows its sound.
    assert told.data["at_tr"] == at_in_turkish(timezone.localtime(Run.objects.get().at))
    assert told.data["why_tr"] == "nereden geldiği: e-posta, metin şunu içeriyor: “KARGO”"
    assert set(Effect.objects.values_list("done", flat=True)) == {True}
    # Whoever has it now is told, and lines of rules carry their cause.
    line = ticket.entries.get(kind="assigned")
    assert line.data["rule"] == {"id": made.pk, "name": "Kargo"}
    assert line.data["cause"] == {"depth": 1, "rules": [made.pk]}


@pytest.mark.parametrize(
    ("field", "operator", "value", "holds"),
    [
        ("source", "is", "phone", False),
        ("subject", "contains", "IADE", True),
        ("text", "starts", "kargom", True),
        ("email_known", "is", True, True),
        ("phone_known", "is", True, False),
        ("first_contact", "is", True, True),
        ("status", "is", "new", True),
        ("priority", "is_not", "low", True),
        ("type", "is", "request", True),
        ("within_hours", "is", True, True),
        ("topic", "empty", None, True),
        ("team", "not_empty", None, False),
        ("tag", "is", "vip", False),
        ("language", "is", "tr", True),
    ],
)
def test_conditions_look_at_the_ticket(on, brand, work_all, field, operator, value, holds):
    on(all=[condition(field, operator, value)], actions=[note("Tamam")])
    ticket = opened(brand)
    work_all()
    assert notes(ticket) == (["Tamam"] if holds else [])


def test_a_second_ticket_is_no_first_contact(on, brand, work_all):
    on(all=[condition("first_contact", "is", True)], actions=[note("Yeni müşteri")])
    first = opened(brand)
    now = timezone.now()
    with time_machine.travel(now + timedelta(minutes=1), tick=True):
        told = {"brand": brand, "contact": first.contact, "topic": None, "subject": "Yine"}
        told |= {"said": [], "language": "tr", "source": "phone", "data": {}, "origin_key": None}
        second = open_ticket(**told, by=None, now=timezone.now())
        work_all()
    assert (notes(first), notes(second)) == (["Yeni müşteri"], [])


@pytest.mark.parametrize(
    ("change", "was"),
    [
        ({"status": "waiting"}, "new"),
        ({"priority": "urgent"}, "normal"),
        ({"type": "question"}, "request"),
        ({"subject": "Başka"}, "İade nasıl olur?"),
    ],
)
def test_changes_are_seen_with_what_was_before(on, brand, elif_, work_all, change, was):
    [field] = change
    by_agent = condition("updated_by", "is", "agent")
    on(when="updated", all=[condition(field, "changed"), by_agent], actions=[note("değişti")])
    on(when="updated", all=[condition(field, "was", was)], actions=[note("eskisi")])
    ticket = opened(brand)
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes=change)
    work_all()
    assert notes(ticket) == ["değişti", "eskisi"]


def test_team_topic_agent_and_tag_are_changes_too(on, brand, elif_, work_all):
    for name in ("team", "topic", "assignee", "tag"):
        on(when="updated", all=[condition(name, "changed")], actions=[note(name)])
    team, topic = make_team(elif_), make_topic(brand)
    ticket, now = opened(brand), timezone.now()
    changes = {"topic": topic, "team": team, "assignee": elif_}
    change_ticket(ticket=ticket, by=elif_, now=now, changes=changes)
    change_ticket_tags(ticket=ticket, add=["vip"], by=elif_, now=now)
    work_all()
    assert notes(ticket) == ["topic", "team", "assignee", "tag"]


def test_words_of_both_sides_and_notes_are_updates_and_the_first_words_are_not(
    on, brand, elif_, work_all
):
    for change in ("customer_word", "agent_word", "note"):
        rule = condition("change", "is", change)
        on(when="updated", all=[rule, condition("text", "contains", "x")], actions=[note(change)])
    ticket = opened(brand, text="x ilk")
    say(ticket=ticket, by=elif_, text="x yanıt", client_id="1", now=timezone.now())
    say(ticket=ticket, by=elif_, text="x not", client_id="2", now=timezone.now(), is_note=True)
    word(ticket, "x devam")
    word(ticket, "x tatildeyim", automatic=True)
    work_all()
    assert sorted(notes(ticket)) == ["agent_word", "customer_word", "note"]


def test_a_reply_is_looked_at_once_it_can_not_be_taken_back_any_more(
    on, brand, elif_, settings, work_all
):
    settings.IMECE = settings.IMECE | {"REPLY_UNDO_SECONDS": 5}
    rule = condition("change", "is", "agent_word")
    on(when="updated", all=[rule], actions=[{"action": "set_status", "status": "waiting"}])
    ticket = opened(brand)
    taken_back, _new = say(
        ticket=ticket, by=elif_, text="Yanlış", client_id="1", now=timezone.now()
    )
    work_all()
    unsay(entry=taken_back, by=elif_, now=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(seconds=6), tick=True):
        work_all()
        assert not Run.objects.exists()
        say(ticket=ticket, by=elif_, text="Doğru", client_id="2", now=timezone.now())
        work_all()
        ticket.refresh_from_db()
        assert ticket.status == "open"
    with time_machine.travel(timezone.now() + timedelta(seconds=12), tick=True):
        work_all()
    ticket.refresh_from_db()
    assert ticket.status == "waiting"


def test_events_are_looked_at_in_the_order_of_the_timeline_whichever_is_worked_off_first(
    on, brand, elif_
):
    on(actions=[note("geldi")], fires="once")
    on(when="updated", all=[condition("status", "changed")], actions=[note("durum")])
    ticket = opened(brand)
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"status": "open"})
    look({"ticket": ticket.pk})
    assert notes(ticket) == ["geldi", "durum"]
    look({"ticket": ticket.pk})
    assert notes(ticket) == ["geldi", "durum"]
    assert Cursor.objects.get().seq == ticket.entries.count()


def test_what_came_before_a_rule_was_on_it_leaves_alone(on, rule, brand, elif_, work_all):
    old = opened(brand)
    on(actions=[note("geldi")])
    chats = rule(name="Sohbet", actions=[note("sohbet")])
    later = timezone.now() + timedelta(minutes=1)
    change_rule(rule=chats, by=None, now=later, subject="ticket")
    with time_machine.travel(later + timedelta(minutes=1), tick=True):
        on(when="updated", fires="once", actions=[note("oldu")])
        change_ticket(ticket=old, by=elif_, now=timezone.now(), changes={"priority": "low"})
        work_all()
    assert notes(old) == ["oldu"]


def test_once_means_until_it_is_resolved_and_comes_back(on, brand, elif_, work_all):
    told = condition("change", "is", "customer_word")
    on(when="updated", fires="once", all=[told], actions=[note("bir kez")])
    ticket = opened(brand)
    word(ticket, "bir")
    word(ticket, "iki")
    work_all()
    assert notes(ticket) == ["bir kez"]
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"status": "resolved"})
    word(ticket, "üç")
    word(ticket, "dört")
    work_all()
    assert notes(ticket) == ["bir kez", "bir kez"]


def test_rules_that_wake_each_other_stop_and_one_in_trial_only_notes(on, brand, elif_, work_all):
    for name, other in (("high", "low"), ("low", "high")):
        is_so = condition("priority", "is", name)
        changed = condition("priority", "changed")
        act = {"action": "set_priority", "priority": other}
        on(when="updated", all=[is_so, changed], actions=[act])
    tried = on(mode="trial", when="updated", actions=[note("denendi")])
    ticket = opened(brand)
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"priority": "high"})
    work_all()
    assert Run.objects.filter(mode="on").count() == 2
    assert max(Run.objects.values_list("depth", flat=True)) <= engine.DEPTH_MAX
    assert Run.objects.filter(rule=tried, done_at=None).exists()
    assert notes(ticket) == []


def test_an_action_is_done_once_whoever_goes_on_after_a_crash(on, brand, monkeypatch):
    on(actions=[note("bir"), note("iki")])
    ticket = opened(brand)
    done = engine._note_effect

    def dies(run, position, **told):
        if position == 2:
            raise KeyboardInterrupt
        done(run, position, **told)

    monkeypatch.setattr(engine, "_note_effect", dies)
    with pytest.raises(KeyboardInterrupt):
        look({"ticket": ticket.pk})
    assert notes(ticket) == ["bir"]
    monkeypatch.setattr(engine, "_note_effect", done)
    Cursor.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    look({"ticket": ticket.pk})
    assert notes(ticket) == ["bir", "iki"]


def test_somebody_who_has_the_ticket_by_then_keeps_it(on, brand, elif_, work_all):
    mert = make_agent(role=make_role(Permission.TICKETS, scope="all"), name="Mert")
    on(actions=[{"action": "assign", "agent": mert.public_id}, {"action": "add_tag", "tag": "x"}])
    ticket = opened(brand)
    engine.take_lease(ticket.pk, "x", timezone.now(), watched=TICKETS)
    sights = TICKETS.sights(TICKETS.lines_after(ticket.pk, 0))
    [sight] = [sight for _line, sight in sights if sight is not None]
    engine.decide(sight, at=timezone.now())
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"assignee": elif_})
    engine.act_on(ticket.pk, seq=1, watched=TICKETS)
    ticket.refresh_from_db()
    assert ticket.assignee == elif_
    assert Effect.objects.get(position=1).reason == "taken"
    assert list(ticket.tags.values_list("name", flat=True)) == ["x"]


def test_what_can_not_be_done_says_why_and_the_rest_is_done(on, brand, work_all):
    topic = make_topic(make_brand(name="Öteki"))
    on(actions=[{"action": "set_topic", "topic": str(topic.pk)}, note("yine de")])
    ticket = opened(brand)
    work_all()
    assert Effect.objects.get(position=1).reason == "other_brand"
    assert notes(ticket) == ["yine de"]


def test_spam_is_left_alone(on, brand, elif_, work_all):
    on(when="updated", actions=[note("oldu")])
    ticket = opened(brand)
    mark_spam(ticket=ticket, is_spam=True, by=elif_, now=timezone.now())
    word(ticket, "Ucuz saat!")
    work_all()
    assert notes(ticket) == []


def test_a_chat_that_became_a_ticket_is_met_once_by_a_rule_for_both(rule, work_all):
    desk = make_desk()
    rule(subject="both", actions=[{"action": "add_tag", "tag": "geldi"}])
    rule(subject="ticket", all=[condition("source", "is", "ticket")], actions=[note("sohbetten")])
    chat = start(desk, text="Siparişim nerede?")
    work_all()
    made = convert_to_ticket(conversation=chat, by=None, now=timezone.now(), email="a@example.com")
    work_all()
    assert tags(chat) == {"geldi"}
    assert made.ticket.tags.count() == 0
    assert notes(made.ticket) == ["sohbetten"]
    assert opened(desk.brand).tags.count() == 0
    work_all()
    assert Ticket.objects.order_by("pk").last().tags.count() == 1


def test_a_ticket_that_waits_for_its_chat_is_sorted_but_not_touched(rule, work_all, elif_):
    desk = make_desk()
    acts = [{"action": "assign", "agent": elif_.public_id}, {"action": "add_tag", "tag": "acil"}]
    rule(subject="ticket", actions=acts)
    chat = start(desk)
    net = convert_to_ticket(conversation=chat, by=None, now=timezone.now()).ticket
    work_all()
    net.refresh_from_db()
    assert net.is_untouched_net
    assert net.tags.count() == 1
    assert Effect.objects.get(position=1).reason == "safety_net"


def test_rules_of_time_and_what_tickets_have_not_are_refused(rule):
    with pytest.raises(InvalidRule) as refused:
        rule(subject="both", when="time", after={"since": "created", "minutes": 5})
    assert set(refused.value.errors) == {"subject"}
    for subject in ("ticket", "both"):
        with pytest.raises(InvalidRule) as refused:
            rule(
                subject=subject,
                all=[condition("visitor_here", "is", True)],
                actions=[{"action": "end_waiting"}],
            )
        assert set(refused.value.errors) == {"all.0.field", "actions.0.action"}
    with pytest.raises(InvalidRule) as refused:
        rule(subject="both", all=[condition("priority", "is", "high")])
    assert set(refused.value.errors) == {"all.0.field"}


def test_without_rules_for_tickets_nothing_is_looked_at_and_nothing_asked(rule, brand, elif_):
    rule(when="updated")
    book.fresh_book()
    fact = {"ticket_id": opened(brand).pk, "seq": 1}
    with CaptureQueriesContext(connection) as asked:
        reactions._ticket_written(fact)
    assert asked.captured_queries == []


@pytest.mark.parametrize("count", [1, 200])
def test_a_look_costs_the_same_few_statements_however_many_rules_there_are(
    on, brand, work_all, django_assert_max_num_queries, count
):
    ticket = opened(brand)
    told = condition("change", "is", "customer_word")
    for number in range(count):
        text = condition("text", "contains", f"sözcük{number}")
        on(when="updated", all=[told, text])
    book.fresh_book()
    tallies.write()
    word(ticket, "Merhaba?")
    with django_assert_max_num_queries(4):
        look({"ticket": ticket.pk})
