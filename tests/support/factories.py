"""Small makers of rows. The cast: Elif and Mert (one team), Deniz (another), Vera the visitor."""

import hashlib
import itertools
import secrets
from typing import Any

from django.utils import timezone

from agents.models import (
    Agent,
    Brand,
    Permission,
    Role,
    RoleGrant,
    Status,
    StatusInterval,
    Team,
    Topic,
)
from chat.models import Conversation, Visitor
from config.text.folding import sort_key

_number = itertools.count(1)


def make_brand(**changes: Any) -> Brand:
    """A Turkish shop at https://shop.example."""
    number = next(_number)
    defaults = {
        "name": f"Pazar{number}",
        "site_key": f"site-{number}",
        "allowed_origins": ["https://shop.example"],
    }
    return Brand.objects.create(**defaults | changes)


def make_team(*agents: Agent, **changes: Any) -> Team:
    """A team with these agents."""
    made = {"name": f"Team {next(_number)}"} | changes
    team = Team.objects.create(**{"sort_name": sort_key(made["name"])} | made)
    team.agents.add(*agents)
    return team


def make_topic(brand: Brand, *teams: Team, **changes: Any) -> Topic:
    """A topic of the brand that goes to these teams."""
    topic = Topic.objects.create(
        **{"brand": brand, "name_tr": "İade", "name_en": "Returns"} | changes
    )
    topic.teams.add(*teams)
    return topic


def make_role(*permissions: str, brands: tuple[Brand, ...] = (), **changes: Any) -> Role:
    """A role; without permissions it may answer chats, read the archive and work on tickets."""
    role = Role.objects.create(
        **{
            "name": f"Role {next(_number)}",
            "permissions": list(permissions)
            or [Permission.CHAT, Permission.ARCHIVE, Permission.TICKETS],
        }
        | changes
    )
    role.brands.add(*brands)
    return role


def make_agent(*, role: Role | None = None, online: bool = False, **changes: Any) -> Agent:
    """An agent with a role (by default one that answers chats of own teams)."""
    number = next(_number)
    status = Status.ONLINE if online else Status.OFFLINE
    made = {
        "email": f"agent{number}@example.com",
        "name": f"Elif Kaya {number}",
        "status": status,
    } | changes
    agent = Agent.objects.create_user(**{"sort_name": sort_key(made["name"])} | made)
    StatusInterval.objects.create(
        agent=agent,
        status=agent.status,
        started_at=timezone.now(),
        capacity=agent.capacity or 0,
    )
    RoleGrant.objects.create(role=role or make_role(), agent=agent)
    return agent


def make_visitor(brand: Brand, *, secret: str | None = None, **changes: Any) -> Visitor:
    """A visitor; `secret` is what their browser holds."""
    secret = secret or secrets.token_urlsafe(32)
    return Visitor.objects.create(
        **{
            "brand": brand,
            "secret_hash": hashlib.sha256(secret.encode()).hexdigest(),
            "language": "tr",
            "name": "Vera",
        }
        | changes
    )


def make_conversation(visitor: Visitor, **changes: Any) -> Conversation:
    """A bare row, queued now; use the operation `start_conversation` for a real one."""
    now = timezone.now()
    return Conversation.objects.create(
        **{
            "brand": visitor.brand,
            "visitor": visitor,
            "channel": "web",
            "language": visitor.language,
            "created_at": now,
            "queued_at": now,
        }
        | changes
    )
