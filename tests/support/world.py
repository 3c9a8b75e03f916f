"""Fills a database with running chats and prints how their sockets introduce themselves, as JSON.

For scenarios that talk to real processes (faults, benchmarks). Runs as a process of its own,
`python -m tests.support.world PAIRS IDLE`, `… herd WIDGETS` or `… desk ARCHIVED LINES`, with the
environment of the server it prepares for.
"""

import json
import os
import secrets
import sys
import uuid
from datetime import timedelta
from typing import Any

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - models need settings
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from agents.credentials.tokens import hash_secret  # noqa: E402
from agents.models import Role  # noqa: E402
from agents.operations.tokens import create_token  # noqa: E402
from chat.models import Conversation, Visitor  # noqa: E402
from chat.posting.messages import Author, Outgoing, post_messages  # noqa: E402
from chat.widget.sessions import VisitorSession, make_token  # noqa: E402
from tests.support.factories import (  # noqa: E402
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)

# Of the herd, one widget in so many belongs to a visitor we know, or has an open chat.
KNOWN_EVERY = 4
CHAT_EVERY = 20
SAID = 6


def prepare(pairs: int, idle: int) -> dict[str, Any]:
    """Make `pairs` chats with an agent each, and tokens for `idle` widgets that never wrote."""
    call_command("migrate", verbosity=0)
    brand = make_brand()
    role = make_role(scope=Role.Scope.OWN)
    team = make_team()
    now = timezone.now()
    sides = []
    for number in range(pairs):
        agent = make_agent(role=role, online=True, email=f"world{number}-{now:%f}@example.com")
        team.agents.add(agent)
        _, raw = create_token(agent=agent, name="world", by=agent)
        visitor = make_visitor(brand)
        conversation = make_conversation(
            visitor,
            team=team,
            assignee=agent,
            status="active",
            holds_slot=True,
            accepted_at=now,
        )
        session = VisitorSession(
            brand=brand, secret_hash=visitor.secret_hash, language="tr", visitor=visitor
        )
        sides.append(
            {
                "conversation": conversation.public_id,
                "visitor": make_token(session),
                "agent": raw,
            }
        )
    widgets = [
        make_token(VisitorSession(brand=brand, secret_hash=secrets.token_hex(32), language="tr"))
        for _ in range(idle)
    ]
    return {"pairs": sides, "idle": widgets}


def herd(widgets: int, agents: int = 8) -> dict[str, Any]:
    """Make `widgets` browsers of one site, some with a chat that has begun, and some agents."""
    call_command("migrate", verbosity=0)
    brand = make_brand()
    people = [
        make_agent(online=True, email=f"herd{number}@example.com") for number in range(agents)
    ]
    team = make_team(*people)
    brand.default_team = team
    brand.save()
    for _ in range(5):
        make_topic(brand, team)
    secret_of = [secrets.token_urlsafe(32) for _ in range(widgets)]
    visitors = Visitor.objects.bulk_create(
        Visitor(brand=brand, secret_hash=hash_secret(secret), language="tr", name="Vera")
        for secret in secret_of[::KNOWN_EVERY]
    )
    now = timezone.now()
    chats = Conversation.objects.bulk_create(
        Conversation(
            brand=brand,
            visitor=visitor,
            channel="web",
            language="tr",
            team=team,
            assignee=people[number % agents],
            status="active",
            holds_slot=True,
            created_at=now,
            queued_at=now,
            accepted_at=now,
        )
        for number, visitor in enumerate(visitors[:: CHAT_EVERY // KNOWN_EVERY])
    )
    for chat in chats:
        author = Author.of_visitor(chat.visitor)
        said = [
            Outgoing(chat.public_id, author, "Merhaba", str(uuid.uuid4()), "message", ())
            for _ in range(SAID)
        ]
        post_messages(said, now=now)
    chat_of = dict(zip(secret_of[::CHAT_EVERY], (chat.public_id for chat in chats), strict=True))
    return {
        "site": brand.site_key,
        "agents": [
            {
                "token": create_token(agent=agent, name="herd", by=agent)[1],
                "cookie": _cookie_of(agent),
            }
            for agent in people
        ],
        "widgets": [
            {"secret": secret, "conversation": chat_of.get(secret, "")} for secret in secret_of
        ],
        "chats": list(chat_of.values()),
    }


def desk(archived: int, lines: int) -> dict[str, Any]:
    """Make an agent with 50 open chats, two of them `lines` long, and an archive."""
    call_command("migrate", verbosity=0)
    brand = make_brand()
    agent = make_agent(online=True, email="desk@example.com", capacity=50)
    team = make_team(agent)
    brand.default_team = team
    brand.save()
    topic = make_topic(brand, team)
    now = timezone.now()
    visitors = Visitor.objects.bulk_create(
        Visitor(brand=brand, secret_hash=secrets.token_hex(32), language="tr", name=f"Vera {n}")
        for n in range(50)
    )
    shared = {
        "brand": brand,
        "channel": "web",
        "language": "tr",
        "team": team,
        "assignee": agent,
        "topic": topic,
    }
    chats = Conversation.objects.bulk_create(
        Conversation(
            **shared,
            visitor=visitor,
            status="active",
            holds_slot=True,
            queued_at=now,
            accepted_at=now,
        )
        for visitor in visitors
    )
    for number, chat in enumerate(chats):
        author = Author.of_visitor(chat.visitor)
        for start in range(0, lines if number < 2 else 3, 100):
            said = [
                Outgoing(chat.public_id, author, f"Merhaba {start + line}", str(uuid.uuid4()))
                for line in range(100 if number < 2 else 3)
            ]
            post_messages(said, now=now)
    others = Visitor.objects.bulk_create(
        Visitor(brand=brand, secret_hash=secrets.token_hex(32), language="tr", name=f"Can {n}")
        for n in range(archived // 4)
    )
    Conversation.objects.bulk_create(
        (
            Conversation(
                **shared,
                visitor=others[number // 4],
                status="resolved",
                outcome="answered",
                chosen_topic=topic,
                resolved_by=agent,
                preview=f"Teşekkürler {number}",
                created_at=now - timedelta(minutes=number + 20),
                queued_at=now - timedelta(minutes=number + 20),
                accepted_at=now - timedelta(minutes=number + 19),
                ended_at=now - timedelta(minutes=number + 10),
                resolved_at=now - timedelta(minutes=number + 9),
            )
            for number in range(archived)
        ),
        batch_size=1000,
    )
    return {
        "cookie": _cookie_of(agent),
        "token": create_token(agent=agent, name="desk", by=agent)[1],
        "long": [chat.public_id for chat in chats[:2]],
    }


def _cookie_of(agent: Any) -> str:
    browser = Client()
    browser.force_login(agent, "agents.signin.backends.AgentBackend")
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}"


if __name__ == "__main__":
    first, *counts = sys.argv[1:]
    if first == "herd":
        made = herd(*map(int, counts))
    elif first == "desk":
        made = desk(*map(int, counts))
    else:
        made = prepare(int(first), *map(int, counts))
    sys.stdout.write(json.dumps(made))
