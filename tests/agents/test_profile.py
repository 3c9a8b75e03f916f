"""The profile, pictures, and what the middleware makes of preferences."""

import io
import re
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from PIL import Image

from agents import middleware
from agents.audit import caller_ip
from agents.credentials.tokens import Scope
from agents.middleware import PreferencesMiddleware
from agents.models import Agent, ApiToken, Permission, Role
from agents.operations import create_token
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent():
    return make_agent(language="en", name="Elif Kaya")


@pytest.fixture
def agent_client(client, agent):
    client.force_login(agent)
    return client


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def save(agent_client, **changes):
    body = {"name": "Elif", "language": "tr", "time_zone": "Europe/Berlin", "theme": "dark"}
    return agent_client.post("/profile/", body | changes)


def test_name_and_preferences_are_saved(agent_client, agent):
    assert save(agent_client, name="  Işıl Çam ").status_code == 302
    agent.refresh_from_db()
    assert (agent.name, agent.language, agent.time_zone, agent.theme) == (
        *("Işıl Çam", "tr", "Europe/Berlin"),
        "dark",
    )
    assert agent.sort_name


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"language": "xx"},
        {"time_zone": "../../etc/passwd"},
        {"theme": "dark light"},
    ],
)
def test_what_does_not_fit_is_refused_and_the_rest_kept(agent_client, agent, changes):
    answer = save(agent_client, **{"name": "Typed"} | changes)
    assert answer.status_code == 400
    agent.refresh_from_db()
    assert agent.name == "Elif Kaya"
    if "name" not in changes:
        assert 'value="Typed"' in answer.content.decode()


def test_roles_and_rights_are_no_fields_of_the_profile(agent_client, agent):
    other = make_agent()
    save(
        agent_client,
        is_staff="on",
        is_superuser="on",
        capacity="99",
        email=other.email,
        id=other.pk,
    )
    agent.refresh_from_db()
    assert (agent.is_staff, agent.is_superuser) == (False, False)
    assert agent.capacity is None
    assert agent.email != other.email


def test_a_hostile_name_is_text(agent_client):
    save(agent_client, name="<script>alert(1)</script>", language="en")
    assert "<script>alert" not in agent_client.get("/profile/").content.decode()


# Pictures


def drawn(kind="PNG", size=(640, 320), **options):
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def upload(agent_client, data, name="me.png"):
    picture = SimpleUploadedFile(name, data, "image/png")
    return agent_client.post("/profile/picture/", {"picture": picture})


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_drawn_anew_as_a_square(agent_client, agent, kind):
    assert upload(agent_client, drawn(kind), "../../evil.html").status_code == 302
    agent.refresh_from_db()
    served = agent_client.get(agent.avatar_url)
    data = b"".join(served.streaming_content)
    assert served["Content-Type"] == "image/webp"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert Image.open(io.BytesIO(data)).size == (256, 256)
    assert "evil" not in agent.avatar.name


def test_what_a_camera_wrote_into_the_picture_is_gone(agent_client, agent):
    exif = Image.Exif()
    exif[0x010E] = "41.0082 N 28.9784 E"
    upload(agent_client, drawn("JPEG", exif=exif))
    agent.refresh_from_db()
    assert b"41.0082" not in agent.avatar.open().read()


