"""A year of a desk in the product's database, by COPY, and what is measured inside of it.

`python -m benchmarks.inside benchmarks.year seed CHATS` fills it and prints a cookie; `… file csv`
and `… file xlsx` write all chats to a file and print its memory; `… rebuild` makes facts of a
sample anew.
"""

import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched, chain
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg.types.json import Jsonb

from agents.access import access_of
from agents.models import Agent, Permission, Role, StatusInterval, Tag
from chat.models import Conversation, ConversationTag, Entry
from reports.exports.operations import write_file
from reports.exports.sheet import sheet_of
from reports.facts.keeping import write_facts
from reports.filters import read_filters
from reports.models import ChatFact, StintFact, TicketFact, Word
from reports.sweep import micros
from tests.support import factories
from tickets.models import Entry as TicketLine
from tickets.models import Ticket
from tickets.operations.contacts import create_contact

YEAR = 365
AGENTS = 60
LINES = 10
# One chat in so many becomes a ticket.
TICKETS = 10
# One in so many has a tag.
TAGGED = 4
COPIED = (
    Ticket, Conversation, ConversationTag, Entry, ChatFact, StintFact, Word, StatusInterval,
)  # fmt: skip
DAY = (("online", 0, 4), ("break", 4, 5), ("online", 5, 9), ("offline", 9, 24))


