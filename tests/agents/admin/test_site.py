"""The administration: who gets in, what each page shows and what its edits do."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise

from agents.audit import record
from agents.models import (
    Agent,
    AuditEntry,
    BreakReason,
    CannedReply,
    Device,
    Permission,
    Tag,
)
from agents.operations import invite_agent
from automation.models import Rehearsal, Run
from automation.notifications.keys import setup
from automation.rules.writing import add_rule
from chat.console.canned import values_for
from chat.operations.tags import add_tag
from chat.queries.tags import tags_of
from config.outbox.models import OutboxEntry
from config.text.folding import fold
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)
from tickets.models import BlockedSender, Contact, Mailbox, RawMail, Ticket

pytestmark = pytest.mark.django_db
NASTY = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


@pytest.fixture
def rows(boss):
    """One row of everything, each name hostile."""
    brand = make_brand(name=NASTY)
    team = make_team(name=NASTY)
    contact = Contact.objects.create(name=NASTY, email="v@example.com")
    invitation = invite_agent(
        email="x@example.com", name=NASTY, language="tr", role=None, by=boss, now=timezone.now()
    )
    visitor = make_visitor(brand, name=NASTY)
    rule = add_rule(
        name=NASTY[:80],
        when="incoming",
        all=[{"field": "text", "operator": "contains", "value": NASTY}],
        actions=[{"action": "note", "text": {"tr": NASTY}}],
        by=boss,
        now=timezone.now(),
    )
    return {
        "rule": rule,
        "run": Run.objects.create(
            rule=rule, conversation=make_conversation(visitor), key="1", mode="on"
        ),
        "brand": brand,
        "topic": make_topic(brand, team, name_tr=NASTY, name_en=NASTY),
        "agent": make_agent(name=NASTY),
        "team": team,
        "role": make_role(name=NASTY),
        "breakreason": BreakReason.objects.create(name_tr=NASTY, name_en=NASTY),
        "invitation": invitation,
        "auditentry": AuditEntry.objects.latest("pk"),
        "cannedreply": CannedReply.objects.create(
            shortcut="x", title=NASTY, body=NASTY, language="tr", brand=brand
        ),
        "tag": Tag.objects.create(name=NASTY[:40], folded=fold(NASTY[:40])),
        "contact": contact,
        "ticket": Ticket.objects.create(
            brand=brand, contact=contact, subject=NASTY, source="offline", language="tr"
        ),
        "mailbox": Mailbox.objects.create(
            brand=brand, address="a@b.example", display_name=NASTY[:80]
        ),
        "blockedsender": BlockedSender.objects.create(address="x@example.com", reason=NASTY),
        "rawmail": RawMail.objects.create(
            mailbox=Mailbox.objects.create(brand=make_brand(), address="c@d.example"),
            key="1",
            size=1,
            sender=NASTY,
            subject=NASTY,
            state="aside",
        ),
        "outboxentry": OutboxEntry.objects.latest("pk"),
        "device": Device.objects.create(agent=boss, name=NASTY, address={"token": "x"}),
        "pushsetup": setup(),
        "rehearsal": Rehearsal.objects.create(
            agent=boss,
            brand=brand,
            conversation=make_conversation(visitor, kind="rehearsal"),
            state="failed",
            steps=[{"step": "start", "ms": 1, "note": NASTY}],
        ),
    }


def models():
    return [(m._meta.app_label, m._meta.model_name) for m in admin.site._registry]


def test_nothing_is_administered_but_what_we_placed():
    assert {name for _app, name in models()} == {
        *(
            "agent",
            "auditentry",
            "blockedsender",
            "brand",
            "breakreason",
            "cannedreply",
            "contact",
            "invitation",
        ),
        *(
            *("device", "mailbox"),
            "outboxentry",
            *("pushsetup", "rawmail", "rehearsal"),
            "role",
            "rule",
            "run",
            "tag",
            "team",
            "ticket",
            "topic",
        ),
    }


@pytest.mark.parametrize("language", [pytest.param("tr", marks=pytest.mark.once), "en"])
def test_every_page_opens_and_shows_hostile_names_as_text(boss_client, boss, rows, language):
    Agent.objects.filter(pk=boss.pk).update(language=language)
    seen = 0
    for app, name in models():
        urls = [
            reverse(f"admin:{app}_{name}_changelist"),
            reverse(f"admin:{app}_{name}_changelist") + "?q=a",
            reverse(f"admin:{app}_{name}_add"),
            reverse(f"admin:{app}_{name}_change", args=[rows[name].pk]),
        ]
        for url in urls:
            answer = boss_client.get(url, follow=True)
            if url.endswith("/add/") and answer.status_code == 403:
                continue
            assert answer.status_code == 200, url
            text = answer.content.decode()
            assert f'<html lang="{language}"' in text
            assert "<script>alert" not in text, url
            assert "<img src=x" not in text, url
            assert not re.search(r"""\s(style|on[a-z]+)=["']""", text), url
            seen += "&lt;script&gt;alert" in text
    assert seen > 12
    assert boss_client.get("/admin/").status_code == 200


