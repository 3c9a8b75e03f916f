"""A desk with many tickets in the product's database.

`python -m benchmarks.inside benchmarks.ticket_desk TICKETS` fills it by COPY and prints cookies of
people: one with the right *all*, one with *own*, and one with *own* who has no ticket yet.
"""

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from agents.models import Agent, Permission, Role
from benchmarks.tickets import RARE
from benchmarks.year import copy_rows
from config.text.folding import fold
from tests.support import factories
from tickets.models import Contact, Identity, Ticket

AGENTS, TEAMS, BRANDS = 60, 6, 3
# A customer has so many tickets; one in so many is unfinished.
EACH, OPEN_IN = 4, 30
NAMES = ("Elif", "Işıl", "İbrahim", "Gülşah", "Mert", "Şule", "Çağrı", "Ömer", "Zeynep", "Deniz")
FAMILIES = ("Kaya", "Yılmaz", "Aksoy", "Doğan", "Öztürk", "Şahin", "Çelik", "Işık", "Aydın", "Tan")
WORDS = """
    kargo sipariş iade fatura ürün paket gecikti gelmedi eksik kırık ödeme kart çekim adres telefon
    yanıt teşekkürler merhaba lütfen bugün yarın hafta beden renk değişim garanti servis şifre hesap
    üyelik indirim kupon stok mağaza teslimat şube kurye imza kutu etiket numara
"""


def seed(tickets: int) -> dict[str, str]:
    """Fill the database; return a cookie for each of the rights."""
    chance, now = random.Random(7), datetime.now(UTC)
    own = factories.make_role(Permission.TICKETS, scope=Role.Scope.OWN)
    people = [factories.make_agent(role=own) for _ in range(AGENTS)]
    teams = [factories.make_team(*people[each::TEAMS]) for each in range(TEAMS)]
    brands = [factories.make_brand(default_team=teams[each]) for each in range(BRANDS)]
    callers = {
        "all": factories.make_agent(
            role=factories.make_role(Permission.TICKETS, scope=Role.Scope.ALL)
        ),
        "own": people[0],
        "own, new here": factories.make_agent(role=own),
    }
    teams[0].agents.add(callers["own, new here"])
    customers, words = max(tickets // EACH, 1), WORDS.split()

    def known(number: int) -> tuple[str, str, str]:
        name = f"{NAMES[number % 10]} {FAMILIES[number // 10 % 10]}"
        return name, f"musteri{number}@example.com", f"0532{number:07d}"

    def contact(number: int) -> dict[str, Any]:
        name, email, phone = known(number)
        search = fold(f"{name}\n{email}\n{phone}\n")
        return {"id": number, "name": name, "email": email, "phone": phone, "search": search}

    def ticket(number: int) -> dict[str, Any]:
        at = now - timedelta(days=365) * (1 - number / tickets)
        is_open = number % OPEN_IN == 0
        status = chance.choice(("new", "open", "waiting", "on_hold")) if is_open else "resolved"
        agent = people[chance.randrange(AGENTS)]
        is_taken = not is_open or chance.random() < 0.7
        said = " ".join(chance.choices(words, k=14)) + f" {chance.randrange(10**7)}"
        if number % 50_000 == 17:
            said += f" {RARE}"
        subject = " ".join(said.split()[:3])
        name, email, _phone = known(number % customers + 1)
        return {
            "id": number, "brand_id": brands[number % BRANDS].pk, "status": status,
            "contact_id": number % customers + 1, "team_id": teams[chance.randrange(TEAMS)].pk,
            "assignee_id": agent.pk if is_taken else None, "subject": subject, "last_seq": 3,
            "priority": chance.choice(("low", "normal", "normal", "high", "urgent")),
            "type": chance.choice(("request", "complaint", "suggestion", "question")),
            "source": chance.choice(("chat", "email", "email", "phone")), "language": "tr",
            "preview": said[:140], "preview_author": "customer", "origin_key": None,
            "search": fold(f"{name} {email} {subject} {said}"),
            "created_at": at, "updated_at": at + timedelta(hours=chance.uniform(1, 300)),
        }  # fmt: skip

    def numbers() -> Iterator[dict[str, Any]]:
        for number in range(1, customers + 1):
            value = known(number)[2]
            yield {"contact_id": number, "kind": "phone", "value": value, "is_verified": False}

    with connection.cursor() as cursor:
        # Made anew below: row by row it takes many times as long.
        cursor.execute("DROP INDEX ticket_words, contact_words")
        copy_rows(Contact, (contact(number) for number in range(1, customers + 1)))
        copy_rows(Identity, numbers())
        copy_rows(Ticket, (ticket(number) for number in range(1, tickets + 1)))
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for model, index in ((Ticket, "ticket_words"), (Contact, "contact_words")):
            table = model._meta.db_table
            cursor.execute(f"CREATE INDEX {index} ON {table} USING gin (search gin_trgm_ops)")
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - ours
            )
        cursor.execute("VACUUM ANALYZE")
    return {name: _cookie(agent) for name, agent in callers.items()}


def _cookie(agent: Agent) -> str:
    client = Client()
    client.force_login(agent)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


if __name__ == "__main__":
    print(json.dumps(seed(int(sys.argv[1]))))