def seed(chats: int) -> dict[str, str]:
    """Fill the database; return the cookie of somebody who may read all reports."""
    chance, now = random.Random(7), datetime.now(UTC)
    role = factories.make_role()
    people = [factories.make_agent(role=role) for _ in range(AGENTS)]
    team = factories.make_team(*people)
    brand = factories.make_brand(default_team=team)
    topics = [factories.make_topic(brand, team) for _ in range(12)]
    visitor = factories.make_visitor(brand)
    boss = factories.make_agent(
        role=factories.make_role(Permission.REPORTS, Permission.EXPORT, scope=Role.Scope.ALL)
    )
    starts = sorted(
        now - timedelta(days=chance.uniform(0, YEAR)) + timedelta(hours=chance.choice((0, 0, 6)))
        for _ in range(chats)
    )
    StatusInterval.objects.filter(agent__in=people).delete()
    told = [
        {"agent_id": agent.pk, "status": status, "started_at": day + timedelta(hours=hour),
         "ended_at": day + timedelta(hours=until), "capacity": 4, "actor_id": agent.pk}
        for agent in people
        for day in (now - timedelta(days=back) for back in range(YEAR, 0, -1))
        for status, hour, until in DAY
    ]  # fmt: skip
    copy_rows(StatusInterval, told)

    def chat(number: int, at: datetime) -> dict[str, Any]:
        return {
            "id": number, "public_id": f"b{number}", "brand_id": brand.pk, "channel": "web",
            "visitor_id": visitor.pk, "language": "tr", "topic_id": topics[number % 12].pk,
            "status": "resolved", "outcome": "answered", "created_at": at, "last_seq": LINES,
            "assignee_id": people[number % AGENTS].pk, "visitor_delivered_seq": 9,
        }  # fmt: skip

    def lines(number: int, at: datetime) -> Iterator[dict[str, Any]]:
        agent = people[number % AGENTS]
        to = {"to": agent.name, "to_id": agent.public_id, "from": "", "from_id": None}
        plan: list[tuple[int, str, str, dict[str, Any]]] = [
            (0, "started", "visitor", {}), (0, "message", "visitor", {}),
            (0, "queued", "system", {}), (20, "accepted", "agent", to),
            (35, "message", "agent", {}), (70, "message", "visitor", {}),
            (95, "message", "agent", {}), (200, "message", "visitor", {}),
            (300, "ended", "visitor", {"by": "visitor", "because": "left"}),
            (330, "resolved", "agent", {"outcome": "answered", "because": "left"}),
        ]  # fmt: skip
        for seq, (second, kind, author, data) in enumerate(plan, start=1):
            yield {
                "conversation_id": number, "seq": seq, "kind": kind, "author_kind": author,
                "agent_id": agent.pk if author == "agent" else None, "body": "Merhaba",
                "data": json.dumps(data), "created_at": at + timedelta(seconds=second),
            }  # fmt: skip

    def fact(number: int, at: datetime) -> dict[str, Any]:
        wait, talk = chance.expovariate(1 / 25), chance.expovariate(1 / 400)
        missed = chance.random() < 0.08
        ended = at + timedelta(seconds=wait + talk)
        agent = None if missed else people[number % AGENTS].pk
        rated = None if missed or chance.random() > 0.25 else ended
        return {
            "id": number, "conversation_id": number, "number": 0, "upto_seq": LINES,
            "brand_id": brand.pk, "channel": "web", "topic_id": topics[number % 12].pk,
            "team_id": team.pk, "started_by": "visitor", "started_at": at, "queued_at": at,
            "accepted_at": None if missed else at + timedelta(seconds=wait),
            "first_reply_at": None if missed else at + timedelta(seconds=wait + 9),
            "ended_at": ended, "resolved_at": ended, "rated_at": rated,
            "outcome": "abandoned" if missed else "answered",
            "because": "left", "score": chance.choice((3, 4, 5, 5)) if rated else None,
            "messages": 7, "wait": None if missed else wait,
            "first_response": None if missed else wait + 9, "reaction": None if missed else 9,
            "session_duration": None if missed else talk,
            "wait_left": wait + talk if missed else None, "agent_id": agent,
            "resolution": wait + talk, "engaged": talk / 2, "resolution_open": wait + talk,
            "wait_open": None if missed else wait, "wait_left_open": None if missed else wait,
            "first_response_open": None if missed else wait + 9,
            "survey_seq": None if missed else 9,
            "first_reply_by_id": agent, "rated_agent_id": agent if rated else None,
        }  # fmt: skip

    filtered = (
        "conversation_id",
        "brand_id",
        "channel",
        "topic_id",
        "team_id",
        "started_by",
        "outcome",
    )
    facts = [fact(number, at) for number, at in enumerate(starts, start=1)]
    copy_rows(Conversation, (chat(number, at) for number, at in enumerate(starts, start=1)))
    copy_rows(
        Entry, (one for number, at in enumerate(starts, start=1) for one in lines(number, at))
    )
    tags = [Tag.objects.create(name=f"Etiket {number}", folded=str(number)) for number in range(12)]
    tagged = [number for number in range(1, chats + 1) if not number % TAGGED]
    copy_rows(
        ConversationTag,
        ({"conversation_id": number, "tag_id": chance.choice(tags).pk} for number in tagged),
    )
    copy_rows(ChatFact, facts)
    copy_rows(
        StintFact,
        (
            {"stay_id": one["id"], "agent_id": one["agent_id"], "started_at": one["accepted_at"],
             "stay_ended_at": one["ended_at"], **{name: one[name] for name in filtered},
             "ended_at": one["ended_at"], "answered": True, "talk": one["session_duration"],
             "is_session": True, "is_agents_session": True,
             "acw": 30.0, "acw_net": 30.0, "begun": micros(one["accepted_at"]),
             "over": micros(one["ended_at"]), "freed": micros(one["ended_at"]) + 30_000_000}
            for one in facts
            if one["agent_id"]
        ),
    )  # fmt: skip
    copy_rows(
        Word,
        (
            {"stay_id": one["id"], "agent_id": one["agent_id"], "seconds": second + one["wait"],
             **{name: one[name] for name in filtered},
             "said_at": one["accepted_at"] + timedelta(seconds=second)}
            for one in facts
            if one["agent_id"]
            for second in (9, 70)
        ),
    )  # fmt: skip
    contact = create_contact(name="Vera", email="vera@example.com", language="tr", now=now)
    opened = list(enumerate(starts[::TICKETS], start=1))
    copy_rows(
        Ticket,
        (
            {"id": number, "brand_id": brand.pk, "contact_id": contact.pk, "subject": "Gelmedi",
             "status": "resolved", "source": "chat", "language": "tr", "created_at": at,
             "updated_at": at + timedelta(days=1), "last_seq": 3}
            for number, at in opened
        ),
    )  # fmt: skip
    copy_rows(
        TicketFact,
        (
            {"ticket_id": number, "is_counted": True, "brand_id": brand.pk, "type": "request",
             "status": "resolved", "priority": "normal", "source": "chat", "created_at": at,
             "first_reply_at": at + timedelta(hours=2), "first_reply": 2 * 3600.0,
             "first_resolved_at": at + timedelta(hours=20), "first_resolution": 20 * 3600.0,
             "last_resolved_at": at + timedelta(hours=20), "resolution": 20 * 3600.0,
             "requester_wait": 20 * 3600.0, "agent_wait": 0.0, "first_reply_open": 3600.0,
             "first_resolution_open": 7200.0, "resolution_open": 7200.0,
             "requester_wait_open": 7200.0, "agent_wait_open": 0.0}
            for number, at in opened
        ),
    )  # fmt: skip
    resolved = json.dumps({"field": "status", "from": "open", "to": "resolved"})
    copy_rows(
        TicketLine,
        (
            {"ticket_id": number, "seq": seq, "kind": kind, "author_kind": "agent",
             "data": data, "created_at": at + timedelta(hours=hour)}
            for number, at in opened
            for seq, kind, hour, data in (
                (1, "created", 0, "{}"), (2, "message", 2, "{}"), (3, "status", 20, resolved),
            )
        ),
    )  # fmt: skip
    with connection.cursor() as cursor:
        for model in COPIED:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - ours
            )
        # As autovacuum does within minutes.
        cursor.execute("VACUUM ANALYZE")
    client = Client()
    client.force_login(boss)
    name = settings.SESSION_COOKIE_NAME
    return {"cookie": f"{name}={client.cookies[name].value}"}


