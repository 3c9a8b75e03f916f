"""The hot path: numbers, repeats, permissions, statements."""

from collections import defaultdict
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.models import Permission
from chat.models import Conversation, Entry, Participation
from chat.operations.entries import NewLine, append
from chat.posting.messages import (
    ENDED,
    FORBIDDEN,
    INVALID,
    NOTE,
    Author,
    Outgoing,
    Posted,
    post_message,
    post_messages,
)
from config.outbox.models import OutboxEntry
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_visitor,
)
from tests.support.files import make_attachment

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def cid() -> str:
    return str(uuid4())


def say(conversation, author, text="Merhaba", **changes) -> Outgoing:
    return Outgoing(
        **{
            "conversation": conversation.public_id,
            "author": author,
            "text": text,
            "client_id": cid(),
        }
        | changes
    )


@pytest.fixture
def by_vera(vera):
    return Author.of_visitor(vera)


@pytest.fixture
def by_elif(elif_):
    return Author.of_agent(elif_)


def statements(run) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        run()
    # Savepoints stand for BEGIN and COMMIT here.
    return [
        query["sql"]
        for query in captured
        if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]


def test_a_batch_takes_five_statements(chat, by_vera, by_elif):
    other = make_conversation(make_visitor(chat.brand))
    mert = make_agent()
    joined = make_conversation(make_visitor(chat.brand), status="active")
    Participation.objects.create(conversation=joined, agent=mert, joined_at=NOW)
    drafts = [
        say(chat, by_vera),
        say(chat, by_elif),
        say(chat, by_elif, kind=NOTE),
        say(other, Author.of_visitor(other.visitor)),
        say(joined, Author.of_agent(mert)),
    ]
    made = statements(lambda: post_messages(drafts, now=NOW))
    assert Entry.objects.count() == 5
    assert len(made) <= 5, made


def test_a_batch_with_files_takes_seven_statements(chat, vera, by_vera):
    files = [make_attachment(vera) for _ in range(3)]
    drafts = [
        say(chat, by_vera, attachment_ids=[files[0].public_id, files[1].public_id]),
        say(chat, by_vera, "", attachment_ids=[files[2].public_id]),
    ]
    made = statements(lambda: post_messages(drafts, now=NOW))
    assert len(made) <= 7, made
    first, second = Entry.objects.order_by("seq")
    assert set(first.attachments.all()) == set(files[:2])
    assert set(second.attachments.all()) == {files[2]}


def test_a_batch_writes_one_outbox_row(chat, by_vera, by_elif):
    post_messages([say(chat, by_vera), say(chat, by_elif)], now=NOW)
    row = OutboxEntry.objects.get()
    assert row.payload["name"] == "messages.posted"
    assert row.payload["data"]["entry_ids"] == list(
        Entry.objects.order_by("seq").values_list("pk", flat=True)
    )


def test_notes_have_no_number_for_the_visitor(chat, by_vera, by_elif):
    results = post_messages(
        [say(chat, by_vera), say(chat, by_elif, kind=NOTE), say(chat, by_elif)], now=NOW
    )
    assert [(each.seq, each.visitor_seq) for each in results] == [(1, 1), (2, None), (3, 2)]
    chat.refresh_from_db()
    assert (chat.last_seq, chat.last_visitor_seq) == (3, 2)


def test_a_repeat_gets_the_first_answer(chat, by_vera):
    draft = say(chat, by_vera)
    first, inside = post_messages([draft, draft], now=NOW)
    later = post_message(draft, now=NOW + timedelta(minutes=1))
    assert not first.dup
    assert inside.dup
    assert later.dup
    assert {each.seq for each in (first, inside, later)} == {1}
    assert later.at == first.at
    assert Entry.objects.count() == 1


def test_authors_do_not_share_client_ids(chat, by_vera, by_elif):
    same = cid()
    results = post_messages(
        [say(chat, by_vera, client_id=same), say(chat, by_elif, client_id=same)], now=NOW
    )
    assert [each.seq for each in results] == [1, 2]


def test_the_list_row_shows_the_newest_message(chat, by_vera, by_elif):
    post_message(say(chat, by_vera, "Bir\n  iki"), now=NOW)
    chat.refresh_from_db()
    assert (chat.preview, chat.preview_author) == ("Bir iki", "visitor")
    assert chat.unanswered_since == chat.last_message_at == NOW
    later = NOW + timedelta(seconds=5)
    post_message(say(chat, by_vera, "üç"), now=later)
    chat.refresh_from_db()
    assert (chat.unanswered_since, chat.last_message_at) == (NOW, later)
    post_message(say(chat, by_elif, "not", kind=NOTE), now=later)
    chat.refresh_from_db()
    assert chat.preview == "üç"
    assert chat.unanswered_since == NOW
    post_message(say(chat, by_elif, "cevap"), now=later)
    chat.refresh_from_db()
    assert chat.preview == "cevap"
    assert chat.unanswered_since is None


