"""Words on chats, one spelling for all."""

import pytest
from django.utils import timezone

from agents.models import Tag
from agents.operations.tags import InvalidTag
from chat.events.lifecycle import ConversationTagged
from chat.models import Conversation
from chat.operations.tags import TAGS_MAX, TooManyTags, add_tag, change_tags, remove_tag
from chat.queries.tags import suggested_tags, tags_like, tags_of
from tests.support.desk import Desk, fresh, kinds, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(desk) -> Conversation:
    return start(desk)


def put(chat: Conversation, name: str, desk: Desk | None = None) -> None:
    by = desk.agents[0] if desk else None
    add_tag(conversation=chat, name=name, by=by, now=timezone.now())


def names(chat: Conversation) -> list[str]:
    return [tag.name for tag in tags_of(chat)]


@pytest.mark.parametrize("other", ["İADE", "iade", "IADE", "ıade", "  İade ", "I\u0307ade"])
def test_spellings_of_one_word_are_one_tag(chat, other: str) -> None:
    put(chat, "İade")
    put(chat, other)
    assert names(chat) == ["İade"]
    assert kinds(chat).count("tagged") == 1


def test_agents_see_who_put_a_tag_on_and_took_it_off_and_visitors_nothing(
    chat, desk, announced
) -> None:
    agent = desk.agents[0]
    put(chat, "beden", desk)
    remove_tag(conversation=chat, name="BEDEN", by=agent, now=timezone.now())
    lines, key = chat.entries.filter(kind="tagged").order_by("seq"), str(Tag.objects.get().pk)
    assert [(line.agent, line.data, line.visitor_seq) for line in lines] == [
        (agent, {"added": "beden", "added_id": key}, None),
        (agent, {"removed": "beden", "removed_id": key}, None),
    ]
    assert names(chat) == []
    assert Tag.objects.get().name == "beden"
    told = [event for event in announced if isinstance(event, ConversationTagged)]
    assert [(event.added, event.removed) for event in told] == [("beden", ""), ("", "beden")]
    assert {ring.group for event in told for ring in event.deliveries()} == {f"thread.{chat.pk}"}


def test_taking_off_what_is_not_on_it_changes_nothing(chat) -> None:
    put(fresh(chat), "beden")
    for name in ("iade", "", "\0", "x" * 500):
        remove_tag(conversation=chat, name=name, by=None, now=timezone.now())
    assert names(chat) == ["beden"]
    assert kinds(chat).count("tagged") == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\0b", "\u200f", "ﷺ" * 30, "\u0301"])
def test_what_is_no_word_of_forty_characters_is_no_tag(chat, name: str) -> None:
    with pytest.raises(InvalidTag):
        put(chat, name)
    assert not Tag.objects.exists()


def test_a_chat_takes_twenty_tags_and_a_change_is_all_or_nothing(chat) -> None:
    for number in range(TAGS_MAX):
        put(chat, f"tag {number}")
    with pytest.raises(TooManyTags):
        change_tags(
            conversation=chat,
            add=["one", "too many"],
            remove=["tag 0"],
            by=None,
            now=timezone.now(),
        )
    assert len(names(chat)) == TAGS_MAX
    assert "tag 0" in names(chat)
    put(chat, "TAG 1")
    assert len(names(chat)) == TAGS_MAX


def test_what_is_typed_finds_tags_that_begin_with_it_first_and_none_the_chat_has(
    chat, desk
) -> None:
    other = start(desk)
    for name in ("Işık", "kısa", "Isparta", "beden"):
        put(other, name)
    put(chat, "ısı")
    assert [tag.name for tag in suggested_tags("IS", beside=chat)] == ["Işık", "Isparta", "kısa"]
    assert [tag.name for tag in suggested_tags("is\0", beside=other)] == ["ısı"]
    assert [tag.name for tag in tags_like("BEDEN")] == ["beden"]
