"""The door, the profile and the administration in a real browser: accessible in every dress."""

import os
from datetime import timedelta
from itertools import cycle

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from agents.credentials.tokens import hash_secret
from agents.models import Agent, BreakReason, CannedReply, Invitation, Permission
from agents.operations import create_token, invite_agent
from tests.support.chromium import assert_accessible
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tickets.models import Contact, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "imece-demo-9"
# Each page is looked at once; both themes and both languages are dealt out over the pages.
DRESSES = [("light", "tr"), ("dark", "en")]
LOCALES = {"tr": "tr-TR", "en": "en-US"}
SHOTS = os.environ.get("SCREENSHOTS", "")


def look(page, name):
    """Check the page as it stands: axe, and no sideways scrolling."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    assert_accessible(page)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is {wide} px too wide"


@pytest.mark.once
def test_the_door_is_accessible_on_a_narrow_phone(site, new_context):
    make_agent(email="elif@example.com", password=PASSWORD)
    # Not by the operation: its mail would carry a newer link.
    Invitation.objects.create(
        email="x@example.com",
        name="Yeni",
        language="en",
        token_hash=hash_secret("the-secret"),
        expires_at=timezone.now() + timedelta(hours=1),
    )
    phone = {"viewport": {"width": 360, "height": 740}}
    pages = [
        new_context(color_scheme=theme, locale=LOCALES[language], **phone).new_page()
        for theme, language in DRESSES
    ]
    for (_, language), page in zip(DRESSES, pages, strict=True):
        page.goto(f"{site.url}/accounts/login/")
        assert page.locator("html").get_attribute("lang") == language
    page = pages[0]
    look(page, "login")
    page.fill("[name=login]", "elif@example.com")
    page.fill("[name=password]", "wrong-wrong")
    page.click("button.primary")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator("[name=login]")).to_have_value("elif@example.com")
    look(page, "login-error")
    names = [f"accounts/password/reset/{name}" for name in ("", "done/", "key/1-x/")]
    for page, name in zip(cycle(reversed(pages)), [*names, "invitation/the-secret/"], strict=False):
        page.goto(f"{site.url}/{name}")
        look(page, name.strip("/").replace("/", "-"))


@pytest.mark.once
def test_the_profile_is_accessible_on_a_narrow_phone(site, new_context):
    pages = []
    for theme, language in DRESSES:
        agent = make_agent(language=language, theme=theme, password=PASSWORD)
        create_token(agent=agent, name="phone", by=agent)
        context = new_context(agent=agent, url=site.url, viewport={"width": 360, "height": 740})
        pages.append(context.new_page())
    names = ["profile", *(f"accounts/{name}" for name in ("password/change", "sessions"))]
    names += [f"accounts/{name}" for name in ("2fa", "logout", "2fa/app")]
    for (page, (theme, _)), name in zip(
        cycle(zip(pages, DRESSES, strict=True)), names, strict=False
    ):
        page.goto(f"{site.url}/{name}/")
        assert page.locator("html").get_attribute("data-theme") == theme
        look(page, name.replace("/", "-"))
    # The last of them asked who it is, first.
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    expect(page).to_have_url(f"{site.url}/accounts/2fa/app/")
    look(page, "2fa-app")


@pytest.mark.both
def test_an_agent_signs_in_changes_the_language_and_signs_out(site, new_context):
    make_agent(email="elif@example.com", password=PASSWORD, language="en")
    page = new_context(locale="tr-TR").new_page()
    page.goto(f"{site.url}/accounts/login/?next=/profile/")
    page.get_by_role("button", name="English").click()
    page.get_by_label("E-mail").fill("elif@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/profile/")
    page.locator("#id_language").select_option("tr")
    page.locator("#id_name").fill("Elif K")
    person = page.locator("form", has=page.locator("#id_name"))
    person.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_selector("html[lang=tr]")
    assert Agent.objects.get().name == "Elif K"
    page.goto(f"{site.url}/accounts/logout/")
    page.locator("main form[action='/accounts/logout/'] button").click()
    page.wait_for_url("**/accounts/login/")


@pytest.fixture
def rows(transactional_db):
    brand, team = make_brand(name="Pazar34"), make_team(name="Destek")
    contact = Contact.objects.create(name="Zeynep Aksoy", email="z@example.com")
    return {
        "agents_brand": brand,
        "agents_topic": make_topic(brand, team),
        "agents_agent": make_agent(),
        "agents_team": team,
        "agents_role": make_role(),
        "agents_breakreason": BreakReason.objects.create(name_tr="Öğle", name_en="Lunch"),
        "agents_invitation": invite_agent(
            email="x@example.com", name="Y", language="tr", role=None, by=None, now=timezone.now()
        ),
        "agents_auditentry": None,
        "agents_cannedreply": CannedReply.objects.create(
            shortcut="selam", title="Selam", body="Merhaba", language="tr"
        ),
        "tickets_contact": contact,
        "tickets_ticket": Ticket.objects.create(
            brand=brand, contact=contact, subject="İade", source="offline", language="tr"
        ),
        "outbox_outboxentry": None,
    }


@pytest.mark.once
def test_the_administration_is_accessible(site, new_context, rows):
    role = make_role(Permission.ADMIN)
    size = {"width": 1280, "height": 900}
    pages = []
    for theme, language in DRESSES:
        boss = make_agent(role=role, is_staff=True, language=language, theme=theme)
        pages.append(new_context(agent=boss, url=site.url, viewport=size).new_page())
    paths = [("admin", "/admin/")]
    for name, row in rows.items():
        paths.append((name, reverse(f"admin:{name}_changelist")))
        if row is not None:
            paths.append((f"{name}-change", reverse(f"admin:{name}_change", args=[row.pk])))
    for page, (name, path) in zip(cycle(pages), paths, strict=False):
        page.goto(site.url + path)
        look(page, name)
    page.goto(site.url + reverse("admin:agents_brand_add"))
    page.click("[name=_save]")
    expect(page.locator(".errornote")).to_be_visible()
    look(page, "admin-brand-errors")
