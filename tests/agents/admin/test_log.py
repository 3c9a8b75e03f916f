"""The audit log says everything that the product records in words."""

import ast
import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import reverse

from agents.admin.log_words import in_words
from agents.audit import record
from agents.models import Agent, AuditEntry
from tests.support.factories import make_agent, make_brand, make_team

pytestmark = pytest.mark.django_db
_ROOMS = ("agents", "automation", "chat", "reports", "tickets")
# Functions that hand an act on to `record`, where they are, and what they put before it.
_BETWEEN = {
    'record(f"{obj._meta.model_name}.{act}"': "self.note(request, ",
    'record(f"{owner._meta.model_name}.hours_changed"': "_tell(",
    'record(f"rule.{act}"': "_changed(rule, ",
}
# What a detail may hold; it is a word where nothing else stands here.
_HELD = {
    "added": [1],
    "before": 7,
    "dates": 0,
    "fields": ["name"],
    "languages": ["tr"],
    "merge": 7,
    "other": 7,
    "permissions": ["chat"],
    "removed": [1],
    "scopes": ["read"],
    "secret": 7,
    "targets": {"queue": 10, "wait_seconds": 60, "service_level": 80},
    "week": True,
    "wish": {"from": "2026-01-05", "to": "2026-01-11", "zone": "Europe/Istanbul", "by": "team"},
}


def _pages(source):
    """What the pages of a file are about; those of the base are about everything."""
    module = ".".join(source.with_suffix("").parts)
    every = {model._meta.model_name: type(own) for model, own in admin.site._registry.items()}
    is_base = module == "agents.admin.base"
    return {noun for noun, page in every.items() if is_base or page.__module__ == module}


def _acts(node, constants):
    """Every word that an argument may be."""
    if isinstance(node, ast.IfExp):
        return _acts(node.body, constants) | _acts(node.orelse, constants)
    if isinstance(node, ast.Name):
        return constants.get(node.id, set())
    return {node.value} if isinstance(node, ast.Constant) else set()


def _kinds(call, source, constants):
    """Which kinds of entries a call writes; None if it writes none."""
    text = ast.unparse(call).replace("'", '"')
    if text.startswith(tuple(_BETWEEN)):
        return None
    if text.startswith("record("):
        return _acts(call.args[0], constants)
    if text.startswith("self.note(request, "):
        return {
            f"{noun}.{act}" for noun in _pages(source) for act in _acts(call.args[1], constants)
        }
    if text.startswith("_changed(rule, "):
        return {f"rule.{act}" for act in _acts(call.args[1], constants)}
    if text.startswith("_tell(") and source.match("agents/operations/hours.py"):
        return {"brand.hours_changed", "team.hours_changed"}
    return None


def _recorded():
    """Return every kind of entry that the code writes, with its details."""
    found, unread, between = {}, [], set()
    for source in sorted(each for room in _ROOMS for each in Path(room).rglob("*.py")):
        text = source.read_text("utf-8")
        if not re.search(r"\brecord\(|\.note\(request", text):
            continue
        between |= set(re.findall(r"""record\(f"[^"]*\"""", text))
        nodes = list(ast.walk(ast.parse(text)))
        constants = {}
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                constants[node.targets[0].id] = _acts(node.value, {})
        for call in (node for node in nodes if isinstance(node, ast.Call)):
            kinds = _kinds(call, source, constants)
            if kinds is not None and not kinds:
                unread.append(f"{source}: {ast.unparse(call)}")
            details = {word.arg for word in call.keywords} - {None, "by", "ip"}
            for kind in kinds or ():
                found.setdefault(kind, set()).update(details)
    assert unread == []
    assert between == set(_BETWEEN)
    return found


def _opened(boss_client, entry):
    url = reverse("admin:agents_auditentry_change", args=[entry.pk])
    answer = boss_client.get(url)
    assert answer.status_code == 200, entry.action
    return unescape(answer.content.decode())


def _lines(boss_client, entry):
    page = _opened(boss_client, entry)
    return re.findall(r'<div class="readonly">(.*?)</div>', page, re.S)[-1].replace("<br>", "\n")


