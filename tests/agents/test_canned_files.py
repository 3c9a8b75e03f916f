"""Files of canned replies: kept on the pages on which replies are written, and over HTTP."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents import reply_form
from agents.files import FILES_MAX
from agents.models import Agent, CannedFile, CannedReply
from agents.operations.canned import TooManyReplies, add_canned_reply, add_reply_files
from chat.protocol import ATTACHMENTS_MAX
from config.files.cleaning import clean_file
from tests.support.factories import make_agent
from tests.support.http import Desk, make_shop, picture

pytestmark = pytest.mark.django_db

PAGE = "/profile/canned/"
ADD = "/admin/agents/cannedreply/add/"
PDF = b"%PDF-1.7\n1 0 obj\n"


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def typed(*files, **changes) -> dict:
    told = {"shortcut": "fiyat", "title": "Fiyatlar", "body": "Ekte.", "language": "tr"}
    return told | {"added": [SimpleUploadedFile(*file) for file in files]} | changes


def replied(agent=None, *files, **changes) -> CannedReply:
    told = {"shortcut": "x", "title": "X", "body": "x", "language": "tr"} | changes
    reply = CannedReply.objects.create(agent=agent, **told)
    clean = [clean_file(content, name) for name, content in files]
    add_reply_files(reply=reply, files=clean, now=timezone.now())
    return reply


def names(reply) -> list[str]:
    return list(reply.files.order_by("pk").values_list("name", flat=True))


def on_disk(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_an_agent_adds_files_to_an_own_reply_reads_them_and_takes_one_away(client, elif_):
    told = typed(("fiyat.pdf", PDF), ("ürün.png", picture()))
    assert client.post(PAGE, told).status_code == 302
    reply = CannedReply.objects.get()
    assert names(reply) == ["fiyat.pdf", "ürün.png"]
    first, second = reply.files.order_by("pk")
    place = f"/api/v1/canned-replies/{reply.pk}/files/{first.public_id}"
    for page in (PAGE, f"{PAGE}{reply.pk}/"):
        text = client.get(page).content.decode()
        assert f'href="{place}"' in text
        assert "fiyat.pdf" in text
        assert "(17 bayt)" in text.replace("\xa0", " ")
    read = client.get(place)
    assert b"".join(read.streaming_content) == PDF
    assert read["Content-Disposition"].startswith("attachment")
    changes = typed(("not.txt", b"merhaba"), removed=[first.pk])
    assert client.post(f"{PAGE}{reply.pk}/", changes).status_code == 302
    assert names(reply) == ["ürün.png", "not.txt"]
    assert client.get(place).status_code == 404
    assert second.public_id in client.get(PAGE).content.decode()


def test_the_administration_does_it_for_everybody_and_reads_those_of_one_agent(boss_client, boss):
    assert boss_client.post(ADD, typed(("fiyat.pdf", PDF))).status_code == 302
    reply = CannedReply.objects.get()
    assert names(reply) == ["fiyat.pdf"]
    page = reverse("admin:agents_cannedreply_change", args=[reply.pk])
    (file,) = reply.files.all()
    text = boss_client.get(page).content.decode()
    place = f"/admin/agents/cannedreply/{reply.pk}/files/{file.public_id}/"
    assert f'href="{place}"' in text
    assert b"".join(boss_client.get(place).streaming_content) == PDF
    assert boss_client.post(page, typed(removed=[file.pk])).status_code == 302
    assert names(reply) == []
    assert "Remove files" not in boss_client.get(page).content.decode()
    theirs = replied(make_agent(), ("a.pdf", PDF))
    (file,) = theirs.files.all()
    place = f"/admin/agents/cannedreply/{theirs.pk}/files/{file.public_id}/"
    assert boss_client.get(place).status_code == 200
    # At the desk it is their own.
    desks = f"canned-replies/{theirs.pk}/files/{file.public_id}"
    assert Desk(boss).get(desks).status_code == 404


def test_who_does_not_administer_reads_nothing_there(client, elif_):
    reply = replied(None, ("a.pdf", PDF))
    (file,) = reply.files.all()
    place = f"/admin/agents/cannedreply/{reply.pk}/files/{file.public_id}/"
    assert client.get(place, follow=True).status_code == 403
    client.logout()
    assert client.get(place).status_code == 302


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "“a.exe” was left out: files of this kind are not taken."),
        ("tr", "“a.exe” alınmadı: bu türden dosyalar alınmıyor."),
    ],
)
def test_what_is_not_taken_is_said_beside_its_field_and_nothing_typed_is_lost(
    client, elif_, language, words
):
    Agent.objects.filter(pk=elif_.pk).update(language=language)
    files = [("ok.pdf", PDF), ("a.exe", b"MZ\x90\x00" + bytes(range(256)))]
    answer = client.post(PAGE, typed(*files, body="Uzun uzun yazdım"))
    assert answer.status_code == 400
    assert dict(answer.context["form"].errors) == {"added": [words]}
    text = answer.content.decode()
    assert "Uzun uzun yazdım</textarea>" in text
    assert 'id="id_added_error"' in text
    assert not CannedReply.objects.exists()
    assert not CannedFile.objects.exists()


@pytest.mark.parametrize("page", [PAGE, ADD])
def test_files_beside_another_error_are_to_be_chosen_again(boss_client, page, tmp_path):
    answer = boss_client.post(page, typed(("ok.pdf", PDF), title=""))
    shown = answer.context["form"] if page == PAGE else answer.context["adminform"].form
    assert set(shown.errors) == {"title", "added"}
    assert shown.errors["added"] == ["Choose the files again: nothing was saved yet."]
    assert on_disk(tmp_path) == 0


def test_a_reply_has_no_more_files_than_a_message_takes(client, elif_, tmp_path):
    assert FILES_MAX == ATTACHMENTS_MAX
    reply = replied(elif_, *((f"{n}.txt", b"x") for n in range(FILES_MAX)))
    desk = Desk(elif_)
    full = desk.upload(b"x", "b.txt", path=f"canned-replies/{reply.pk}/files")
    assert (full.status_code, full.json()["code"]) == (409, "full")
    answer = client.post(f"{PAGE}{reply.pk}/", typed(("b.txt", b"x")))
    assert list(answer.context["form"].errors) == ["added"]
    assert on_disk(tmp_path) == FILES_MAX
    # One goes as another comes.
    changes = typed(("b.txt", b"x"), removed=[reply.files.earliest("pk").pk])
    assert client.post(f"{PAGE}{reply.pk}/", changes).status_code == 302
    assert names(reply)[-1] == "b.txt"


def test_two_admins_who_fill_one_reply_at_once_lose_no_words(boss_client, boss, monkeypatch):
    reply = replied(boss, *((f"{n}.txt", b"x") for n in range(FILES_MAX)))
    # The form was looked at before the other one's files were there.
    monkeypatch.setattr(reply_form, "FILES_MAX", FILES_MAX + 1)
    page = reverse("admin:agents_cannedreply_change", args=[reply.pk])
    answer = boss_client.post(page, typed(("b.txt", b"x"), body="Yeni."), follow=True)
    assert "A canned reply has at most ten files." in answer.content.decode()
    reply.refresh_from_db()
    assert (reply.body, reply.files.count()) == ("Yeni.", FILES_MAX)


@pytest.mark.usefixtures("early_in_the_hour")
def test_files_of_replies_are_counted_as_uploads(client, elif_, settings):
    settings.IMECE = {**settings.IMECE, "UPLOADS_PER_MINUTE": 1}
    answer = client.post(PAGE, typed(("a.txt", b"x"), ("b.txt", b"x")))
    assert answer.context["form"].errors["added"] == ["Çok fazla istek. Lütfen biraz bekleyin."]
    desk, reply = Desk(elif_), replied(elif_)
    assert desk.upload(b"x", "a.txt", path=f"canned-replies/{reply.pk}/files").status_code == 429


def test_the_api_takes_names_gives_and_removes_files(shop):
    desk = Desk(shop.elif_)
    reply = replied(shop.elif_)
    files = f"canned-replies/{reply.pk}/files"
    added = desk.upload(PDF, "fiyat.pdf", path=files)
    assert added.status_code == 201
    file = added.json()
    assert file == {
        "id": file["id"],
        "name": "fiyat.pdf",
        "size": len(PDF),
        "type": "application/pdf",
    }
    assert desk.get("canned-replies").json()[0]["files"] == [file]
    assert desk.get(f"canned-replies/{reply.pk}").json()["files"] == [file]
    assert b"".join(desk.get(f"{files}/{file['id']}").streaming_content) == PDF
    assert desk.upload(b"MZ\x90\x00", "a.exe", path=files).status_code == 415
    assert desk.call("DELETE", f"{files}/{file['id']}").status_code == 204
    assert desk.get(f"{files}/{file['id']}").status_code == 404
    assert desk.get(f"canned-replies/{reply.pk}").json()["files"] == []


def test_who_may_use_a_reply_may_read_its_files_and_nobody_else(shop):
    desk = Desk(shop.elif_)
    shared = replied(None, ("a.pdf", PDF), brand=shop.brand)
    for theirs in (
        replied(make_agent(), ("a.pdf", PDF)),
        replied(None, ("a.pdf", PDF), team=make_shop().team),
    ):
        (file,) = theirs.files.all()
        for reply in (theirs, shared):
            place = f"canned-replies/{reply.pk}/files/{file.public_id}"
            assert desk.get(place).status_code == 404
            assert desk.call("DELETE", place).status_code == 404
        place = f"canned-replies/{theirs.pk}/files"
        assert desk.upload(PDF, "b.pdf", path=place).status_code == 404
    # A shared one is read, and changed in the administration.
    (file,) = shared.files.all()
    place = f"canned-replies/{shared.pk}/files"
    assert desk.get(f"{place}/{file.public_id}").status_code == 200
    assert desk.call("DELETE", f"{place}/{file.public_id}").status_code == 403
    assert desk.upload(PDF, "b.pdf", path=place).status_code == 403
    assert CannedFile.objects.exclude(reply=None).count() == 3


def test_nobody_removes_a_file_of_another_reply_by_the_page_of_an_own_one(client, elif_):
    own, theirs = replied(elif_, ("a.pdf", PDF)), replied(make_agent(), ("b.pdf", PDF))
    answer = client.post(f"{PAGE}{own.pk}/", typed(removed=[theirs.files.get().pk]))
    assert list(answer.context["form"].errors) == ["removed"]
    assert names(theirs) == ["b.pdf"]


def test_a_reply_that_is_refused_leaves_no_bytes_behind(elif_, monkeypatch, tmp_path):
    monkeypatch.setattr("agents.operations.canned.OWN_MAX", 0)
    file = clean_file(PDF, "a.pdf")
    told = {"shortcut": "x", "title": "x", "body": "x", "language": "tr"}
    with pytest.raises(TooManyReplies):
        add_canned_reply(by=elif_, added=[file], now=timezone.now(), **told)
    assert on_disk(tmp_path) == 0


def test_lists_cost_no_more_queries_with_more_files(client, elif_):
    desk = Desk(elif_)

    def costs() -> list[int]:
        counted = []
        for call in (lambda: client.get(PAGE), lambda: desk.get("canned-replies")):
            with CaptureQueriesContext(connection) as seen:
                assert call().status_code == 200
            counted.append(len(seen))
        return counted

    replied(elif_, ("a.pdf", PDF), shortcut="own")
    replied(None, ("a.pdf", PDF), shortcut="shared")
    # The first asks once what later ones know.
    costs()
    before = costs()
    for n in range(3):
        replied(elif_, ("a.pdf", PDF), ("b.pdf", PDF), shortcut=f"n{n}")
        replied(None, ("a.pdf", PDF), ("b.pdf", PDF), shortcut=f"s{n}")
    assert costs() == before
