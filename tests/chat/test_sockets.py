"""Both sockets, frame by frame, through the ASGI application."""

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from agents.models import Agent, ApiToken
from agents.tokens import PREFIX, hash_secret, new_secret
from tests.chat.sockets import console_socket, visitor_socket
from tests.factories import make_agent, make_brand, make_conversation, make_visitor

pytestmark = pytest.mark.django_db(transaction=True)


def api_token(agent: Agent) -> str:
    raw = PREFIX + new_secret()
    ApiToken.objects.create(agent=agent, name="test", token_hash=hash_secret(raw), scopes=["desk"])
    return raw


@pytest.fixture
def vera():
    return make_visitor(make_brand())


@pytest.fixture
def elif_():
    return make_agent(online=True)


@pytest.fixture
def chat(vera, elif_):
    return make_conversation(vera, assignee=elif_, status="active", accepted_at=timezone.now())


async def test_a_message_is_acked_and_reaches_both_screens(chat, vera, elif_):
    token = await sync_to_async(api_token)(elif_)
    async with visitor_socket(vera) as visitor, console_socket(token) as console:
        assert visitor.welcome["heads"] == {chat.public_id: 0}
        assert console.welcome["heads"] == {chat.public_id: 0}
        ack = await visitor.send_message(chat.public_id, "Merhaba")
        assert ack["seq"] == 1
        assert not ack["dup"]
        heard = await console.hear("entries")
        assert [entry["text"] for entry in heard["entries"]] == ["Merhaba"]
