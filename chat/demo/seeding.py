"""Making the demo data, once: the organisation here, its past in `stories`."""

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from agents.models import (
    Agent,
    Brand,
    BrandText,
    CannedReply,
    Permission,
    Role,
    RoleGrant,
    Team,
    Topic,
)
from chat.demo import texts
from chat.demo.history import DAYS
from chat.demo.parts import parts
from chat.demo.stories import Cast, tell
from config.text.folding import sort_key

PASSWORD = "imece-demo"  # noqa: S105 - printed by `make run`, works on this machine only
SITES = {"shop": "demo-shop", "cloud": "demo-cloud"}


@transaction.atomic
def seed_demo(*, now: datetime) -> bool:
    """Make the demo data unless it is there; return whether it was made.

    When it is there only the allowed origins follow our own address.
    """
    demo = Brand.objects.filter(is_demo=True)
    if demo.exists():
        demo.update(allowed_origins=_origins())
        return False
    rng = random.Random(1923)  # noqa: S311 - the same history each time
    cast = _organisation(now)
    _canned_replies(cast)
    tell(cast, now, rng)
    for part in parts():
        part.seed(list(Brand.objects.filter(is_demo=True).order_by("pk")), now)
    return True


def _origins() -> list[str]:
    return list(dict.fromkeys(settings.OWN_ORIGINS))


def _free_name(model: type[Team] | type[Role], name: str) -> str:
    """Return `name`, or another one when a real row has it already."""
    taken = model._default_manager.filter(name=name).exists()
    return f"{name} (demo)" if taken else name


def _organisation(now: datetime) -> Cast:
    since = now - timedelta(days=DAYS + 2)
    people = _people(since)
    everybody = {
        "orders": ("Sipariş ve İade / Orders", ("elif", "mert")),
        "products": ("Ürün Danışma / Products", ("elif", "deniz")),
        "cloud": ("Cloud Support / Bulut Destek", ("deniz", "mert")),
    }
    teams = {}
    for key, (wanted, names) in everybody.items():
        name = _free_name(Team, wanted)
        team = Team.objects.create(name=name, sort_name=sort_key(name), is_demo=True)
        team.agents.set([people[each] for each in names])
        teams[key] = team
    brands = _brands(teams)
    topics, answering = {}, {}
    for site, rows in (("shop", texts.SHOP_TOPICS), ("cloud", texts.CLOUD_TOPICS)):
        for position, (key, name_tr, name_en, team_key) in enumerate(rows):
            answering[site, key] = [people[each] for each in everybody[team_key][1]]
            topic = Topic.objects.create(
                brand=brands[site], name_tr=name_tr, name_en=name_en, position=position
            )
            topic.teams.set([teams[team_key]])
            topics[site, key] = topic
    return Cast(brands=brands, topics=topics, answering=answering, people=people)


def _people(since: datetime) -> dict[str, Agent]:
    """Make agents, supervisor and admin with their roles and a month of statuses."""
    everything = list(Permission)
    permissions: dict[str, list[Permission]] = {
        "Temsilci / Agent": [Permission.CHAT, Permission.ARCHIVE, Permission.TICKETS],
        "Süpervizör / Supervisor": [each for each in everything if each != Permission.ADMIN],
        "Yönetici / Admin": everything,
    }
    roles = {
        name: Role.objects.create(
            name=_free_name(Role, name),
            permissions=[str(each) for each in allowed],
            scope=Role.Scope.OWN if name == "Temsilci / Agent" else Role.Scope.ALL,
            is_demo=True,
        )
        for name, allowed in permissions.items()
    }
    # Hashing is slow on purpose: once is enough for one password.
    password = make_password(PASSWORD)
    people = {}
    for key, name, role, language in (
        ("elif", "Elif Kaya", "Temsilci / Agent", "tr"),
        ("mert", "Mert Yılmaz", "Temsilci / Agent", "tr"),
        ("deniz", "Deniz Aksoy", "Temsilci / Agent", "en"),
        ("selin", "Selin Doğan", "Süpervizör / Supervisor", "tr"),
        ("admin", "Yönetici", "Yönetici / Admin", "tr"),
    ):
        people[key] = Agent.objects.create(
            email=f"{key}@example.com",
            password=password,
            name=name,
            sort_name=sort_key(name),
            language=language,
            is_staff=key == "admin",
            is_demo=True,
            created_at=since,
            status_since=since,
            idle_since=since,
        )
        RoleGrant.objects.create(role=roles[role], agent=people[key])
    return people


def _brands(teams: dict[str, Team]) -> dict[str, Brand]:
    shop = Brand.objects.create(
        name="Pazar34",
        site_key=SITES["shop"],
        default_language="tr",
        allowed_origins=_origins(),
        default_team=teams["orders"],
        is_demo=True,
    )
    cloud = Brand.objects.create(
        name="Larkspur Cloud",
        site_key=SITES["cloud"],
        default_language="en",
        allowed_origins=_origins(),
        default_team=teams["cloud"],
        primary_color="#3b4cca",
        accent_color="#3b4cca",
        ask_email="required",
        is_demo=True,
    )
    BrandText.objects.bulk_create(
        [
            BrandText(
                brand=shop,
                language="tr",
                title="Pazar34 Destek",
                welcome="Merhaba, size nasıl yardımcı olabiliriz?",
                offline="Şu anda burada değiliz. Mesajınızı bırakın, e-postayla yanıtlayalım.",
            ),
            BrandText(
                brand=shop,
                language="en",
                title="Pazar34 Support",
                welcome="Hello, how can we help you?",
                offline="We are away right now. Leave a message and we'll answer by e-mail.",
            ),
            BrandText(
                brand=cloud,
                language="en",
                title="Larkspur Support",
                welcome="Hi there. Ask us anything about your workspace.",
                offline="We are away right now. Leave a message and we'll answer by e-mail.",
            ),
            BrandText(
                brand=cloud,
                language="tr",
                title="Larkspur Destek",
                welcome="Merhaba, çalışma alanınızla ilgili her şeyi sorabilirsiniz.",
                offline="Şu anda burada değiliz. Mesajınızı bırakın, e-postayla yanıtlayalım.",
            ),
        ]
    )
    return {"shop": shop, "cloud": cloud}


def _canned_replies(cast: Cast) -> None:
    CannedReply.objects.bulk_create(
        CannedReply(
            shortcut=shortcut,
            title=title,
            body=body,
            language=language,
            brand=cast.brands[site] if site else None,
            is_demo=True,
        )
        for shortcut, title, body, language, site in texts.CANNED
    )
