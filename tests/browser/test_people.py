"""The door, the profile and the administration in a real browser: accessible in every dress."""

import os
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, BreakReason, CannedReply, Invitation, Permission
from agents.operations import create_token, invite_agent
from agents.tokens import hash_secret
from tests.support.chromium import assert_accessible
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tickets.models import Contact, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "imece-demo-9"
# Both themes and both languages, in two runs rather than four.
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
@pytest.mark.parametrize(("theme", "language"), DRESSES)
def test_the_door_is_accessible_on_a_narrow_phone(site, new_context, theme, language):
    make_agent(email="elif@example.com", password=PASSWORD, language=language)
    # Not by the operation: its mail would carry a newer link.
    Invitation.objects.create(
        email="x@example.com",
        name="Yeni",
        language=language,
        token_hash=hash_secret("the-secret"),
        expires_at=timezone.now() + timedelta(hours=1),
    )
    context = new_context(
        color_scheme=theme, locale=LOCALES[language], viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    page.goto(f"{site.url}/accounts/login/")
    assert page.locator("html").get_attribute("lang") == language
    look(page, f"login-{theme}-{language}")
    page.fill("[name=login]", "elif@example.com")
    page.fill("[name=password]", "wrong-wrong")
    page.click("button.primary")
    assert page.input_value("[name=login]") == "elif@example.com"
    look(page, f"login-error-{theme}-{language}")
    for name in ("password/reset", "password/reset/done", "password/reset/key/1-x"):
        page.goto(f"{site.url}/accounts/{name}/")
        look(page, f"{name.replace('/', '-')}-{theme}-{language}")
    page.goto(f"{site.url}/invitation/the-secret/")
    look(page, f"invitation-{theme}-{language}")


@pytest.mark.once
@pytest.mark.parametrize(("theme", "language"), DRESSES)
def test_the_profile_is_accessible_on_a_narrow_phone(site, new_context, theme, language):
    agent = make_agent(language=language, theme=theme, password=PASSWORD)
    create_token(agent=agent, name="phone", by=agent)
    context = new_context(agent=agent, url=site.url, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{site.url}/profile/")
    assert page.locator("html").get_attribute("data-theme") == theme
    look(page, f"profile-{theme}-{language}")
    for name in ("password/change", "sessions", "2fa", "logout"):
        page.goto(f"{site.url}/accounts/{name}/")
        look(page, f"{name.replace('/', '-')}-{theme}-{language}")
    page.goto(f"{site.url}/accounts/2fa/app/")
    look(page, f"reauthenticate-{theme}-{language}")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    look(page, f"2fa-app-{theme}-{language}")


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
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_selector("html[lang=tr]")
    assert Agent.objects.get().name == "Elif K"
    page.goto(f"{site.url}/accounts/logout/")
    page.locator("main form[action='/accounts/logout/'] button").click()
    page.wait_for_url("**/accounts/login/")


@pytest.mark.both
def test_an_administrator_adds_a_reason_for_breaks(site, new_context):
    boss = make_agent(role=make_role(Permission.ADMIN), is_staff=True, language="en")
    page = new_context(agent=boss, url=site.url).new_page()
    page.goto(site.url + reverse("admin:agents_breakreason_add"))
    page.fill("[name=name_tr]", "Öğle yemeği")
    page.fill("[name=name_en]", "Lunch")
    page.click("[name=_save]")
    page.wait_for_url("**/admin/agents/breakreason/")
    page.get_by_role("link", name="Lunch").wait_for()
    assert BreakReason.objects.get().name_tr == "Öğle yemeği"


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
@pytest.mark.parametrize(("theme", "language"), DRESSES)
def test_the_administration_is_accessible(site, new_context, rows, theme, language):
    boss = make_agent(
        role=make_role(Permission.ADMIN), is_staff=True, language=language, theme=theme
    )
    page = new_context(agent=boss, url=site.url, viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{site.url}/admin/")
    look(page, f"admin-{theme}-{language}")
    for name, row in rows.items():
        page.goto(site.url + reverse(f"admin:{name}_changelist"))
        look(page, f"admin-{name}-{theme}-{language}")
        if row is None:
            continue
        page.goto(site.url + reverse(f"admin:{name}_change", args=[row.pk]))
        look(page, f"admin-{name}-change-{theme}-{language}")
    page.goto(site.url + reverse("admin:agents_brand_add"))
    page.click("[name=_save]")
    look(page, f"admin-brand-errors-{theme}-{language}")
