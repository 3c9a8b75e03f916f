"""An agent's desk in the console: pages and chats through the test client."""

from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from agents.models import Agent, Brand, Team, Topic
from chat.models import Conversation
from tests.support import factories


@dataclass
class Desk:
    """Elif at her desk: a brand, her team, its topic."""

    brand: Brand
    elif_: Agent
    team: Team
    topic: Topic
    client: Client

    def chat(self, **changes: Any) -> Conversation:
        """A chat of hers, unless said otherwise."""
        visitor = changes.pop("visitor", None) or factories.make_visitor(self.brand)
        now = timezone.now()
        defaults = {
            "status": "active",
            "assignee": self.elif_,
            "holds_slot": True,
            "team": self.team,
            "last_message_at": now,
            "unanswered_since": now,
            "preview": "Where is my parcel?",
            "preview_author": "visitor",
        }
        return factories.make_conversation(visitor, **defaults | changes)

    def get(self, path: str = "", **options: Any) -> str:
        """The text of a page that must exist."""
        answer = self.client.get(f"/console/{path}", **options)
        assert answer.status_code == 200, answer
        return str(answer.content.decode())


def make_desk(**agent: Any) -> Desk:
    brand = factories.make_brand()
    elif_ = factories.make_agent(**{"online": True, "name": "Elif Kaya", "language": "en"} | agent)
    team = factories.make_team(elif_)
    client = Client()
    client.force_login(elif_)
    return Desk(brand, elif_, team, factories.make_topic(brand, team), client)
