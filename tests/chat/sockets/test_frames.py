"""What is no frame, and how sockets end."""

import asyncio
import json

import pytest
from channels.layers import get_channel_layer

from chat.protocol import Close
from chat.sockets.following import Gone
from chat.sockets.visitor import VisitorConsumer
from chat.sockets.watch import Watch
from tests.support.sockets import is_refused, visitor_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_frame_that_is_none_closes_with_4400(subtests, chat, vera):
    for text in (
        " ",
        "{",
        "[]",
        "null",
        '"hello"',
        "NaN",
        "[" * 5000,
        '{"type":"nothing"}',
        '{"type":["ping"]}',
        '{"type":"__class__"}',
        '{"type":"dispatch"}',
        '{"type":"hello","token":"x"}',
        '{"type":"message.send","cid":"1","conversation":"a","text":"b"}',
        '{"type":"message.send","conversation":"a","text":"b"}',
        '{"type":"read","conversation":"a","seq":"1"}',
        '{"type":"read","conversation":"a","seq":true}',
        '{"type":"read","conversation":"a","seq":-1}',
        '{"type":"read","conversation":"a","seq":1e400}',
        '{"type":"read","conversation":{"$ne":1},"seq":1}',
        '{"type":"typing","conversation":"a","on":1}',
        '{"type":"watch","conversation":"a"}',
    ):
        with subtests.test(text=text):
            async with visitor_socket(vera) as visitor:
                await visitor.send_to(text_data=text)
                assert await visitor.close_code() == Close.BAD_FRAME


async def test_binary_closes_with_4400(chat, vera):
    async with visitor_socket(vera) as visitor:
        await visitor.send_to(bytes_data=b"{}")
        assert await visitor.close_code() == Close.BAD_FRAME


async def test_a_frame_over_64_kib_closes_with_1009(chat, vera):
    async with visitor_socket(vera) as visitor:
        await visitor.say(type="ping", pad="ş" * 33_000)
        assert await visitor.close_code() == Close.TOO_BIG


async def test_a_bug_closes_with_1011_and_tells_nothing(chat, vera, monkeypatch):
    async def explode(self, frame):
        raise RuntimeError("secret detail")

    monkeypatch.setitem(VisitorConsumer.commands, "read", explode)
    async with visitor_socket(vera) as visitor:
        await visitor.say(type="read", conversation=chat.public_id, seq=1)
        message = await visitor.receive_output(5)
        assert message["type"] == "websocket.close"
        assert message["code"] == Close.BUG
        assert "secret" not in json.dumps(message)


@pytest.mark.parametrize("end", ["left", "ended", "failed"])
async def test_a_socket_that_ends_is_in_no_group_any_more(chat, vera, monkeypatch, end):
    async def explode(self, frame):
        raise RuntimeError

    monkeypatch.setitem(VisitorConsumer.commands, "read", explode)
    layer = get_channel_layer()
    async with visitor_socket(vera) as visitor:
        (hub,) = (hub for loop, hub in layer._hubs.items() if loop is asyncio.get_running_loop())
        assert len(hub.mailboxes) == 1
        if end == "ended":
            await visitor.say(type="nonsense")
        elif end == "failed":
            await visitor.say(type="read", conversation=chat.public_id, seq=1)
        if end != "left":
            await visitor.close_code()
    assert (hub.mailboxes, hub.groups) == ({}, {})


async def test_an_unknown_path_is_refused():
    assert await is_refused("/ws/nothing/")


async def test_the_farewell_says_when_to_come_back(chat, vera):
    async with visitor_socket(vera) as visitor:
        await Watch.here().farewell()
        assert 0 < (await visitor.hear("bye"))["retry_after"] <= 5


async def test_a_socket_that_the_server_closed_beneath_us_is_gone_and_no_error():
    async def send(message):
        raise RuntimeError("Unexpected ASGI message 'websocket.send', after 'websocket.close'.")

    socket = VisitorConsumer()
    socket._transmit = send
    with pytest.raises(Gone):
        await socket.say("{}")
