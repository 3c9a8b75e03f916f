"""How rules run: in order, on what stood when their event's turn came, each effect once."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.models import Cursor, Effect, Rule, Run
from automation.rules import book, engine
from automation.rules.conditions import compile_nodes, compile_pattern
from automation.rules.engine import decide_among, look_at
from automation.rules.facts import ChatSight
from automation.rules.sight import Happening
from automation.rules.tallies import tallies
from chat.models import Conversation, Entry
from chat.operations.tags import add_tag
from chat.posting.messages import Author, Outgoing, post_message
from config.outbox.operations import RetryAfter, drain
from config.text.folding import fold
from tests.support.desk import fresh, make_desk, start
from tests.support.factories import make_agent, make_conversation, make_role, make_visitor
from tests.support.http import cid

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return make_desk(agents=0)


def notes(chat: Conversation) -> list[str]:
    lines = Entry.objects.filter(conversation=chat, kind="note").order_by("seq")
    return list(lines.values_list("body", flat=True))


def note(text: str) -> dict:
    return {"action": "note", "text": {"tr": text}}


def come(desk, **changes) -> Conversation:
    """A chat that came in although nobody is there, as rows."""
    chat = make_conversation(make_visitor(desk.brand), queued_at=None, **changes)
    started = [("started", ""), ("message", "Merhaba IŞIK")]
    for seq, (kind, body) in enumerate(started, start=1):
        Entry.objects.create(
            conversation=chat,
            seq=seq,
            visitor_seq=seq,
            kind=kind,
            author_kind="visitor",
            body=body,
            created_at=timezone.now(),
        )
    chat.last_seq = chat.last_visitor_seq = 2
    chat.save()
    return chat


def say(chat: Conversation, text: str) -> None:
    draft = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), text, cid())
    post_message(draft, now=timezone.now())


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a", "b"]),
            st.integers(0, 3),
            st.booleans(),
            st.booleans(),
            st.sampled_from(["on", "trial"]),
            st.sampled_from(["", "one"]),
        ),
        max_size=8,
    )
)
def test_rules_run_by_group_and_position_until_one_stops_and_a_family_acts_once(plan):
    chat = Conversation(pk=1, brand_id=1, language="tr", channel="web")
    rules = [
        Rule(
            pk=number,
            name=str(number),
            group=group,
            position=position,
            stop=stop,
            mode=mode,
            family=family,
            fires="every",
            when="incoming",
            all=[{"field": "language", "operator": "is", "value": "tr" if holds else "en"}],
            actions=[{"action": "stop"}] if stop else [note("x")],
        )
        for number, (group, position, stop, holds, mode, family) in enumerate(plan, start=1)
    ]
    in_order = sorted(rules, key=lambda rule: (rule.group, rule.position, rule.pk))
    ready = [book.compile_rule(rule) for rule in in_order]
    happening = Happening(when="incoming", seq=1)
    runs = decide_among(ready, ChatSight(chat, happening, timezone.now()))

    expected = []
    for rule in in_order:
        if rule.all[0]["value"] == "tr":
            expected.append(rule.pk)
            if rule.stop and rule.mode == "on":
                break
    assert [run.rule_id for run in runs] == expected


def test_all_rules_of_an_event_see_the_same_whatever_earlier_ones_do(desk, rule):
    rule(position=1, actions=[{"action": "add_tag", "tag": "bir"}])
    sees = {"field": "tag", "operator": "is", "value": "bir"}
    rule(position=2, all=[sees], actions=[note("gördüm")])
    rule(position=3, when="updated", all=[sees], actions=[note("sonra gördüm")])
    chat = come(desk)
    look_at(chat.pk, begin=1)
    assert notes(chat) == ["sonra gördüm"]


def test_stop_ends_the_event_but_not_the_next_one(desk, rule):
    rule(position=1, stop=True, actions=[note("ilk")])
    rule(position=2, group="z", actions=[note("hiç")])
    words = {"field": "change", "operator": "is", "value": "customer_word"}
    rule(position=3, when="updated", all=[words], actions=[note("söz")])
    chat = come(desk)
    say(chat, "Bir söz")
    look_at(chat.pk, begin=1)
    assert notes(chat) == ["ilk", "söz"]


def test_the_first_words_are_the_beginning_and_no_update(desk, rule):
    by_customer = {"field": "updated_by", "operator": "is", "value": "customer"}
    rule(when="updated", all=[by_customer], actions=[note("güncel")])
    light = {"field": "text", "operator": "contains", "value": "ışık"}
    rule(all=[light], actions=[note("yeni")])
    chat = come(desk)
    look_at(chat.pk, begin=1)
    assert notes(chat) == ["yeni"]


def test_once_is_once_a_stay_and_minutes_pass(desk, rule):
    rule(when="updated", fires="once", actions=[note("tek")])
    rule(when="updated", fires={"minutes": 5}, actions=[note("arada")])
    chat = come(desk)
    for text in ("bir", "iki", "üç"):
        say(chat, text)
        look_at(chat.pk, begin=1)
    assert notes(chat) == ["tek", "arada"]
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False):
        say(chat, "dört")
        look_at(chat.pk, begin=1)
    assert notes(chat) == ["tek", "arada", "arada"]
    # Back from the archive it is another stay.
    chat.refresh_from_db()
    Entry.objects.create(
        conversation=chat,
        seq=chat.last_seq + 1,
        kind="reopened",
        author_kind="visitor",
        data={"from": "resolved"},
        created_at=timezone.now(),
    )
    chat.last_seq += 1
    chat.save()
    look_at(chat.pk, begin=1)
    assert notes(chat).count("tek") == 2


def test_rules_that_cause_each_other_end_after_three(desk, rule):
    for tag, other in (("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")):
        rule(
            when="updated",
            all=[{"field": "tag", "operator": "is", "value": tag}],
            actions=[{"action": "remove_tag", "tag": tag}, {"action": "add_tag", "tag": other}],
        )
    chat = come(desk)
    now = timezone.now()
    add_tag(conversation=chat, name="a", by=None, now=now)
    look_at(chat.pk, begin=1)
    assert Run.objects.filter(matched=True).count() <= 4
    assert max(Run.objects.values_list("depth", flat=True)) <= engine.DEPTH_MAX


def test_a_rule_that_acts_too_often_because_of_others_is_switched_off_and_admins_are_told(
    desk, rule, monkeypatch
):
    boss = make_agent(role=make_role("admin", scope="all"), language="tr")
    monkeypatch.setattr(engine, "CAP", 0)
    first = rule(actions=[{"action": "add_tag", "tag": "bir"}])
    second = rule(
        when="updated",
        all=[{"field": "tag", "operator": "changed"}],
        actions=[note("hep")],
    )
    chat = come(desk)
    look_at(chat.pk, begin=1)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.mode, second.mode, second.switched_off) == ("on", "off", "loop")
    assert notes(chat) == []
    drain("mail")
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == ([boss.email], "“Deneme” kuralı kapatıldı")


def test_a_trial_says_what_it_would_do_and_stops_nobody(desk, rule):
    tried = rule(mode="trial", stop=True, actions=[note("hiç")])
    rule(actions=[note("evet")])
    chat = come(desk)
    look_at(chat.pk, begin=1)
    assert notes(chat) == ["evet"]
    assert Run.objects.get(rule=tried).mode == "trial"


def test_a_crash_between_two_actions_repeats_none_and_asks_nothing_again(desk, rule, monkeypatch):
    rule(
        all=[{"field": "tag", "operator": "empty"}],
        actions=[{"action": "add_tag", "tag": "bir"}, note("iki"), note("üç")],
    )
    chat = come(desk)
    effects = engine._note_effect

    def die(run, position, **told):
        if position == 2:
            raise KeyboardInterrupt
        effects(run, position, **told)

    monkeypatch.setattr(engine, "_note_effect", die)
    with pytest.raises(KeyboardInterrupt):
        look_at(chat.pk, begin=1)
    assert notes(chat) == []
    monkeypatch.setattr(engine, "_note_effect", effects)
    look_at(chat.pk, begin=1)
    look_at(chat.pk, begin=1)
    assert notes(chat) == ["iki", "üç"]
    assert Effect.objects.count() == 4


def test_a_failing_action_ends_its_rule_and_not_the_event(desk, rule):
    away = make_agent(role=make_role())
    broken = rule(actions=[{"action": "assign", "agent": away.public_id}, note("sonra")])
    rule(actions=[note("öteki")])
    chat = come(desk)
    look_at(chat.pk, begin=1)
    assert notes(chat) == ["öteki"]
    assert Effect.objects.get(run__rule=broken, done=False).reason == "notonline"


def test_a_message_that_was_left_keeps_its_place_and_all_else_is_done(desk, rule):
    agent = make_agent(role=make_role(), online=True)
    sorts = (
        {"action": "set_topic", "topic": str(desk.topic.pk)},
        {"action": "set_team", "team": str(desk.team.pk)},
        {"action": "set_priority", "priority": 5},
        {"action": "assign", "agent": agent.public_id},
    )
    rule(actions=[*sorts, note("yine de")])
    chat = come(desk, status="resolved")
    look_at(chat.pk, begin=1)
    assert notes(chat) == ["yine de"]
    assert Run.objects.get().outcomes() == [(False, "alreadyresolved")] * 4 + [(True, "")]


def test_a_rule_that_names_what_was_deleted_is_skipped_and_says_so(desk, rule):
    named = rule(all=[{"field": "topic", "operator": "is", "value": str(desk.topic.pk)}])
    gone = [{"field": "topic", "operator": "is", "value": "987654"}]
    Rule.objects.filter(pk=named.pk).update(all=gone)
    book.renew()
    chat = come(desk)
    look_at(chat.pk, begin=1)
    skipped = Run.objects.get()
    assert (skipped.matched, skipped.reason, notes(chat)) == (False, "missing", [])


def test_nobody_looks_at_a_chat_while_somebody_does(desk, rule):
    rule()
    chat = come(desk)
    later = timezone.now() + timedelta(seconds=10)
    Cursor.objects.create(conversation=chat, seq=0, holder="x", lease_until=later)
    with pytest.raises(RetryAfter):
        look_at(chat.pk, begin=1)
    with time_machine.travel(later + timedelta(seconds=1), tick=False):
        look_at(chat.pk, begin=1)
    assert notes(chat) == ["Merhaba"]
    # Whoever took it by a clock that was a day ahead keeps nobody away until tomorrow.
    Cursor.objects.update(seq=0, holder="x", lease_until=later + timedelta(days=1))
    look_at(chat.pk, begin=1)


def test_two_hundred_rules_cost_four_statements_an_event(desk, rule):
    sees = [
        {"field": "text", "operator": "contains", "value": "olmayan söz"},
        {"field": "tag", "operator": "is", "value": "yok"},
    ]
    for number in range(200):
        rule(name=str(number), when="updated", any=sees)
    chat = come(desk)
    look_at(chat.pk, begin=1)
    say(chat, "Bir söz")
    with CaptureQueriesContext(connection) as statements:
        look_at(chat.pk, begin=1)
    assert len(statements) <= 4, [each["sql"][:90] for each in statements]
    # To put a query with all that some rule may ask for costs more than the rules do.
    assert max(each["sql"].count(" JOIN ") for each in statements) <= 2


def test_without_rules_a_chat_is_not_held_and_nothing_is_kept_of_it(desk, work_all):
    desk = make_desk()
    chat = start(desk)
    assert fresh(chat).held_until is None
    work_all()
    assert not Cursor.objects.exists()


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("ışık", "IŞIK", True),
        (r"\S+@\S+", "yaz: a@b", True),
        (r"^\D{3}$", "ÇĞİ", True),
        (r"^\D{3}$", "123", False),
        ("[A-Z]{4}", "şişe", True),
        (r"^\d+$", "12", True),
    ],
)
def test_a_pattern_is_folded_but_for_its_escapes(pattern, text, matches):
    assert (compile_pattern(pattern).search(fold(text)) is not None) is matches


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("contains", "SİPARİŞ", True),
        ("not_contains", "iade", True),
        ("starts", "siparişim", True),
        ("is", "SIPARISIM nerede", True),
        ("is_not", "başka", True),
        ("empty", None, False),
        ("not_empty", None, True),
    ],
)
def test_text_is_compared_without_capitals_and_marks(operator, value, holds):
    happening = Happening(when="updated", text="Siparişim nerede")
    facts = ChatSight(Conversation(), happening, timezone.now())
    node = {"field": "text", "operator": operator, "value": value}
    assert compile_nodes([node], needs_all=True).holds(facts, [], all_of_it=False) is holds


@pytest.mark.parametrize("count", [1, 200])
def test_a_look_costs_the_same_few_statements_however_many_rules_there_are(
    rule, django_assert_max_num_queries, work_all, count
):
    chat = start(make_desk())
    work_all()
    word = {"field": "change", "operator": "is", "value": "customer_word"}
    for number in range(count):
        text = {"field": "text", "operator": "contains", "value": f"sözcük{number}"}
        rule(when="updated", all=[word, text])
    book.fresh_book()
    tallies.write()
    say(chat, "Merhaba?")
    seq = fresh(chat).last_seq
    with django_assert_max_num_queries(4):
        look_at(chat.pk, begin=seq)
    assert Cursor.objects.get().seq == seq


def test_word_of_an_edition_that_comes_late_takes_the_place_of_no_newer_one(rule):
    rule()
    book.fresh_book()
    old = book._stored()
    rule(name="Bir daha")
    book._tell(old)
    assert len(book.fresh_book().rules) == 2


@pytest.mark.django_db(transaction=True)
def test_a_change_that_comes_while_the_edition_is_read_is_not_forgotten(rule, monkeypatch):
    rule()
    book.fresh_book()
    cache.clear()
    stored = book._stored

    def slow():
        version = stored()
        monkeypatch.setattr(book, "_stored", stored)
        rule(name="Bir daha")
        return version

    monkeypatch.setattr(book, "_stored", slow)
    book.fresh_book()
    assert len(book.fresh_book().rules) == 2