@pytest.mark.parametrize(
    "changes",
    [
        {"text": ""},
        {"text": " \n"},
        {"text": "a\0b"},
        {"text": "x" * 10_001},
        {"text": "\ud800"},
        {"client_id": "no-uuid"},
        {"kind": "ended"},
        {"kind": NOTE},
        {"attachment_ids": ["nope"]},
    ],
)
def test_what_cannot_be_said_is_invalid(chat, by_vera, changes):
    assert post_message(say(chat, by_vera, **changes), now=NOW) == INVALID
    assert not Entry.objects.exists()


def test_ten_thousand_characters_fit(chat, by_vera):
    assert isinstance(post_message(say(chat, by_vera, "ş" * 10_000), now=NOW), Posted)


def test_a_foreign_visitor_learns_nothing(chat, by_vera):
    stranger = Author.of_visitor(make_visitor(chat.brand))
    stored = say(chat, by_vera)
    post_message(stored, now=NOW)
    assert post_message(say(chat, stranger), now=NOW) == FORBIDDEN
    same_cid = say(chat, stranger, client_id=stored.client_id)
    assert post_message(same_cid, now=NOW) == FORBIDDEN
    assert Entry.objects.count() == 1


def test_an_unknown_chat_is_forbidden(by_vera):
    nowhere = Conversation(public_id="nowhere")
    assert post_message(say(nowhere, by_vera), now=NOW) == FORBIDDEN


def test_an_agent_outside_the_chat_is_refused(chat):
    outsider = Author.of_agent(make_agent())
    assert post_message(say(chat, outsider), now=NOW) == FORBIDDEN
    assert post_message(say(chat, outsider, kind=NOTE), now=NOW) == FORBIDDEN


def test_a_disabled_agent_is_refused(chat, elif_, by_elif):
    elif_.is_active = False
    elif_.save()
    assert post_message(say(chat, by_elif), now=NOW) == FORBIDDEN


def test_a_joined_agent_may_write_until_leaving(chat):
    mert = make_agent()
    part = Participation.objects.create(conversation=chat, agent=mert, joined_at=NOW)
    assert isinstance(post_message(say(chat, Author.of_agent(mert)), now=NOW), Posted)
    part.left_at = NOW
    part.save()
    assert post_message(say(chat, Author.of_agent(mert)), now=NOW) == FORBIDDEN


@pytest.mark.parametrize("right", [Permission.SUPERVISE, Permission.CHAT])
def test_who_supervises_or_answers_all_may_write_in_chats_of_their_brands(chat, right):
    boss = make_agent(role=make_role(right, scope="all"))
    assert isinstance(post_message(say(chat, Author.of_agent(boss)), now=NOW), Posted)
    blind = make_agent(role=make_role(right, scope="all", brands=(make_brand(),)))
    assert post_message(say(chat, Author.of_agent(blind)), now=NOW) == FORBIDDEN


def test_a_whisper_is_a_note_that_says_so(chat):
    boss = Author.of_agent(make_agent(role=make_role(Permission.SUPERVISE, scope="all")))
    posted = post_message(say(chat, boss, kind=NOTE, is_whisper=True), now=NOW)
    assert isinstance(posted, Posted)
    note = Entry.objects.get()
    assert (note.kind, note.visitor_seq, note.data) == ("note", None, {"whisper": True})
    assert isinstance(post_message(say(chat, boss, kind=NOTE), now=NOW), Posted)
    assert Entry.objects.latest("seq").data == {}


def test_whispers_and_notes_of_one_batch_are_told_apart(chat, by_vera, by_elif):
    boss = Author.of_agent(make_agent(role=make_role(Permission.SUPERVISE, scope="all")))
    drafts = [
        say(chat, by_elif, kind=NOTE),
        *(say(chat, boss, kind=NOTE, is_whisper=True) for _ in range(4)),
        say(chat, by_vera),
    ]
    assert all(isinstance(each, Posted) for each in post_messages(drafts, now=NOW))
    said = Entry.objects.order_by("seq").values_list("data", flat=True)
    assert list(said) == [{}, *[{"whisper": True}] * 4, {}]


