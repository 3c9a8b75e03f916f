"""How a chat starts, and when it can't."""

import uuid

import pytest
from django.utils import timezone

from chat.events.lifecycle import (
    ConversationQueued,
)
from chat.models import Conversation, Entry
from chat.operations.assignment import (
    accept,
)
from chat.operations.attachments import keep_upload
from chat.operations.conversations import (
    AlreadyOpen,
    WrongTopic,
    end_conversation,
)
from chat.operations.starting import InvalidMessage, NobodyAvailable
from config.files.cleaning import clean_file
from tests.support.desk import Desk, fresh, make_desk, start
from tests.support.factories import (
    make_brand,
    make_topic,
    make_visitor,
)
from tests.support.files import make_attachment
from tests.support.http import picture

pytestmark = pytest.mark.django_db


def taken(desk: Desk) -> Conversation:
    chat = start(desk)
    return accept(conversation=chat, agent=desk.agents[0], now=timezone.now())


def test_a_chat_that_starts_with_a_file_is_listed_by_the_files_name() -> None:
    desk = make_desk()
    visitor = make_visitor(desk.brand)
    files = [
        keep_upload(file=clean_file(picture(), name), by=visitor, now=timezone.now()).public_id
        for name in ("fatura.png", "fiş.png")
    ]
    assert fresh(start(desk, visitor, text="", attachment_ids=files)).preview == "fatura.png"


def test_a_chat_starts_in_the_queue_with_its_first_message(announced) -> None:
    desk = make_desk()
    chat = start(desk, text="Kargom gelmedi", fields={"name": "Ayşe", "email": "a@example.com"})
    entries = list(chat.entries.order_by("seq"))
    assert [entry.kind for entry in entries] == ["started", "message", "queued"]
    assert [entry.seq for entry in entries] == [entry.visitor_seq for entry in entries] == [1, 2, 3]
    assert entries[0].data == {"topic": "İade", "topic_id": str(desk.topic.pk)}
    assert entries[1].body == "Kargom gelmedi"
    chat = fresh(chat)
    assert chat.status == "queued"
    assert chat.preview == "Kargom gelmedi"
    assert chat.chosen_topic == desk.topic
    assert (chat.visitor.name, chat.visitor.email) == ("Ayşe", "a@example.com")
    assert [type(event) for event in announced].count(ConversationQueued) == 1


def test_the_same_client_id_is_the_same_chat() -> None:
    desk = make_desk()
    visitor, cid = make_visitor(desk.brand), str(uuid.uuid4())
    assert start(desk, visitor, client_id=cid) == start(desk, visitor, client_id=cid)
    assert Entry.objects.count() == 3


def test_a_second_chat_beside_an_open_one_is_refused_and_names_it() -> None:
    desk = make_desk()
    visitor = make_visitor(desk.brand)
    first = start(desk, visitor)
    with pytest.raises(AlreadyOpen) as refused:
        start(desk, visitor)
    assert refused.value.conversation == first


def test_wrap_up_does_not_block_a_new_chat() -> None:
    desk = make_desk()
    chat = taken(desk)
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    assert start(desk, chat.visitor) != chat


def test_nobody_online_means_nobody_is_available() -> None:
    desk = make_desk(agents=0)
    with pytest.raises(NobodyAvailable):
        start(desk)
    assert not Conversation.objects.exists()


def test_a_brand_that_does_not_queue_refuses_when_all_are_busy() -> None:
    desk = make_desk(brand={"capacity": 1, "at_capacity": "form"})
    taken(desk)
    with pytest.raises(NobodyAvailable):
        start(desk)


def test_a_line_has_a_longest_length() -> None:
    desk = make_desk(brand={"capacity": 1, "max_queue_length": 2})
    taken(desk)
    start(desk)
    start(desk)
    with pytest.raises(NobodyAvailable):
        start(desk)


@pytest.mark.parametrize("text", ["", "  \n", "x" * 10_001, "nul \0 byte", "half \ud800"])
def test_a_first_message_without_sayable_words_is_refused(text: str) -> None:
    with pytest.raises(InvalidMessage):
        start(make_desk(), text=text)


def test_a_chat_may_start_with_ones_own_file_only() -> None:
    desk = make_desk()
    visitor, other = make_visitor(desk.brand), make_visitor(desk.brand)
    own, foreign = (make_attachment(who) for who in (visitor, other))
    with pytest.raises(InvalidMessage):
        start(desk, visitor, text="", attachment_ids=[foreign.public_id])
    chat = start(desk, visitor, text="", attachment_ids=[own.public_id])
    own.refresh_from_db()
    assert own.entry == chat.entries.get(kind="message")


def test_a_topic_of_another_brand_is_refused() -> None:
    with pytest.raises(WrongTopic):
        start(make_desk(), topic=make_topic(make_brand()))
