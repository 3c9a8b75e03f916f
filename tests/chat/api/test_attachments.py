"""Files over HTTP: who may give and get them, how they are served, when they vanish."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from agents.models import Role
from chat.models import Attachment
from chat.operations.attachments import purge_attachments
from chat.operations.entries import NewLine, append
from chat.operations.tickets import convert_to_ticket
from tests.support.factories import make_agent, make_brand, make_role, make_team
from tests.support.files import make_attachment
from tests.support.http import WIDGET, Widget, cid, make_shop, picture, started
from tickets.models import File
from tickets.operations.contacts import create_contact
from tickets.operations.replies import say
from tickets.operations.tickets import open_ticket

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<</JS(app.alert\\(1\\))>>\n"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_an_upload_is_described_by_what_it_is(widget: Widget) -> None:
    answer = widget.upload(picture(size=(6, 4)), "photo.svg")
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "name", "size", "type", "width", "height"}
    assert (answer.json()["name"], answer.json()["type"]) == ("photo.svg.png", "image/png")
    assert (answer.json()["width"], answer.json()["height"]) == (6, 4)


def test_on_disk_it_has_a_random_name_without_an_ending(widget: Widget, tmp_path: Path) -> None:
    widget.upload(picture(), "../../evil.png")
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert re.fullmatch(r"attachments/\d{4}/\d{2}/[0-9a-f]{32}", str(path.relative_to(tmp_path)))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_picture_may_be_drawn_and_says_nothing_else(widget: Widget) -> None:
    file = widget.upload(picture()).json()["id"]
    answer = widget.get(f"attachments/{file}", headers={"Accept": "image/avif"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert b"".join(answer.streaming_content).startswith(b"\x89PNG")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "name"), [(PDF, "Fatura İ.pdf"), (b"SetHandler x\n", ".htaccess"), (b"a,b\n", "a")]
)
def test_everything_else_is_only_downloaded(widget: Widget, content: bytes, name: str) -> None:
    file = widget.upload(content, name).json()["id"]
    answer = widget.get(f"attachments/{file}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "html" not in answer.headers["Content-Type"]
    assert b"".join(answer.streaming_content) == content  # type: ignore[attr-defined]


def test_a_name_can_not_break_out_of_its_header(widget: Widget) -> None:
    file = widget.upload(picture(), 'a"; filename=x.html\r\nX-Evil: 1.png').json()["id"]
    answer = widget.get(f"attachments/{file}")
    assert "X-Evil" not in answer.headers
    assert "\n" not in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "empty.txt", 400, "empty"),
        (b"<svg/>", "x.svg", 415, "file_type"),
        (b"<html></html>", "x.html", 415, "file_type"),
        (b"GIF89a/*\0*/=1", "x.gif", 415, "broken"),
        (b"x" * (10 * 1024 * 1024 + 1), "big.txt", 413, "too_large"),
        (b"x" * (11 * 1024 * 1024), "bigger.txt", 413, "too_large"),
    ],
    ids=["empty", "svg", "html", "polyglot", "big", "bigger"],
)
def test_refusals_say_why_and_keep_nothing(
    widget: Widget, tmp_path: Path, content: bytes, name: str, status: int, code: str
) -> None:
    answer = widget.upload(content, name)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Attachment.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"file": "text"},
        {"file": SimpleUploadedFile("a.txt", b"a"), "visitor": "1"},
        {"other": SimpleUploadedFile("a.txt", b"a")},
        {"file": [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]},
        {f"file{number}": SimpleUploadedFile("a.txt", b"a") for number in range(20)},
        {f"field{number}": "x" for number in range(600)},
    ],
    ids=["nothing", "text", "more", "other", "two", "twenty", "fields"],
)
def test_exactly_one_file_is_taken(widget: Widget, form: dict[str, Any]) -> None:
    answer = widget.client.post(
        f"{WIDGET}/attachments", form, headers={"Authorization": f"Bearer {widget.token}"}
    )
    assert answer.status_code == 400
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "raw", [b"", b"--x", b'--x\r\nContent-Disposition: form-data; name="file"', b"\0" * 100]
)
def test_a_broken_form_is_refused(widget: Widget, raw: bytes) -> None:
    answer = widget.client.generic(
        "POST",
        f"{WIDGET}/attachments",
        raw,
        content_type="multipart/form-data; boundary=x",
        headers={"Authorization": f"Bearer {widget.token}"},
    )
    assert answer.status_code == 400


def test_a_file_goes_with_a_message_and_stays_readable(widget: Widget) -> None:
    chat = started(widget)
    file = widget.upload(PDF, "a.pdf").json()
    sent = {"cid": cid(), "text": "", "attachments": [file["id"]]}
    assert widget.post(f"conversations/{chat.public_id}/messages", sent).status_code == 201
    newest = widget.get(f"conversations/{chat.public_id}/entries").json()["entries"][-1]
    assert newest["attachments"] == [file]
    assert widget.get(f"attachments/{file['id']}").status_code == 200


def test_a_first_message_may_bring_files(widget: Widget) -> None:
    file = widget.upload(picture()).json()["id"]
    answer = widget.start(message={"text": "", "attachments": [file]})
    assert answer.status_code == 201
    assert Attachment.objects.get().entry.kind == "message"


def test_an_agents_file_in_a_message_is_the_visitors_to_read(widget: Widget) -> None:
    chat = started(widget)
    agent = make_shop().elif_
    file = make_attachment(agent, name="a.pdf", content_type="application/pdf")
    assert widget.get(f"attachments/{file.public_id}").status_code == 404
    line = NewLine(
        kind="message", author_kind="agent", agent=agent, body="x", attachments=[file.pk]
    )
    append(chat, line, now=timezone.now())
    # Visible now; that its bytes are gone is again a 404, and no error of ours.
    path = Path(file.file.file.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PDF)
    assert widget.get(f"attachments/{file.public_id}").status_code == 200
    path.unlink()
    assert widget.get(f"attachments/{file.public_id}").status_code == 404


def test_unused_uploads_vanish_after_a_day(
    widget: Widget, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    chat = started(widget)
    used = widget.upload(picture()).json()["id"]
    sent = {"cid": cid(), "text": "", "attachments": [used]}
    widget.post(f"conversations/{chat.public_id}/messages", sent)
    unused = widget.upload(PDF, "a.pdf").json()["id"]
    now = timezone.now()
    assert purge_attachments(now=now + timedelta(hours=23)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert purge_attachments(now=now + timedelta(hours=25)) == 1
    assert [file.public_id for file in Attachment.objects.all()] == [used]
    assert [file.public_id for file in File.objects.all()] == [used]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    assert widget.get(f"attachments/{unused}").status_code == 404


def test_a_file_said_in_a_ticket_stays_and_is_seen_by_whoever_sees_the_ticket(
    client: Client, tmp_path: Path
) -> None:
    now = timezone.now()
    elif_ = make_agent(role=make_role(scope=Role.Scope.TEAM))
    brand = make_brand(default_team=make_team(elif_))
    ticket = open_ticket(
        brand=brand,
        contact=create_contact(name="İpek", email="i@example.com", language="tr", now=now),
        topic=None,
        subject="Etiket",
        said=[],
        language="tr",
        source="phone",
        data={},
        origin_key=None,
        by=elif_,
        now=now,
    )
    client.force_login(elif_)
    upload = SimpleUploadedFile("etiket.pdf", PDF)
    file = client.post("/api/v1/attachments", {"file": upload}).json()["id"]
    say(ticket=ticket, by=elif_, text="Ekte", client_id="c1", now=now, file_ids=[file])
    assert purge_attachments(now=now + timedelta(hours=25)) == 1
    assert client.get(f"/api/v1/attachments/{file}").status_code == 200
    client.force_login(make_agent(role=make_role(scope=Role.Scope.TEAM)))
    assert client.get(f"/api/v1/attachments/{file}").status_code == 404


def test_the_files_of_a_chat_are_those_of_its_ticket(widget: Widget) -> None:
    chat = started(widget)
    file = widget.upload(picture()).json()["id"]
    sent = {"cid": cid(), "text": "", "attachments": [file]}
    widget.post(f"conversations/{chat.public_id}/messages", sent)
    ticket, _ = convert_to_ticket(
        conversation=chat, by=None, now=timezone.now(), email="v@example.com"
    )
    assert [each.public_id for each in File.objects.filter(ticket_entries__ticket=ticket)] == [file]