def test_only_who_supervises_a_chat_that_another_has_whispers_there(chat, by_vera, by_elif):
    boss = Author.of_agent(make_agent(role=make_role(Permission.SUPERVISE, scope="all")))
    colleague = Author.of_agent(make_agent(role=make_role(Permission.CHAT, scope="all")))
    waiting = make_conversation(make_visitor(chat.brand))
    whisper = {"kind": NOTE, "is_whisper": True}
    for each in (
        say(chat, colleague, **whisper),
        say(chat, by_elif, **whisper),
        say(waiting, boss, **whisper),
    ):
        assert post_message(each, now=NOW) == FORBIDDEN
    assert post_message(say(chat, by_vera, **whisper), now=NOW) == INVALID
    assert post_message(say(chat, boss, is_whisper=True), now=NOW) == INVALID
    Conversation.objects.filter(pk=chat.pk).update(status="wrap_up")
    assert post_message(say(chat, boss, **whisper), now=NOW) == ENDED
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("status", "age", "accepted"),
    [
        ("wrap_up", timedelta(0), True),
        ("resolved", timedelta(hours=23), True),
        ("resolved", timedelta(hours=25), False),
    ],
)
def test_after_the_end_the_visitor_may_add_for_a_while(
    chat, by_vera, by_elif, status, age, accepted
):
    Conversation.objects.update(status=status, ended_at=NOW - age, resolved_at=NOW)
    result = post_message(say(chat, by_vera), now=NOW)
    assert isinstance(result, Posted) if accepted else result == ENDED
    assert post_message(say(chat, by_elif), now=NOW) == ENDED


def test_notes_may_be_added_to_a_resolved_chat(chat, by_elif):
    Conversation.objects.update(status="resolved", resolved_at=NOW)
    assert isinstance(post_message(say(chat, by_elif, kind=NOTE), now=NOW), Posted)


def test_a_waiting_chat_wakes(chat, by_vera, by_elif, announced):
    Conversation.objects.update(status="waiting")
    post_message(say(chat, by_elif), now=NOW)
    assert "conversation.woke" not in [event.name for event in announced]
    post_messages([say(chat, by_vera), say(chat, by_vera)], now=NOW)
    woken = [event for event in announced if event.name == "conversation.woke"]
    assert [event.conversation_id for event in woken] == [chat.pk]


def test_files_must_be_the_authors_own_and_unused(chat, vera, by_vera):
    foreign = make_attachment(make_visitor(chat.brand))
    of_agent = make_attachment(chat.assignee)
    own = make_attachment(vera)
    for file in (foreign, of_agent):
        refused = say(chat, by_vera, attachment_ids=[own.public_id, file.public_id])
        assert post_message(refused, now=NOW) == INVALID
    twice = say(chat, by_vera, attachment_ids=[own.public_id, own.public_id])
    assert post_message(twice, now=NOW) == INVALID
    first, second = post_messages(
        [
            say(chat, by_vera, attachment_ids=[own.public_id]),
            say(chat, by_vera, attachment_ids=[own.public_id]),
        ],
        now=NOW,
    )
    assert isinstance(first, Posted)
    assert second == INVALID
    again = say(chat, by_vera, attachment_ids=[own.public_id])
    assert post_message(again, now=NOW) == INVALID


def test_appended_lines_continue_the_numbers(chat, by_vera):
    post_message(say(chat, by_vera), now=NOW)
    chat.refresh_from_db()
    entries = append(chat, NewLine(kind="assigned"), NewLine(kind="joined"), now=NOW)
    assert [(entry.seq, entry.visitor_seq) for entry in entries] == [(2, None), (3, 2)]
    posted = post_message(say(chat, by_vera), now=NOW)
    assert (posted.seq, posted.visitor_seq) == (4, 3)


ACTIONS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["visitor", "agent", "note", "line"]),
        st.integers(0, 5),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=40)
@given(batches=st.lists(ACTIONS, max_size=4))
def test_whatever_is_sent_numbers_are_dense_and_authors_keep_their_order(batches, elif_):
    """Random authors, kinds and repeats, in batches: the log is what the model says."""
    chats = [
        make_conversation(make_visitor(make_brand()), assignee=elif_, status="active")
        for _ in range(2)
    ]
    known = {}
    expected = defaultdict(list)
    for batch in batches:
        drafts = []
        for place, who, number, repeat in batch:
            chat = chats[place]
            if who == "line":
                chat.refresh_from_db()
                append(chat, NewLine(kind="tagged"), now=NOW)
                continue
            author = Author.of_visitor(chat.visitor) if who == "visitor" else Author.of_agent(elif_)
            key = (place, author.kind, number)
            client_id = known.setdefault(key, cid()) if repeat else cid()
            drafts.append(
                say(chat, author, client_id=client_id, kind=NOTE if who == "note" else "message")
            )
        for draft, result in zip(drafts, post_messages(drafts, now=NOW), strict=True):
            log = expected[draft.conversation, draft.author.kind]
            assert result.dup == (draft.client_id in log)
            if not result.dup:
                log.append(draft.client_id)
    for chat in chats:
        chat.refresh_from_db()
        entries = list(Entry.objects.filter(conversation=chat).order_by("seq"))
        assert [entry.seq for entry in entries] == list(range(1, chat.last_seq + 1))
        public = [entry.visitor_seq for entry in entries if entry.visitor_seq is not None]
        assert public == list(range(1, chat.last_visitor_seq + 1))
        for kind in ("visitor", "agent"):
            said = [entry.client_id for entry in entries if entry.author_kind == kind]
            assert said == expected[chat.public_id, kind]