def test_a_turkish_admin_reads_turkish_columns_states_and_acts(boss_client, boss, rows):
    Agent.objects.filter(pk=boss.pk).update(language="tr")
    invitations = boss_client.get(reverse("admin:agents_invitation_changelist")).content.decode()
    for words in ("Davet eden", "Son geçerlilik", "Bekliyor"):
        assert words in invitations
    tickets = boss_client.get(reverse("admin:tickets_ticket_changelist")).content.decode()
    for words in ("Marka", "Grup", "Son değişiklik"):
        assert words in tickets
    record("brand.created", rows["brand"], by=boss)
    log = boss_client.get(reverse("admin:agents_auditentry_changelist")).content.decode()
    assert "Temsilci davet edildi" in log
    assert "Marka: oluşturuldu" in log
    assert "3 kayıt" in log


def test_a_list_is_headed_by_what_it_lists_and_a_page_by_whose_it_is(boss_client, rows):
    text = boss_client.get(reverse("admin:agents_team_changelist")).content.decode()
    assert "<h1>Teams</h1>" in text
    assert "Show all" not in text
    team = make_team(name="sales")
    text = boss_client.get(reverse("admin:agents_team_change", args=[team.pk])).content.decode()
    assert "<h1>sales</h1>" in text
    assert "Organisation" not in text
    found = boss_client.get(
        reverse("admin:agents_team_changelist"), {"q": "sales"}
    ).content.decode()
    assert "Show all" in found


def test_no_turkish_name_of_a_row_or_column_begins_with_a_small_i(boss_client):
    # Django capitalises names as in English: "işlem" would read "Işlem".
    named = set()
    with translation.override("tr"):
        for model, its_admin in admin.site._registry.items():
            meta = model._meta
            named |= {str(meta.verbose_name), str(meta.verbose_name_plural)}
            given = (field.verbose_name for field in meta.fields)
            named |= {str(name) for name in given if isinstance(name, Promise)}
            for each in its_admin.list_display:
                shown = getattr(its_admin, each, None)
                named.add(str(getattr(shown, "short_description", "")))
    assert "İşlem" in named
    assert [name for name in sorted(named) if name.startswith("i")] == []


def test_every_column_and_filter_of_a_list_is_named_in_words_that_are_translated():
    nameless = []
    for model, its_admin in admin.site._registry.items():
        fields = {field.name: field.verbose_name for field in model._meta.fields}
        shown = {*its_admin.list_display, *its_admin.list_filter, its_admin.date_hierarchy}
        nameless += [
            f"{model.__name__}.{name}"
            for name in shown & fields.keys()
            if not isinstance(fields[name], Promise)
        ]
    assert nameless == []


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            ["Team: sales", "Added: Elif, Mert", "Fields: Name, Pages that may show the widget"],
        ),
        ("tr", ["Grup: sales", "Eklenen: Elif, Mert", "Alanlar: Ad, "]),
    ],
)
def test_an_entry_of_the_log_is_told_in_words(boss_client, boss, language, lines):
    Agent.objects.filter(pk=boss.pk).update(language=language)
    team = make_team(name="sales")
    people = [make_agent(name="Elif").pk, make_agent(name="Mert").pk]
    entries = [
        record("team.members", team, by=boss, added=people, removed=[]),
        record("brand.changed", make_brand(), by=boss, fields=["name", "allowed_origins"]),
        record("role.edited", make_role(), by=boss, permissions=["chat"], scope="own"),
    ]
    texts = [
        boss_client.get(reverse("admin:agents_auditentry_change", args=[entry.pk])).content.decode()
        for entry in entries
    ]
    assert all(line in "".join(texts) for line in lines)
    assert "removed" not in texts[0]
    assert "own" not in re.findall(r"<div class=\"readonly\">([^<]+)</div>", texts[2])[-1]


def test_agents_are_refused_on_every_page(client, rows):
    client.force_login(make_agent(role=make_role(*set(Permission) - {Permission.ADMIN})))
    for app, name in models():
        for url in (
            reverse(f"admin:{app}_{name}_changelist"),
            reverse(f"admin:{app}_{name}_add"),
            reverse(f"admin:{app}_{name}_change", args=[rows[name].pk]),
        ):
            assert client.get(url, follow=True).status_code == 403, url
            assert client.post(url, follow=True).status_code == 403, url


