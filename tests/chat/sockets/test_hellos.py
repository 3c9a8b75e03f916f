"""How much one hello, and many of them, may ask of the server."""

import pytest
from django.utils import timezone

from chat.posting.messages import Author, Outgoing, Posted, post_messages
from chat.protocol import Close
from tests.support.factories import make_brand, make_conversation, make_visitor
from tests.support.sockets import connected, db, new_cid, token_for, visitor_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_hello_that_missed_more_than_all_may_take_is_told_to_load_anew(monkeypatch):
    monkeypatch.setattr("chat.sockets.following.RESUMED_ENTRIES_MAX", 5)
    vera = await db(lambda: make_visitor(make_brand()))
    first, second, third = [await db(make_conversation, vera, status="wrap_up") for _ in range(3)]

    def fill(chat, count):
        author = Author.of_visitor(vera)
        drafts = [Outgoing(chat.public_id, author, "x", new_cid()) for _ in range(count)]
        assert all(isinstance(each, Posted) for each in post_messages(drafts, now=timezone.now()))

    for chat, count in ((first, 4), (second, 3), (third, 1)):
        await db(fill, chat, count)
    async with visitor_socket(vera) as visitor:
        heard = {}
        while len(heard) < 3:
            frame = await visitor.hear()
            if frame["type"] in {"entries", "resync"}:
                heard[frame["conversation"]] = frame["type"]
    assert heard == {
        first.public_id: "entries",
        second.public_id: "resync",
        third.public_id: "entries",
    }


@pytest.mark.usefixtures("early_in_the_hour")
async def test_who_says_hello_again_and_again_is_asked_to_wait(settings):
    settings.IMECE = settings.IMECE | {"HELLOS_PER_MINUTE": 2}
    vera = await db(lambda: make_visitor(make_brand()))
    token = await db(token_for, vera)
    for _ in range(2):
        async with visitor_socket(vera):
            pass
    async with connected("/ws/visitor/") as visitor:
        await visitor.say(type="hello", token=token)
        assert await visitor.close_code() == Close.RATE
    # Others are let in.
    async with visitor_socket(await db(lambda: make_visitor(vera.brand))):
        pass
