"""A rehearsal goes all the way on the paths of every chat, and nobody but its maker meets it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django.utils.formats import date_format

from agents.access import access_of
from agents.models import Status
from automation.models import Rehearsal, Rule, Run, Tally
from automation.rehearsal import STEPS, begin_rehearsal, rehearse
from automation.rules.recipes import install_recipe
from automation.rules.replies import STANDARD, set_replies
from automation.rules.tallies import tallies
from chat.models import Conversation
from chat.queries.chat_list import Tab, count_tabs
from chat.routing.availability import read_floor
from reports.models import ChatFact
from tests.agents.conftest import boss, boss_client
from tests.support.desk import here, kinds, make_desk, start
from tests.support.factories import make_agent, make_conversation, make_visitor
from tickets.models import Ticket

__all__ = ["boss", "boss_client"]

pytestmark = pytest.mark.django_db
LIST = "/admin/automation/rehearsal/"


@pytest.fixture
def desk():
    return make_desk()


@pytest.fixture
def admin(boss):
    """Who administers, is Online with a console, and works in no team."""
    boss.status = Status.ONLINE
    boss.save()
    here(boss)
    return boss


def begin(desk, admin) -> Rehearsal:
    return begin_rehearsal(brand=desk.brand, by=admin, now=timezone.now())


def let_it_run(work_all, rehearsal) -> Rehearsal:
    """Let half a second pass whenever it waits for one of its steps."""
    work_all()
    for seconds in range(1, 6):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True):
            work_all()
    return now_of(rehearsal)


def now_of(rehearsal) -> Rehearsal:
    return Rehearsal.objects.select_related("conversation").get(pk=rehearsal.pk)


def notes(rehearsal) -> dict[str, str]:
    return {told["step"]: told["note"] for told in now_of(rehearsal).steps}


def test_it_goes_from_the_first_word_to_the_archive_and_times_each_step(desk, admin, work_all):
    told = {"welcome": (True, STANDARD["welcome"])}
    set_replies(brand=desk.brand, told=told, by=None, now=timezone.now())
    made = begin(desk, admin)
    done = let_it_run(work_all, made)
    assert (done.state, [told["step"] for told in done.steps]) == ("done", list(STEPS))
    assert all(told["ms"] >= 0 for told in done.steps)
    assert notes(made)["reply"].startswith("Hello ")
    chat = done.conversation
    assert (chat.status, chat.outcome, chat.rating) == ("resolved", "answered", 5)
    assert chat.assignee == admin
    line = kinds(chat)
    known = {"started", "message", "bot", "queued", "accepted", "ended", "rated", "resolved"}
    order = ["started", "message", "bot", "queued", "accepted", "message", "ended", "rated"]
    assert [kind for kind in line if kind in known] == [*order, "resolved"]


def test_without_anything_switched_on_it_says_that_nothing_answers(desk, admin, work_all):
    made = begin(desk, admin)
    assert let_it_run(work_all, made).state == "done"
    assert notes(made)["reply"] == "Nothing is switched on that answers here."


def test_ready_rules_run_in_it_but_nothing_leaves_the_house(desk, admin, work_all):
    # Nobody but the admin is there, and strangers are asked: neither is the rehearsal's business.
    desk.agents[0].status = Status.OFFLINE
    desk.agents[0].save()
    for name in ("everyone-busy", "ask-email"):
        install_recipe(name=name, by=None, now=timezone.now())
    made = begin(desk, admin)
    assert let_it_run(work_all, made).state == "done"
    assert not Ticket.objects.exists()


def test_it_is_in_no_list_count_or_figure_of_others(desk, admin, rule, work_all, announced):
    rule(actions=[{"action": "send_message", "text": {"en": "Hi"}}, {"action": "convert"}])
    made = begin(desk, admin)
    floor = read_floor(timezone.now())
    other = access_of(desk.agents[0])
    assert floor.queue == []
    assert not Conversation.objects.visible_to(other).exists()
    figures = count_tabs(access_of(admin), brand_id=None, now=timezone.now())
    assert figures.tabs[Tab.QUEUE] == 0
    assert let_it_run(work_all, made).state == "done"
    assert not Conversation.objects.visible_to(other).exists()
    assert not Ticket.objects.exists()
    assert not ChatFact.objects.exists()
    # The log has it, the counts don't.
    assert Run.objects.get().effects.get(position=2).reason == "rehearsal"
    tallies.write()
    assert not Tally.objects.filter(looked__gt=0).exists()


def test_no_desk_is_rung_for_it(desk, admin, announced):
    made = begin(desk, admin)
    # It stands in line, and in nobody's way.
    assert made.conversation.held_until is None
    assert read_floor(timezone.now()).queue == []
    rung = [each for event in announced for each in event.deliveries()]
    assert not [each.group for each in rung if each.group.startswith("desk.")]
    start(desk)
    rung = [each for event in announced for each in event.deliveries()]
    assert [each.group for each in rung if each.group.startswith("desk.")]


def out_of_patience(rehearsal, work_all, *agents) -> Rehearsal:
    for seconds in (0, 6, 12):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
            here(*agents)
            work_all()
    return now_of(rehearsal)


@pytest.mark.parametrize("why", ["offline", "away", "full"])
def test_who_can_not_be_alerted_is_told_why_and_no_chat_is_left(desk, boss, work_all, why):
    if why != "offline":
        boss.status = Status.ONLINE
        boss.save()
    if why == "full":
        here(boss)
        boss.capacity = 1
        boss.save()
        taken = {"assignee": boss, "status": "active", "holds_slot": True}
        make_conversation(make_visitor(desk.brand), topic=desk.topic, **taken)
    made = begin(desk, boss)
    failed = out_of_patience(made, work_all, *([boss] if why == "full" else []))
    assert (failed.state, failed.reason) == ("failed", why)
    assert failed.conversation.status == "resolved"
    assert not failed.conversation.holds_slot


def test_where_no_worker_runs_the_page_says_so(desk, admin, boss_client):
    made = begin(desk, admin)
    address = f"{LIST}{made.pk}/"
    assert boss_client.get(address).context["problem"] == ""
    later = timezone.now() + timedelta(seconds=20)
    with time_machine.travel(later, tick=False):
        assert "No worker" in boss_client.get(address).context["problem"]


def test_a_step_that_is_done_twice_happens_once(desk, admin, work_all):
    made = begin(desk, admin)
    work_all()
    before = kinds(now_of(made).conversation)
    # A worker died before it wrote down that the answer was given.
    Rehearsal.objects.update(state="running", steps=now_of(made).steps[:4])
    rehearse({"rehearsal": made.pk})
    assert now_of(made).state == "done"
    assert kinds(now_of(made).conversation) == before


def test_the_page_begins_one_and_shows_its_steps_in_the_readers_language(
    desk, admin, boss_client, work_all
):
    admin.language = "tr"
    admin.save()
    started = boss_client.post(LIST, {"brand": desk.brand.pk})
    made = Rehearsal.objects.get()
    assert started["location"] == f"{LIST}{made.pk}/"
    work_all()
    page = boss_client.get(f"{LIST}{made.pk}/").content.decode()
    assert "Arşivde durur" in page
    assert 'data-state="done"' in page
    assert "Burada yanıt verecek hiçbir şey açık değil." in page
    began = date_format(timezone.localtime(made.started_at), "SHORT_DATETIME_FORMAT")
    # Its name in the path of the page: days are written as everywhere else.
    assert f"{desk.brand} {began}" in page
    assert f"{LIST}{made.pk}/" in boss_client.get(LIST).content.decode()


def test_a_brand_without_topics_is_rehearsed_and_resolves_without_one(desk, admin, work_all):
    desk.brand.topics.all().delete()
    done = let_it_run(work_all, begin(desk, admin))
    assert (done.state, done.conversation.topic) == ("done", None)


def test_only_who_administers_gets_there(client, desk):
    agent = make_agent()
    client.force_login(agent)
    assert client.post(LIST, {"brand": desk.brand.pk}).status_code in {302, 403}
    assert not Rehearsal.objects.exists()
    assert not Rule.objects.exists()