def bomb():
    """A PNG of 50,000 × 50,000 pixels in a few bytes."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def mistold():
    """A JPEG to be turned, whose width is told as a text."""
    exif = Image.Exif()
    exif[0x0100], exif[0x0112] = 5, 6
    number, text = (struct.pack(">HH", 0x0100, kind) for kind in (4, 2))
    told = drawn("JPEG", exif=exif)
    assert number in told
    return told.replace(number, text)


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"not a picture",
        b"\x89PNG\r\n\x1a\n",
        drawn()[:60],
        drawn("TIFF"),
        drawn("ICO", size=(32, 32)),
        bomb(),
        mistold(),
        b"\0" * (5 * 1024 * 1024 + 1),
    ],
    ids=["svg", "text", "header", "cut", "tiff", "ico", "bomb", "mistold", "large"],
)
def test_what_is_no_picture_of_ours_is_refused(agent_client, agent, data):
    assert upload(agent_client, data).status_code == 400
    agent.refresh_from_db()
    assert not agent.avatar


def test_a_new_picture_replaces_the_old_file_and_one_can_be_removed(
    agent_client, agent, tmp_path, django_capture_on_commit_callbacks
):
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            upload(agent_client, drawn())
    assert len(list(tmp_path.glob("avatars/*"))) == 1
    with django_capture_on_commit_callbacks(execute=True):
        agent_client.post("/profile/picture/", {"remove": "1"})
    agent.refresh_from_db()
    assert agent.avatar_url == ""
    assert "Saved." in agent_client.get("/profile/").content.decode()
    assert list(tmp_path.glob("avatars/*")) == []


# Tokens


def test_a_token_is_shown_once(agent_client, agent):
    made = agent_client.post("/profile/tokens/", {"name": "phone", "scopes": ["desk"]})
    raw = made.context["new_token"]
    assert raw in made.content.decode()
    assert raw not in agent_client.get("/profile/").content.decode()
    with translation.override(agent.language):
        label = str(Scope.DESK.label)
    assert f"{label} ·" in agent_client.get("/profile/").content.decode()
    agent_client.post(f"/profile/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert not agent.api_tokens.filter(revoked_at=None).exists()


def test_scopes_that_my_roles_do_not_allow_are_not_offered(agent_client, agent):
    answer = agent_client.post("/profile/tokens/", {"name": "x", "scopes": ["admin"]})
    assert answer.status_code == 400
    assert not ApiToken.objects.exists()


def test_an_admin_may_make_an_admin_token_here(client):
    boss = make_agent(role=make_role(Permission.ADMIN))
    client.force_login(boss)
    client.post("/profile/tokens/", {"name": "x", "scopes": ["admin", "desk"]})
    assert ApiToken.objects.get().scopes == ["admin", "desk"]


def test_i_cannot_revoke_somebody_elses_token(agent_client):
    other = make_agent()
    row, _raw = create_token(agent=other, name="x", by=other)
    agent_client.post(f"/profile/tokens/{row.pk}/revoke/")
    row.refresh_from_db()
    assert row.revoked_at is None


@pytest.mark.parametrize("path", ["/profile/", "/accounts/sessions/", "/accounts/password/change/"])
def test_strangers_are_sent_to_the_door(client, path):
    assert client.get(path).url.startswith("/accounts/login/?next=/")


# Preferences


def through(request):
    seen = {}

    def view(request):
        seen["language"] = translation.get_language()
        seen["zone"] = timezone.get_current_timezone_name()
        seen["theme"] = getattr(request, "theme", None)
        seen["ip"] = caller_ip.get()

    PreferencesMiddleware(view)(request)
    return seen


def request_of(agent, path="/console/"):
    request = RequestFactory().get(path, REMOTE_ADDR="10.1.2.3")
    request.user = agent
    request.session = type("Session", (), {"session_key": None})()
    return request


def test_language_zone_and_theme_are_the_agents_own(django_assert_num_queries):
    agent = make_agent(language="tr", time_zone="Asia/Tokyo", theme="dark")
    with django_assert_num_queries(0), translation.override("en"):
        seen = through(request_of(agent))
    assert seen == {"language": "tr", "zone": "Asia/Tokyo", "theme": "dark", "ip": "10.1.2.3"}
    assert timezone.get_current_timezone_name() != "Asia/Tokyo"
    assert caller_ip.get() is None


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../x", "/etc/passwd"])
def test_an_unknown_zone_is_no_error(zone):
    agent = make_agent(time_zone=zone)
    with translation.override("en"):
        assert through(request_of(agent))["zone"] == timezone.get_default_timezone_name()


def test_visitors_doors_look_up_no_session():
    class Untouchable:
        def __getattr__(self, name):
            raise AssertionError(name)

    request = request_of(Untouchable(), path="/api/widget/v1/sessions")
    assert through(request)["theme"] is None


def test_the_language_of_the_browser_holds_before_sign_in(client):
    for header, language in (("tr-TR,tr;q=0.9", "tr"), ("en-GB", "en"), ("de", "en")):
        page = client.get("/accounts/login/", headers={"accept-language": header})
        assert f'<html lang="{language}"' in page.content.decode()


def test_the_use_of_a_session_is_noted_once_in_five_minutes(agent_client):
    middleware._touched.clear()
    writes = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            agent_client.get("/accounts/2fa/")
        writes.append([q for q in queries if q["sql"].startswith("UPDATE")])
    assert [len(found) for found in writes] == [1, 0]


# The first admin


def test_createadmin_makes_somebody_who_may_do_everything(monkeypatch, capsys):
    monkeypatch.setenv("ADMIN_PASSWORD", "a-good-long-word")
    call_command("createadmin", "--email", "Boss@example.com", "--name", "Boss", "--no-input")
    boss = Agent.objects.get()
    assert boss.email == "boss@example.com"
    assert boss.is_staff
    assert boss.is_superuser
    assert boss.check_password("a-good-long-word")
    assert "a-good-long-word" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("language", "names"),
    [("tr", ["Temsilci", "Süpervizör", "Yönetici"]), ("en", ["Agent", "Supervisor", "Admin"])],
)
def test_createadmin_leaves_roles_to_invite_people_with(monkeypatch, language, names):
    monkeypatch.setenv("ADMIN_PASSWORD", "a-long-password-2026")
    for number in range(2):
        address = f"boss{number}@example.com"
        options = ["--email", address, "--name", "Boss", "--language", language, "--no-input"]
        call_command("createadmin", *options)
    roles = Role.objects.order_by("pk")
    assert [role.name for role in roles] == names
    assert [role.scope for role in roles] == ["own", "all", "all"]
    assert ["admin" in role.permissions for role in roles] == [False, False, True]


def test_createadmin_says_what_is_missing_where_there_are_no_tables_yet(monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", "a-good-password-9")

    def fail(**_: object) -> None:
        raise OperationalError("no such table: agents_agent")

    monkeypatch.setattr(Agent.objects, "filter", fail)
    with pytest.raises(CommandError, match="Start the product once, or run: migrate"):
        call_command("createadmin", "--email", "b@example.com", "--name", "B", "--no-input")


@pytest.mark.parametrize("password", ["", "short", "password1234"])
def test_createadmin_refuses_weak_passwords(monkeypatch, password):
    monkeypatch.setenv("ADMIN_PASSWORD", password)
    with pytest.raises(CommandError):
        call_command("createadmin", "--email", "b@example.com", "--name", "B", "--no-input")
    assert not Agent.objects.exists()


def test_createadmin_does_not_take_over_an_account(agent, monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", "a-good-long-word")
    with pytest.raises(CommandError):
        call_command("createadmin", "--email", agent.email, "--name", "B", "--no-input")


def test_what_a_switch_does_is_said_below_it(agent_client):
    page = agent_client.get("/profile/").content.decode()
    said = re.search(r'<input type="checkbox" name="digest"[^>]*aria-describedby="([^"]+)"', page)
    assert said
    assert f'id="{said[1]}">' in page
