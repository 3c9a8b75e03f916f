"""Time rules for tickets: who waits for us, who lets us wait, and the hours of the desk."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from agents.hours.calendar import DAYS
from agents.operations.hours import set_hours
from automation.models import Effect, Run
from automation.rules import clock
from automation.rules.clock import look_at_clock
from automation.rules.sentences import said_of
from automation.rules.trying import try_rule
from automation.rules.writing import InvalidRule, change_rule
from config.outbox.models import OutboxEntry
from tests.automation.ticket_talk import condition, note, notes, opened, word
from tests.support.factories import make_team
from tickets.models import Ticket
from tickets.operations.changes import change_ticket, mark_spam
from tickets.operations.replies import say, unsay

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("answers_leave_at_once")]
START = timezone.datetime.fromisoformat("2027-03-01T10:00:00+03:00")


def at(minutes: float) -> time_machine.travel:
    """So many minutes after ten on a Monday."""
    return time_machine.travel(START + timedelta(minutes=minutes), tick=False)


@pytest.fixture
def timed(rule):
    """Call it at ten for a time rule that notes "bekliyor" once after 30 minutes."""

    def make(since="waiting", minutes=30, **told):
        wanted = {"subject": "ticket", "when": "time", "actions": [note("bekliyor")]}
        wanted |= {"after": {"since": since, "minutes": minutes}, "fires": "once"}
        with at(0):
            return rule(**wanted | told)

    return make


@pytest.fixture
def ticket(brand, work_all):
    """Call it for a ticket that comes in at ten."""

    def make(**told) -> Ticket:
        with at(0):
            found = opened(brand, **told)
            work_all()
        return found

    return make


@pytest.fixture
def later(work_all):
    """Call it to do what is due so many minutes after ten."""

    def go(minutes: float) -> None:
        with at(minutes):
            work_all()

    return go


def answer(ticket, by, minutes, text="Bakıyoruz", **told):
    with at(minutes):
        client_id = f"{ticket.pk} {text} {minutes}"
        return say(
            ticket=ticket, by=by, text=text, client_id=client_id, now=timezone.now(), **told
        )[0]


def due_rows() -> list[OutboxEntry]:
    return list(OutboxEntry.objects.filter(kind="automation.due").order_by("pk"))


def waiting_rows() -> int:
    return OutboxEntry.objects.filter(kind="automation.due", done_at=None).count()


def test_who_waits_for_an_answer_is_met_to_the_minute_and_once(timed, ticket, later):
    made = timed()
    asked = ticket()
    later(29.9)
    assert notes(asked) == []
    later(30)
    assert notes(asked) == ["bekliyor"]
    told = asked.entries.get(data__field="rule")
    assert told.data["ran"] == made.name
    run = Run.objects.get()
    assert (run.ticket, run.conversation, run.seq, run.mode) == (asked, None, None, "on")
    assert set(Effect.objects.values_list("done", flat=True)) == {True}
    for minutes in (60, 90, 24 * 60):
        later(minutes)
    assert notes(asked) == ["bekliyor"]
    # Nothing looks on at what has been dealt with.
    assert waiting_rows() == 0


def test_who_was_answered_meanwhile_is_not_met_and_their_next_word_counts_anew(
    timed, ticket, later, elif_
):
    timed()
    asked = ticket()
    answer(asked, elif_, 10)
    later(10)
    later(60)
    assert (notes(asked), waiting_rows()) == ([], 0)
    with at(100):
        word(asked, "Peki ne zaman?")
    later(100)
    with at(120):
        word(asked, "Orada mısınız?")
    later(120)
    later(129)
    assert notes(asked) == []
    # The first word is what they wait from.
    later(130)
    assert notes(asked) == ["bekliyor"]


def test_neither_a_rule_nor_a_note_answers_and_no_machine_waits(timed, rule, ticket, later, elif_):
    timed()
    asked = ticket()
    answer(asked, elif_, 5, "Not", is_note=True)
    with at(20):
        word(asked, "Tatildeyim", automatic=True)
    later(30)
    assert notes(asked) == ["bekliyor"]
    silent = ticket(email="b@example.com")
    answer(silent, elif_, 31)
    with at(32):
        word(silent, "Tatildeyim", automatic=True)
    later(90)
    assert notes(silent) == []


def test_a_customer_who_lets_us_wait_is_met_after_our_last_answer(timed, ticket, later, elif_):
    timed("idle", 24 * 60, actions=[{"action": "set_status", "status": "resolved"}])
    quiet, lively = ticket(), ticket(email="b@example.com")
    for each in (quiet, lively):
        answer(each, elif_, 10)
    later(10)
    answer(quiet, elif_, 600, "Bir şey daha")
    with at(600):
        word(lively, "Teşekkürler, bir sorum daha var")
    later(600)
    later(10 + 24 * 60)
    quiet.refresh_from_db()
    assert quiet.status == "open"
    later(600 + 24 * 60)
    quiet.refresh_from_db()
    lively.refresh_from_db()
    assert (quiet.status, lively.status) == ("resolved", "open")


def test_a_reply_that_is_taken_back_was_never_said(timed, ticket, later, elif_, settings):
    settings.IMECE = settings.IMECE | {"REPLY_UNDO_SECONDS": 5}
    timed()
    asked = ticket()
    wrong = answer(asked, elif_, 29.99)
    later(30)
    assert notes(asked) == []
    with at(30.01):
        unsay(entry=wrong, by=elif_, now=timezone.now())
    later(30.2)
    assert notes(asked) == ["bekliyor"]


def test_one_that_is_switched_on_later_meets_who_waits_already(timed, ticket, later, monkeypatch):
    monkeypatch.setattr(clock, "BATCH", 2)
    made = timed(mode="off", all=[condition("source", "is", "email")])
    long, fresh = ticket(), ticket(email="b@example.com")
    others = [ticket(email=f"{each}@example.com", source="phone") for each in range(3)]
    with at(40):
        word(fresh, "Hâlâ bekliyorum")
        change_rule(rule=made, mode="on", by=None, now=timezone.now())
    later(40)
    assert [notes(each) for each in (long, fresh)] == [["bekliyor"], ["bekliyor"]]
    last = ticket(email="c@example.com")
    later(200)
    assert notes(last) == ["bekliyor"]
    # Of what a rule can't concern there is no row.
    looked_at = {row.payload["ticket"] for row in due_rows()}
    assert looked_at.isdisjoint(each.pk for each in others)


def test_one_whose_conditions_come_to_hold_later_looks_again(timed, ticket, later, elif_):
    timed(all=[condition("priority", "is", "urgent")])
    asked = ticket()
    assert due_rows() == []
    with at(40):
        change_ticket(ticket=asked, by=elif_, now=timezone.now(), changes={"priority": "urgent"})
    later(40)
    assert notes(asked) == []
    later(60)
    assert notes(asked) == ["bekliyor"]


def test_every_time_means_again_after_as_many_minutes_while_it_is_so(timed, ticket, later, elif_):
    timed(fires="every")
    asked = ticket()
    for minutes in (30, 45, 60, 75):
        later(minutes)
    assert notes(asked) == ["bekliyor"] * 2
    answer(asked, elif_, 80)
    later(80)
    later(300)
    assert (notes(asked), waiting_rows()) == (["bekliyor"] * 2, 0)


def test_one_in_trial_only_notes_what_it_would_have_done(timed, ticket, later):
    timed(mode="trial")
    asked = ticket()
    later(30)
    run = Run.objects.get()
    assert (run.mode, run.matched, run.done_at) == ("trial", True, None)
    assert notes(asked) == []
    later(60)
    assert Run.objects.count() == 1


def test_what_is_off_gone_done_or_spam_by_then_is_left_alone(timed, ticket, later, elif_):
    made = timed()
    first = ticket()
    with at(10):
        change_rule(rule=made, mode="off", by=None, now=timezone.now())
    later(30)
    with at(31):
        change_rule(rule=made, mode="on", by=None, now=timezone.now())
        first.delete()
    done, spam, gone = (ticket(email=f"{each}@example.com") for each in range(3))
    with at(32):
        now = timezone.now()
        change_ticket(ticket=done, by=elif_, now=now, changes={"status": "resolved"})
        mark_spam(ticket=spam, is_spam=True, by=elif_, now=now)
        gone.delete()
    later(120)
    assert not Run.objects.exists()
    assert waiting_rows() == 0
    # What comes back is looked at again.
    with at(130):
        mark_spam(ticket=spam, is_spam=False, by=elif_, now=timezone.now())
    later(130)
    later(150)
    assert notes(spam) == ["bekliyor"]


def test_a_worker_that_dies_between_deciding_and_acting_leaves_one_effect(
    timed, ticket, monkeypatch
):
    timed()
    asked = ticket()
    (row,) = due_rows()
    with at(30):
        with monkeypatch.context() as broken:
            broken.setattr(clock, "act_on", lambda *args, **options: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                look_at_clock(row.payload)
        assert (Run.objects.count(), Effect.objects.count()) == (1, 0)
        look_at_clock(row.payload)
        look_at_clock(row.payload)
    assert notes(asked) == ["bekliyor"]


def test_other_minutes_take_the_place_of_those_before(timed, ticket, later):
    made = timed(fires="every")
    asked = ticket()
    with at(5):
        after = {"since": "waiting", "minutes": 45}
        change_rule(rule=made, after=after, by=None, now=timezone.now())
    later(5)
    later(30)
    assert notes(asked) == []
    later(45)
    assert notes(asked) == ["bekliyor"]


def test_rules_for_what_comes_in_are_asked_though_the_clock_was_first(timed, rule, brand, work_all):
    made = timed("created", 1)
    with at(0):
        rule(subject="ticket", actions=[note("geldi")])
        asked = opened(brand)
    with at(2):
        due = int(START.timestamp()) + 60
        look_at_clock({"rule": made.pk, "ticket": asked.pk, "due": due})
        assert notes(asked) == ["bekliyor"]
        work_all()
    assert notes(asked) == ["bekliyor", "geldi"]


def test_the_desk_closes_for_the_tickets_that_a_rule_concerns(
    timed, brand, later, ticket, monkeypatch
):
    monkeypatch.setattr(clock, "BATCH", 2)
    week = {day: [["09:00", "18:00"]] for day in DAYS}
    team = make_team(name="Gece")
    with at(-60):
        set_hours(owner=brand, week=week, dates=[], by=None, now=timezone.now())
        late = {day: [["09:00", "22:00"]] for day in DAYS}
        set_hours(owner=team, week=late, dates=[], by=None, now=timezone.now())
    timed("closes", 0, all=[condition("source", "is", "email")])
    ours = [ticket(email=f"{each}@example.com") for each in range(3)]
    theirs = ticket(email="c@example.com", team=team)
    ticket(email="d@example.com", source="phone")
    later(1)
    later(8 * 60)
    assert [notes(each) for each in ours] == [["bekliyor"]] * 3
    # Their desk closes later, and of what a rule can't concern there is no row.
    assert (notes(theirs), len(due_rows())) == ([], 3)
    later(12 * 60)
    assert notes(theirs) == ["bekliyor"]
    assert [notes(each) for each in ours] == [["bekliyor"]] * 3


def test_it_is_said_back_tried_and_refused_where_it_can_not_be(timed, ticket):
    made = timed()
    words = "30 minutes after the customer's unanswered word: "
    assert said_of(made).startswith(words)
    made.after = {"since": "created", "minutes": 1}
    assert said_of(made).startswith("1 minute after the ticket was opened: ")
    assert try_rule(made, ticket(), now=START + timedelta(minutes=1))["matches"]
    for since in ("queued", "customer_word"):
        with pytest.raises(InvalidRule) as refused:
            timed(since)
        assert set(refused.value.errors) == {"after.since"}
    with pytest.raises(InvalidRule) as refused:
        timed("waiting", subject="chat")
    assert set(refused.value.errors) == {"after.since"}
