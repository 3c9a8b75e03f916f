"""Agents, invitations, teams and roles in the administration."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.urls import reverse
from django.utils import timezone

from agents.models import (
    Agent,
    AuditEntry,
    BreakReason,
    CannedReply,
    Invitation,
    Permission,
    Role,
    Team,
)
from agents.operations import create_token, invite_agent
from config.outbox.models import OutboxEntry
from tests.support.factories import make_agent, make_brand, make_role, make_team, make_topic
from tests.support.forms import fields_of

pytestmark = pytest.mark.django_db


def test_an_administrator_adds_a_reason_for_breaks(boss_client):
    address = reverse("admin:agents_breakreason_add")
    form = fields_of(boss_client.get(address).content.decode(), "breakreason_form")
    answer = boss_client.post(address, form | {"name_tr": "Öğle yemeği", "name_en": "Lunch"})
    assert answer.url == reverse("admin:agents_breakreason_changelist")
    assert "Lunch</a>" in boss_client.get(answer.url).content.decode()
    assert BreakReason.objects.get().name_tr == "Öğle yemeği"


def test_adding_an_agent_means_inviting_one(boss_client, boss):
    assert boss_client.get(reverse("admin:agents_agent_add")).url == "/admin/agents/invitation/add/"
    role, team = make_role(Permission.CHAT), make_team()
    body = {"email": "YENI@example.com", "name": "Yeni", "language": "tr"}
    body |= {"role": role.pk, "teams": [team.pk]}
    answer = boss_client.post(reverse("admin:agents_invitation_add"), body)
    assert answer.status_code == 302
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.invited_by) == ("yeni@example.com", boss)
    assert list(invitation.teams.all()) == [team]
    assert OutboxEntry.objects.filter(payload={"invitation": invitation.pk}).exists()
    again = boss_client.post(reverse("admin:agents_invitation_add"), body | {"email": boss.email})
    assert "email" in again.context["adminform"].form.errors


@pytest.mark.parametrize(
    ("language", "button", "told"),
    [
        ("en", "Send invitation", "A link is on its way to: yeni@example.com"),
        ("tr", "Daveti gönder", "Bağlantı yolda: yeni@example.com"),
    ],
)
def test_an_invitation_is_sent_and_can_be_read_afterwards(
    boss_client, boss, language, button, told
):
    Agent.objects.filter(pk=boss.pk).update(language=language)
    form = boss_client.get(reverse("admin:agents_invitation_add")).content.decode()
    assert re.findall(r'<input type="submit" value="([^"]+)" class', form) == [button]
    assert "_continue" not in form
    team = make_team(name="Satış")
    body = {"email": "yeni@example.com", "name": "Yeni", "language": "tr", "teams": [team.pk]}
    answer = boss_client.post(reverse("admin:agents_invitation_add"), body, follow=True)
    assert told in answer.content.decode()
    invitation = Invitation.objects.get()
    shown = boss_client.get(reverse("admin:agents_invitation_change", args=[invitation.pk]))
    for words in ("Türkçe", "Satış", boss.name):
        assert words in shown.content.decode()


@pytest.mark.parametrize(
    ("language", "counted"), [("en", ["Teams: 1", "Canned replies: 1"]), ("tr", ["Gruplar: 1"])]
)
def test_before_deleting_the_page_says_in_words_what_goes_along(
    boss_client, boss, language, counted
):
    Agent.objects.filter(pk=boss.pk).update(language=language)
    team = make_team(boss, name="sales")
    make_topic(make_brand(), team)
    CannedReply.objects.create(shortcut="x", title="x", body="x", language="tr", team=team)
    asked = [
        boss_client.get(reverse("admin:agents_team_delete", args=[team.pk])),
        act(boss_client, "team", "delete_selected", team),
    ]
    for answer in asked:
        text = answer.content.decode()
        assert "<li>sales</li>" in text
        assert all(each in text for each in counted)
        assert "relationship" not in text


def act(boss_client, name, action, *objects, follow=True):
    body = {"action": action, "_selected_action": [obj.pk for obj in objects]}
    return boss_client.post(reverse(f"admin:agents_{name}_changelist"), body, follow=follow)


def test_the_link_of_an_invitation_can_be_shown_once_and_revoked(boss_client, client):
    invitation = invite_agent(
        email="x@example.com", name="x", language="tr", role=None, by=None, now=timezone.now()
    )
    text = act(boss_client, "invitation", "show_link", invitation).content.decode()
    link = re.search(r"http://127.0.0.1:8000(/invitation/[\w-]+/)", text).group(1)
    client.get(link)
    assert client.get("/invitation/").status_code == 200
    assert (
        link not in boss_client.get(reverse("admin:agents_invitation_changelist")).content.decode()
    )
    act(boss_client, "invitation", "revoke", invitation)
    assert client.get("/invitation/").status_code == 404


def test_deactivating_signs_out_everywhere_but_never_oneself(boss_client, boss, announced):
    agent = make_agent(online=True)
    create_token(agent=agent, name="x", by=agent)
    act(boss_client, "agent", "deactivate", agent, boss)
    agent.refresh_from_db()
    boss.refresh_from_db()
    assert (agent.is_active, agent.status) == (False, "offline")
    assert not agent.api_tokens.filter(revoked_at=None).exists()
    assert boss.is_active
    assert "agent.revoked" in {event.name for event in announced}
    act(boss_client, "agent", "activate", agent)
    agent.refresh_from_db()
    assert agent.is_active


def test_the_list_of_agents_says_why_somebody_is_on_a_break(boss_client):
    agent = make_agent()
    lunch = BreakReason.objects.create(name_tr="Öğle", name_en="Lunch")
    Agent.objects.filter(pk=agent.pk).update(status="break", break_reason=lunch)
    assert (
        "Break · Lunch"
        in boss_client.get(reverse("admin:agents_agent_changelist")).content.decode()
    )


def test_an_action_names_whom_it_was_done_to(boss_client, boss):
    agent = make_agent(name="Deniz")
    text = act(boss_client, "agent", "deactivate", agent).content.decode()
    assert "Deactivated: Deniz" in text
    text = act(boss_client, "agent", "deactivate", agent).content.decode()
    assert "There was nothing to do." in text


def test_a_person_is_deactivated_on_their_own_page_as_well(boss_client):
    agent = make_agent()
    url = reverse("admin:agents_agent_change", args=[agent.pk])
    shown = boss_client.get(url).content.decode()
    # Enter in a field must save, not act.
    assert shown.index('name="_save"') < shown.index('name="index"')
    boss_client.post(url, {"CHANGE_FORM-action": "deactivate", "_selected_action": [agent.pk]})
    agent.refresh_from_db()
    assert not agent.is_active


def agent_form(agent, **changes):
    return {
        "name": agent.name,
        "email": agent.email,
        "language": "tr",
        "time_zone": "UTC",
        "teams": [team.pk for team in agent.teams.all()],
        "roles": list(agent.role_grants.values_list("role", flat=True)),
    } | changes


def save_agent(boss_client, agent, **changes):
    url = reverse("admin:agents_agent_change", args=[agent.pk])
    return boss_client.post(url, agent_form(agent, **changes))


def test_teams_and_roles_of_a_person_are_changed_by_operations(boss_client, announced):
    agent, team, role = make_agent(), make_team(), make_role(Permission.ADMIN)
    assert save_agent(boss_client, agent, teams=[team.pk], roles=[role.pk]).status_code == 302
    agent.refresh_from_db()
    assert list(agent.teams.all()) == [team]
    assert agent.is_staff
    assert "agent.revoked" in {event.name for event in announced}
    acts = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"agent.teams", "role.given", "role.taken", "agent.changed"} <= acts


def test_nobody_takes_the_administration_from_themselves(boss_client, boss):
    answer = save_agent(boss_client, boss, roles=[])
    assert "roles" in answer.context["adminform"].form.errors
    assert boss.role_grants.exists()


def test_nobody_locks_themselves_out_by_a_role_or_a_team(boss_client, boss):
    role = boss.role_grants.get().role
    url = reverse("admin:agents_role_change", args=[role.pk])
    body = {"name": role.name, "permissions": ["chat"], "scope": "all"}
    text = boss_client.post(url, body, follow=True).content.decode()
    assert "You can&#x27;t take the administration away from yourself." in text
    assert "successfully" not in text
    boss_client.post(reverse("admin:agents_role_delete", args=[role.pk]), {"post": "yes"})
    act(boss_client, "role", "delete_selected", role)
    delete = {"action": "delete_selected", "_selected_action": [role.pk], "post": "yes"}
    boss_client.post(reverse("admin:agents_role_changelist"), delete)
    role.refresh_from_db()
    assert role.permissions == ["admin"]
    # By a team's role it is the same.
    team = make_team(boss)
    boss.role_grants.update(agent=None, team=team)
    form = {"name": team.name, "ring_seconds": "30", "roles": [role.pk]}
    boss_client.post(reverse("admin:agents_team_change", args=[team.pk]), form)
    assert list(team.agents.all()) == [boss]
    boss_client.post(
        reverse("admin:agents_team_change", args=[team.pk]), form | {"agents": [boss.pk]}
    )
    assert boss_client.get("/admin/").status_code == 200
    assert not AuditEntry.objects.filter(action="role.deleted").exists()


def test_the_password_is_not_a_field_of_anybodys_page(boss_client):
    agent = make_agent(password="imece-demo-9")
    save_agent(boss_client, agent, password="x", is_superuser="on", is_staff="on", is_active="")
    agent.refresh_from_db()
    assert agent.check_password("imece-demo-9")
    assert (agent.is_superuser, agent.is_staff, agent.is_active) == (False, False, True)


def test_another_e_mail_ends_what_the_old_one_opened(boss_client, client):
    agent = make_agent(email="old@example.com", password="imece-demo-9")
    create_token(agent=agent, name="x", by=agent)
    save_agent(boss_client, agent, email="New@example.com")
    agent.refresh_from_db()
    assert agent.email == "new@example.com"
    assert not agent.api_tokens.filter(revoked_at=None).exists()
    boss_client.logout()
    boss_client.post("/accounts/login/", {"login": "old@example.com", "password": "imece-demo-9"})
    assert "_auth_user_id" not in boss_client.session
    taken = make_agent()
    boss_client.force_login(Agent.objects.get(is_staff=True))
    assert "email" in save_agent(boss_client, taken, email="NEW@example.com").context[
        "errors"
    ].as_text() or (
        "email"
        in save_agent(boss_client, taken, email="NEW@example.com").context["adminform"].form.errors
    )


def test_a_lost_phone_can_be_forgotten(boss_client):
    agent = make_agent()
    totp.TOTP.activate(agent, totp.generate_totp_secret())
    act(boss_client, "agent", "remove_second_step", agent)
    assert not Authenticator.objects.exists()


def test_agents_are_never_deleted(boss_client):
    agent = make_agent()
    url = reverse("admin:agents_agent_delete", args=[agent.pk])
    assert boss_client.post(url, {"post": "yes"}).status_code == 403


def test_a_team_is_saved_with_people_and_roles(boss_client):
    agent, role = make_agent(role=make_role(Permission.EXPORT)), make_role(Permission.ADMIN)
    body = {"name": "Işık", "agents": [agent.pk], "roles": [role.pk], "ring_seconds": "30"}
    assert boss_client.post(reverse("admin:agents_team_add"), body).status_code == 302
    team = Team.objects.get()
    agent.refresh_from_db()
    assert list(team.agents.all()) == [agent]
    assert team.sort_name
    assert agent.is_staff
    boss_client.post(reverse("admin:agents_team_delete", args=[team.pk]), {"post": "yes"})
    agent.refresh_from_db()
    assert not agent.is_staff


def test_a_role_is_made_of_checkboxes(boss_client):
    body = {"name": "Temsilci", "permissions": ["chat", "tickets"], "scope": "own"}
    assert boss_client.post(reverse("admin:agents_role_add"), body).status_code == 302
    role = Role.objects.get(name="Temsilci")
    assert (role.permissions, role.channels) == (["chat", "tickets"], [])
    wrong = boss_client.post(reverse("admin:agents_role_add"), body | {"permissions": ["root"]})
    assert "permissions" in wrong.context["adminform"].form.errors


def test_a_role_that_administers_is_not_said_to_be_bounded(boss_client):
    body = {"name": "Pazar", "permissions": ["chat"], "scope": "all", "brands": [make_brand().pk]}
    assert boss_client.post(reverse("admin:agents_role_add"), body).status_code == 302
    body |= {"name": "Hepsi", "permissions": ["chat", "admin"], "channels": ["web"]}
    wrong = boss_client.post(reverse("admin:agents_role_add"), body)
    assert set(wrong.context["adminform"].form.errors) == {"brands", "channels"}
    assert not Role.objects.filter(name="Hepsi").exists()


def test_editing_and_deleting_a_role_reach_those_who_hold_it(boss_client):
    role = make_role(Permission.ADMIN)
    agent = make_agent(role=role)
    Agent.objects.filter(pk=agent.pk).update(is_staff=True)
    url = reverse("admin:agents_role_change", args=[role.pk])
    boss_client.post(url, {"name": role.name, "permissions": ["chat"], "scope": "own"})
    agent.refresh_from_db()
    assert not agent.is_staff
    boss_client.post(url, {"name": role.name, "permissions": ["admin"], "scope": "own"})
    agent.refresh_from_db()
    assert agent.is_staff
    boss_client.post(reverse("admin:agents_role_delete", args=[role.pk]), {"post": "yes"})
    agent.refresh_from_db()
    assert not agent.is_staff


def test_another_limit_of_a_person_begins_a_new_interval(boss_client):
    agent = make_agent()
    save_agent(boss_client, agent, capacity="7")
    limits = agent.status_intervals.order_by("started_at", "pk").values_list("capacity", flat=True)
    assert list(limits)[-1] == 7
