"""Fills a database with running chats and prints how their sockets introduce themselves, as JSON.

For scenarios that talk to real processes (faults, benchmarks). Runs as a process of its own,
`python -m tests.world PAIRS IDLE`, with the environment of the server it prepares for.
"""

import json
import os
import secrets
import sys
from typing import Any

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.utils import timezone  # noqa: E402 - models need settings

from agents.models import Role  # noqa: E402
from agents.operations.tokens import create_token  # noqa: E402
from chat.sessions import VisitorSession, make_token  # noqa: E402
from tests.factories import (  # noqa: E402
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_visitor,
)


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


if __name__ == "__main__":
    sys.stdout.write(json.dumps(prepare(int(sys.argv[1]), int(sys.argv[2]))))