def copy_rows(model: Any, rows: Any) -> None:
    """Put rows into a table by COPY; columns that a row doesn't name hold their default."""
    blank = model()
    usual = {
        field.column: field.get_db_prep_save(getattr(blank, field.attname), connection)
        for field in model._meta.concrete_fields
    }
    rows = iter(rows)
    first = next(rows)
    columns = [name for name in usual if name != "id" or "id" in first]
    names = ", ".join(f'"{name}"' for name in columns)
    written = {name: _text(usual[name]) for name in columns}
    with connection.cursor() as cursor:
        # Millions of rows take longer than a page may, and every key leads somewhere.
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET session_replication_role = replica")
        statement = f'COPY "{model._meta.db_table}" ({names}) FROM STDIN'
        with cursor.cursor.copy(statement) as copy:
            for batch in batched(chain([first], rows), 2000, strict=False):
                lines = []
                for row in batch:
                    whole = written | {name: _text(value) for name, value in row.items()}
                    lines.append("\t".join([whole[name] for name in columns]))
                copy.write("\n".join(lines) + "\n")


def _text(value: Any) -> str:
    """Return a value as COPY reads it."""
    if value is None:
        return r"\N"
    text = json.dumps(value.obj) if isinstance(value, Jsonb) else str(value)
    return text.replace("\\", r"\\").replace("\n", r"\n").replace("\t", r"\t")


def file(form: str) -> dict[str, Any]:
    """Write the whole history of a year to a file; return how much memory that took."""

    now = timezone.now()
    boss = Agent.objects.order_by("-pk")[0]
    wish = {"from": str((now - timedelta(days=YEAR + 1)).date())}
    filters = read_filters(wish, zone="Europe/Istanbul", now=now)
    before, began = _peak_mb(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        sheet = sheet_of("sessions", wish, filters, access_of(boss), now=now)
        write_file(sheet, os.path.join(folder, "file"), form=form)
    rows = ChatFact.objects.filter(started_at__gte=filters.since, started_at__lt=filters.until)
    return {
        "form": form,
        "rows": rows.count(),
        "seconds": time.monotonic() - began,
        "peak": _peak_mb(),
        "grown": _peak_mb() - before,
    }


def rebuild() -> dict[str, float]:
    """Make the facts of 5,000 chats anew; return how many a second."""

    wanted = list(Conversation.objects.order_by("pk").values_list("pk", flat=True)[:5000])
    began = time.monotonic()
    write_facts(conversation_ids=wanted)
    return {"rate": len(wanted) / (time.monotonic() - began)}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Do one part in the product's environment, and print what came of it."""
    match sys.argv[1:]:
        case ["seed", chats]:
            done: dict[str, Any] = seed(int(chats))
        case ["file", form]:
            done = file(form)
        case _:
            done = rebuild()
    print(json.dumps(done))


if __name__ == "__main__":
    main()
