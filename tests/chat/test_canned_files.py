"""Files of canned replies on their way to customers: attached once more, kept, and deleted."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import CannedFile, CannedReply
from agents.operations.canned import add_canned_reply, add_reply_files, remove_canned_reply
from chat.models import Attachment, Conversation
from chat.operations.attachments import attach_canned_file, purge_attachments
from chat.tasks import purge_attachments as hourly
from config.files.cleaning import clean_file
from tests.support.factories import make_agent, make_brand, make_team
from tests.support.http import (
    Desk,
    Shop,
    Widget,
    cid,
    make_shop,
    open_widget,
    picture,
    started,
    taken,
)
from tests.support.races import somebody_waits
from tests.support.tickets import opened, say
from tickets.models import File
from tickets.operations.files import remove_files

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n"
type Commits = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop.elif_)


@pytest.fixture
def reply(shop: Shop) -> CannedReply:
    return add_canned_reply(
        by=shop.elif_,
        shortcut="fiyat",
        title="Fiyatlar",
        body="Ekte.",
        language="en",
        added=[clean_file(PDF, "fiyat.pdf"), clean_file(picture(), "ürün.png")],
        now=timezone.now(),
    )


def attached(desk: Desk, file: CannedFile) -> str:
    answer = desk.post("attachments", {"canned_file": file.public_id})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def on_disk(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def sent(desk: Desk, widget: Widget, shop: Shop, files: list[str]) -> Conversation:
    """Say something with files to a visitor; return the chat."""
    chat = taken(started(widget), shop.elif_)
    body = {"cid": cid(), "text": "Ekte.", "attachments": files}
    assert desk.post(f"conversations/{chat.public_id}/messages", body).status_code == 201
    return chat


def bytes_of(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_a_file_becomes_an_upload_and_goes_to_the_customer_without_being_stored_again(
    desk: Desk, shop: Shop, reply: CannedReply, tmp_path: Path
) -> None:
    first, second = reply.files.order_by("pk")
    file = attached(desk, first)
    taken_over = desk.post("attachments", {"canned_file": second.public_id}).json()
    assert taken_over == second.wire | {"id": taken_over["id"]}
    assert taken_over["id"] != second.public_id
    widget = open_widget(shop.brand)
    chat = sent(desk, widget, shop, [file, taken_over["id"]])
    entries = widget.get(f"conversations/{chat.public_id}/entries?after=0").json()["entries"]
    files = next(entry["attachments"] for entry in entries if entry["attachments"])
    assert [file["name"] for file in files] == ["fiyat.pdf", "ürün.png"]
    assert bytes_of(widget.get(f"attachments/{files[0]['id']}")) == PDF
    # The reply's own file is nothing to the customer.
    assert widget.get(f"attachments/{first.public_id}").status_code == 404
    assert on_disk(tmp_path) == 2


def test_a_ticket_takes_it_too(client: Client, shop: Shop, reply: CannedReply) -> None:
    desk = Desk(shop.elif_)
    ticket = opened(shop.brand, team=shop.team)
    client.force_login(shop.elif_)
    file = attached(desk, reply.files.earliest("pk"))
    assert say(client, ticket, file=[file]).status_code == 204
    (said,) = File.objects.filter(ticket_entries__ticket=ticket)
    assert (said.public_id, said.name) == (file, "fiyat.pdf")
    assert bytes_of(client.get(f"/api/v1/attachments/{file}")) == PDF


def test_only_who_may_use_the_reply_takes_its_files_over(
    desk: Desk, reply: CannedReply, shop: Shop
) -> None:
    colleague = Desk(make_agent())
    for each in reply.files.all():
        wish = {"canned_file": each.public_id}
        assert colleague.post("attachments", wish).status_code == 404
        assert Desk().post("attachments", wish).status_code == 401
    elsewhere = CannedReply.objects.create(
        team=make_team(), shortcut="x", title="x", body="x", language="en"
    )
    (foreign,) = add_reply_files(
        reply=elsewhere, files=[clean_file(PDF, "a.pdf")], now=timezone.now()
    )
    assert desk.post("attachments", {"canned_file": foreign.public_id}).status_code == 404
    for wrong in ({"canned_file": "x"}, {"canned_file": File(file="x").public_id}):
        assert desk.post("attachments", wrong).status_code == 404
    mine = reply.files.earliest("pk").public_id
    for wrong in ({}, {"canned_file": 1}, {"canned_file": mine, "more": 1}, {"file": mine}):
        assert desk.post("attachments", wrong).status_code == 400
    assert not Attachment.objects.exists()


@pytest.mark.usefixtures("early_in_the_hour")
def test_taking_over_counts_as_an_upload(desk: Desk, reply: CannedReply, settings: Any) -> None:
    settings.IMECE = {**settings.IMECE, "UPLOADS_PER_MINUTE": 1}
    file = reply.files.earliest("pk")
    attached(desk, file)
    assert desk.post("attachments", {"canned_file": file.public_id}).status_code == 429


def test_a_sent_file_outlives_its_reply_and_the_rest_goes_within_the_hour(
    desk: Desk,
    shop: Shop,
    reply: CannedReply,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    file = attached(desk, reply.files.earliest("pk"))
    sent(desk, open_widget(shop.brand), shop, [file])
    with django_capture_on_commit_callbacks(execute=True):
        hourly()
    assert on_disk(tmp_path) == 2
    remove_canned_reply(reply=reply)
    with django_capture_on_commit_callbacks(execute=True):
        hourly()
    assert not CannedFile.objects.exists()
    assert on_disk(tmp_path) == 1
    assert bytes_of(desk.get(f"attachments/{file}")) == PDF
    # Whoever deletes the last line that shows it, deletes the bytes.
    with django_capture_on_commit_callbacks(execute=True):
        remove_files(ids=[File.objects.get(public_id=file).pk])
    assert on_disk(tmp_path) == 0


def test_a_file_that_no_message_took_goes_and_the_reply_keeps_its_bytes(
    desk: Desk,
    reply: CannedReply,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    canned = reply.files.earliest("pk")
    file = attached(desk, canned)
    with django_capture_on_commit_callbacks(execute=True):
        assert purge_attachments(now=timezone.now() + timedelta(hours=25)) == 1
    assert desk.get(f"attachments/{file}").status_code == 404
    place = f"canned-replies/{reply.pk}/files/{canned.public_id}"
    assert bytes_of(desk.get(place)) == PDF
    assert on_disk(tmp_path) == 2
    again = attached(desk, canned)
    assert bytes_of(desk.get(f"attachments/{again}")) == PDF


@pytest.mark.parametrize("whose", ["agent", "brand", "team"])
def test_files_go_with_whose_replies_went(
    tmp_path: Path, whose: str, django_capture_on_commit_callbacks: Commits
) -> None:
    owner = {"agent": make_agent(), "brand": make_brand(), "team": make_team()}[whose]
    told = {"shortcut": "x", "title": "x", "body": "x", "language": "en"}
    reply = CannedReply.objects.create(**told, **{whose: owner})
    add_reply_files(reply=reply, files=[clean_file(PDF, "a.pdf")], now=timezone.now())
    type(owner).objects.filter(pk=owner.pk).delete()
    assert not CannedReply.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        hourly()
    assert on_disk(tmp_path) == 0


def test_a_file_that_has_just_been_let_go_is_not_taken_over(shop: Shop, reply: CannedReply) -> None:
    file = reply.files.earliest("pk")
    remove_canned_reply(reply=reply)
    with pytest.raises(CannedFile.DoesNotExist):
        attach_canned_file(file=file, by=shop.elif_, now=timezone.now())
    assert not File.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_is_taken_over_while_its_reply_is_deleted_has_its_bytes(
    shop: Shop, reply: CannedReply
) -> None:
    def remove() -> None:
        try:
            remove_canned_reply(reply=reply)
            hourly()
        finally:
            connections.close_all()

    thread = threading.Thread(target=remove)
    with transaction.atomic():
        kept = attach_canned_file(
            file=reply.files.earliest("pk"), by=shop.elif_, now=timezone.now()
        )
        thread.start()
        until = time.monotonic() + 60
        while thread.is_alive() and not somebody_waits():
            assert time.monotonic() < until
    thread.join(60)
    assert not CannedFile.objects.exists()
    with kept.file.file.open("rb") as content:
        assert content.read() == PDF


def test_the_picker_names_the_files_and_costs_no_more_with_more_of_them(
    client: Client, shop: Shop, reply: CannedReply
) -> None:
    client.force_login(shop.elif_)
    chat = taken(started(open_widget(shop.brand)), shop.elif_)
    ticket = opened(shop.brand, team=shop.team, language="en")

    def costs() -> list[int]:
        counted = []
        for place in (f"chats/{chat.public_id}", f"tickets/{ticket.pk}"):
            with CaptureQueriesContext(connection) as seen:
                answer = client.get(f"/console/{place}/canned/")
            offered = {each["id"]: each for each in answer.json()["replies"]}
            assert offered[reply.pk]["files"] == [file.wire for file in reply.files.order_by("pk")]
            counted.append(len(seen))
        return counted

    # The first asks once what later ones know.
    costs()
    before = costs()
    for n in range(3):
        more = CannedReply.objects.create(shortcut=f"s{n}", title="x", body="x", language="en")
        add_reply_files(reply=more, files=[clean_file(PDF, "a.pdf")], now=timezone.now())
    assert costs() == before