def test_the_index_groups_pages_by_purpose(boss_client):
    names = [group["name"] for group in boss_client.get("/admin/").context["app_list"]]
    assert names[:2] == ["Brands and topics", "People"]


def test_passwords_are_changed_and_sessions_ended_in_one_place(boss_client):
    assert boss_client.get("/admin/password_change/").url == "/accounts/password/change/"
    boss_client.get("/admin/logout/")
    assert boss_client.get("/admin/").status_code == 200
    boss_client.post("/admin/logout/")
    assert boss_client.get("/admin/").status_code == 302


# The rest


def canned(boss_client, **changes):
    body = {"shortcut": "Selam", "title": "Selam", "body": "Iyi günler İ", "language": "tr"}
    return boss_client.post(reverse("admin:agents_cannedreply_add"), body | changes)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["All brands", "All agents"]), ("tr", ["Bütün markalar", "Bütün temsilciler"])],
)
def test_the_page_of_a_canned_reply_names_what_can_be_filled_in(boss_client, boss, language, words):
    Agent.objects.filter(pk=boss.pk).update(language=language)
    text = boss_client.get(reverse("admin:agents_cannedreply_add")).content.decode()
    conversation = make_conversation(visitor=make_visitor(make_brand()))
    for name in values_for(conversation, boss):
        assert f"{{{{{name}}}}}" in text
    assert [each for each in words if each not in text] == []


def test_a_canned_reply_can_be_found_and_has_its_shortcut_alone(boss_client):
    assert canned(boss_client).status_code == 302
    reply = CannedReply.objects.get()
    assert reply.shortcut == "selam"
    assert "shortcut" in canned(boss_client, shortcut="SELAM").context["adminform"].form.errors
    assert canned(boss_client, language="en").status_code == 302
    assert canned(boss_client, brand=make_brand().pk).status_code == 302


def test_a_tag_is_renamed_for_all_chats_and_two_spellings_are_never_two_tags(boss_client):
    chat = make_conversation(make_visitor(make_brand()))
    for name in ("iade", "beden"):
        add_tag(conversation=chat, name=name, by=None, now=timezone.now())
    tag = Tag.objects.get(name="beden")
    address = f"/admin/agents/tag/{tag.pk}/change/"
    refused = boss_client.post(address, {"name": "İADE"})
    assert "name" in refused.context["adminform"].form.errors
    assert "name" in boss_client.post(address, {"name": "   "}).context["adminform"].form.errors
    assert boss_client.post(address, {"name": "Değişim"}).status_code == 302
    assert [(each.name, each.folded) for each in tags_of(chat)] == [
        ("Değişim", "degisim"),
        ("iade", "iade"),
    ]
    assert "Değişim" in boss_client.get("/admin/agents/tag/?q=DEĞİŞ").content.decode()
    assert (
        boss_client.post(f"/admin/agents/tag/{tag.pk}/delete/", {"post": "yes"}).status_code == 302
    )
    assert [each.name for each in tags_of(chat)] == ["iade"]


def test_the_past_is_not_edited(boss_client, rows):
    for app, name in (("agents", "auditentry"), ("tickets", "ticket"), ("outbox", "outboxentry")):
        for what in ("change", "delete"):
            url = reverse(f"admin:{app}_{name}_{what}", args=[rows[name].pk])
            assert boss_client.post(url, {"post": "yes"}).status_code == 403, url


@pytest.mark.parametrize("year", ["9" * 20, "0", "x"])
def test_a_filter_that_no_row_can_match_is_left_out(boss_client, year):
    address = reverse("admin:agents_auditentry_changelist")
    answer = boss_client.get(address, {"at__year": year})
    assert (answer.status_code, answer["Location"]) == (302, f"{address}?e=1")


def test_a_contacts_address_is_not_declared_verified(boss_client):
    contact = Contact.objects.create(name="a", email="a@example.com")
    url = reverse("admin:tickets_contact_change", args=[contact.pk])
    body = {"name": "Işıl", "email": "b@example.com", "is_email_verified": "on", "phone": ""}
    assert boss_client.post(url, body).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.email, contact.is_email_verified) == (
        *("Işıl", "a@example.com"),
        False,
    )
    assert contact.sort_name


def test_lists_cost_no_more_queries_with_more_rows(boss_client, django_assert_max_num_queries):
    for _ in range(12):
        make_topic(make_brand(), make_team(make_agent()))
    for name in ("agent", "team", "role", "brand", "topic"):
        with django_assert_max_num_queries(25):
            boss_client.get(reverse(f"admin:agents_{name}_changelist"))