@pytest.mark.parametrize("language", ["tr", "en"])
def test_every_entry_that_the_product_writes_opens_and_is_told_in_words(
    boss_client, boss, language
):
    Agent.objects.filter(pk=boss.pk).update(language=language)
    kinds = _recorded()
    assert {"invitation.link_shown", "report.opened", "conversation.watched"} <= set(kinds)
    assert {"rule.switched_off", "rawmail.wanted", "mailbox.secret_made"} <= set(kinds)
    assert kinds["wall.targets"] == {"targets"}
    assert kinds["team.hours_changed"] == {"week", "dates"}
    assert [kind for kind in sorted(kinds) if in_words(kind) == kind] == []
    nameless = []
    for kind, details in sorted(kinds.items()):
        is_edit = kind.partition(".")[2] in {"created", "changed", "deleted"}
        if is_edit and details <= {"fields"} and not kind.startswith("brand."):
            # The page of one edit is like that of another.
            continue
        data = {name: _HELD.get(name, "x") for name in sorted(details)}
        entry = AuditEntry.objects.create(actor=boss, action=kind, data=data)
        said = _lines(boss_client, entry)
        codes = {
            *details,
            *(part for held in data.values() if isinstance(held, dict) for part in held),
        }
        nameless += [
            f"{kind}: {code}" for code in codes if re.search(rf"(^|[:,] ){code}: ", said, re.M)
        ]
    assert nameless == []


@pytest.mark.parametrize(
    ("language", "targets", "wish", "hours"),
    [
        (
            "en",
            "Targets: Chats in line, at most: 10, Longest wait, in seconds: 60, ",
            "Filters: From: 2026-01-05, Brand: Acme, Team: 999, Agent: Elif, A row is: Day",
            "Hours by the week: yes\nNumber of special dates: 0",
        ),
        (
            "tr",
            "Hedefler: Kuyrukta en çok sohbet: 10, En uzun bekleme, saniye: 60, ",
            "Filtreler: Başlangıç: 2026-01-05, Marka: Acme, Grup: 999, Temsilci: Elif, ",
            "Haftalık saatler: evet\nÖzel gün sayısı: 0",
        ),
    ],
)
def test_what_a_detail_holds_by_name_is_told_by_name(
    boss_client, boss, language, targets, wish, hours
):
    Agent.objects.filter(pk=boss.pk).update(language=language)
    brand = str(make_brand(name="Acme").pk)
    filters = {"from": "2026-01-05", "brand": brand, "agent": make_agent(name="Elif").public_id}
    filters |= {"team": "999", "by": "day"}
    limits = {"queue": 10, "wait_seconds": 60, "service_level": 80}
    exported = record("report.exported", "queue", by=boss, format="excel-csv", wish=filters)
    assert wish in _lines(boss_client, exported)
    assert targets in _lines(boss_client, record("wall.targets", "", by=boss, targets=limits))
    moved = record("team.hours_changed", make_team(), by=boss, week=True, dates=0)
    assert _lines(boss_client, moved) == hours


@pytest.mark.parametrize(
    "held", [{"a": {"b": [1]}}, [{"a": 1}], [[1]], {"brand": "9" * 30}, {"brand": "x"}, {}, None]
)
def test_an_entry_opens_whatever_it_holds(boss_client, boss, held):
    for name in ("wish", "fields", "targets", "scope", "unknown"):
        _opened(boss_client, record("report.exported", "queue", by=boss, **{name: held}))


def test_fields_are_called_as_on_their_pages(boss_client, boss):
    told = record("rule.changed", "", by=boss, fields=["all", "fires", "mode"])
    assert _lines(boss_client, told) == "Fields: If all of these hold, How often, Mode"
    told = record("replies.changed", "", by=boss, fields=["busy", "idle"])
    assert _lines(boss_client, told) == "Fields: Everyone is busy, The customer is silent"
    told = record("contact.changed", "", by=boss, fields=["phone"])
    assert _lines(boss_client, told) == "Fields: Phone"
