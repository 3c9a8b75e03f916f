"""The customer's page of a ticket: who gets in, what it shows, and what can be done there."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.outbox.operations import drain
from tests.support.http import picture
from tests.tickets.mail.samples import answer
from tickets.mail.send import confirm_ticket, send_ticket_mail
from tickets.models import File, Ticket
from tickets.operations.addresses import mark_dead
from tickets.operations.changes import change_ticket
from tickets.operations.contacts import set_email
from tickets.tokens import page_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, ticket) -> Client:
    """İpek's browser, after the link in her mail."""
    client.get(link_of(ticket))
    return client


def link_of(ticket) -> str:
    return reverse("ticket-link", args=[ticket.pk, page_token(ticket, now=timezone.now())])


def address(ticket) -> str:
    return reverse("ticket-page", args=[ticket.pk])


def say(page, ticket, text="Teşekkürler.", **more):
    body = {"text": text, "key": uuid.uuid4()} | more
    return page.post(address(ticket), body)


def test_the_link_of_a_mail_becomes_a_cookie_and_an_address_that_opens_nothing(
    client,
    mailbox,
    smtp,
    ticket,
    elif_,
):
    answer(ticket, elif_, "Bugün yola çıktı.", cc=["can@example.org"])
    drain("mail")
    mails = {each["To"]: each for each in smtp.taken}
    plain = mails["ipek@example.com"].get_body(("plain",)).get_content()
    html = mails["ipek@example.com"].get_body(("html",)).get_content()
    link = re.search(r"http\S+/t/\S+", plain).group()
    assert link in html
    # Whoever stands in copy reads what is sent from now on, and not what was said before.
    assert "/t/" not in mails["can@example.org"].as_string()
    opened = client.get(re.sub(r"^https?://[^/]+", "", link))
    assert (opened.status_code, opened["Location"]) == (302, address(ticket))
    cookie = opened.cookies[f"imece_t{ticket.pk}"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (
        address(ticket),
        True,
        "Lax",
    )
    shown = client.get(address(ticket))
    text = shown.content.decode()
    assert '<html lang="tr"' in text
    assert "Kargom nerede?" in text
    assert "Bugün yola çıktı." in text
    assert "Elif Kaya" in text
    assert page_token(ticket, now=timezone.now()) not in text
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=", text)
    assert "no-store" in shown["Cache-Control"]
    assert Client().get(address(ticket)).status_code == 404


def test_nothing_opens_it_but_the_link_of_now(client, ticket, brand):
    other = Ticket.objects.create(
        brand=brand, contact=ticket.contact, subject="x", source="email", language="tr"
    )
    for token in (
        "a" * 32,
        page_token(other, now=timezone.now()),
        page_token(ticket, now=timezone.now())[:-1],
    ):
        refused = client.get(reverse("ticket-link", args=[ticket.pk, token]))
        assert refused.status_code == 404
        # The way in is another mail, never the agents' door.
        assert "newest e-mail" in refused.content.decode()
        assert 'href="/"' not in refused.content.decode()
    client.get(link_of(ticket))
    assert client.get(address(ticket)).status_code == 200
    assert client.get(address(other)).status_code == 404
    # Somebody else's address now: the old link was the old owner's.
    set_email(contact=ticket.contact, email="baska@example.com")
    assert client.get(address(ticket)).status_code == 404
    assert client.get(address(ticket) + "colors.css").status_code == 404


@pytest.mark.usefixtures("early_in_the_hour")
def test_a_link_wears_out_and_a_new_one_is_mailed_where_it_went(client, mailbox, smtp, ticket):
    old = link_of(ticket)
    with time_machine.travel(timezone.now() + timedelta(days=92), tick=True):
        shown = client.get(old)
        assert (shown.status_code, f"imece_t{ticket.pk}" in shown.cookies) == (404, False)
        assert "yeni bağlantı" in shown.content.decode()
        pressed = [client.post(old) for _ in range(3)]
        assert [each.status_code for each in pressed] == [200, 429, 429]
        said = ["yola çıktı" in each.content.decode() for each in pressed]
        assert said == [True, False, False]
        assert "Yakın zamanda" in pressed[-1].content.decode()
        drain("mail")
        assert [each["To"] for each in smtp.taken] == ["ipek@example.com"]
        plain = smtp.taken[0].get_body(("plain",)).get_content()
        fresh = re.search(r"/t/\S+", plain).group()
        assert client.get(fresh).status_code == 302
        assert client.get(address(ticket)).status_code == 200
        # Of what we did not write nothing is known, old or not.
        assert client.post(link_of(ticket)[:-3] + "11/").status_code == 404
        # No other mail to her is kept back by the presses.
        assert confirm_ticket(ticket=ticket, own=mailbox, to="ipek@example.com")
        for key in ("a", "b"):
            mail = {"subject": "Yeni", "text": "Yeni.", "key": key}
            send_ticket_mail(ticket=ticket, to="ipek@example.com", **mail)
    assert len(smtp.taken) == 1


@pytest.mark.parametrize("why", ["no address", "dead"])
def test_no_new_link_is_offered_where_none_can_be_mailed(client, mailbox, smtp, ticket, why):
    if why == "dead":
        mark_dead(address=ticket.contact.email, detail="", now=timezone.now())
    else:
        set_email(contact=ticket.contact, email="")
        ticket.refresh_from_db()
    old = link_of(ticket)
    with time_machine.travel(timezone.now() + timedelta(days=92), tick=True):
        for shown in (client.get(old), client.post(old)):
            assert shown.status_code == 404
            assert "90 günden" in shown.content.decode()
            assert "<button" not in shown.content.decode()
        assert drain("mail") == 0


def test_notes_and_what_can_still_be_taken_back_are_not_shown(
    page,
    ticket,
    elif_,
    settings,
):
    settings.IMECE = settings.IMECE | {"REPLY_UNDO_SECONDS": 60}
    answer(ticket, elif_, "Bu müşteri zor.", is_note=True)
    answer(ticket, elif_, "Yanlış sözler.")
    text = page.get(address(ticket)).content.decode()
    assert "zor" not in text
    assert "Yanlış" not in text
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        assert "Yanlış" in page.get(address(ticket)).content.decode()


def test_an_answer_wakes_the_ticket_and_counts_once(page, ticket, elif_):
    change_ticket(ticket=ticket, by=elif_, now=timezone.now(), changes={"status": "waiting"})
    key = uuid.uuid4()
    for _ in range(2):
        assert say(page, ticket, "Hâlâ <b>gelmedi</b>.", key=key).status_code == 302
    ticket.refresh_from_db()
    assert ticket.status == "open"
    line = ticket.entries.get(body__startswith="Hâlâ")
    assert (line.author_kind, line.agent) == ("customer", None)
    assert "Hâlâ &lt;b&gt;gelmedi&lt;/b&gt;." in page.get(address(ticket)).content.decode()


def test_files_are_cleaned_and_only_those_of_the_page_can_be_had(
    page,
    ticket,
    elif_,
):
    files = [
        SimpleUploadedFile("foto.png", picture()),
        SimpleUploadedFile("not.txt", b"selam\n"),
    ]
    assert say(page, ticket, "", attached=files).status_code == 302
    text = page.get(address(ticket)).content.decode()
    links = set(re.findall(r'href="(/t/\d+/files/[^"]+)"', text))
    assert len(links) == 2
    for link in links:
        got = page.get(link)
        assert (got.status_code, got["X-Content-Type-Options"]) == (200, "nosniff")
        assert Client().get(link).status_code == 404
    bad = say(page, ticket, "Bakın", attached=[SimpleUploadedFile("x.png", b"<svg onload=x>")])
    assert bad.status_code == 400
    assert "“x.png” alınmadı" in bad.content.decode()
    assert "Bakın" in bad.content.decode()
    before = File.objects.count()
    note = answer(ticket, elif_, "not", is_note=True)
    hidden = File.objects.first()
    note.files.add(hidden)
    ticket.entries.get(kind="message", files=hidden).files.clear()
    url = reverse("ticket-file", args=[ticket.pk, hidden.public_id])
    assert page.get(url).status_code == 404
    assert File.objects.count() == before


def test_nothing_said_is_refused_and_too_much_for_now(page, ticket):
    assert "Önce bir şey yazın." in say(page, ticket, " \u200b").content.decode()
    for _ in range(29):
        assert say(page, ticket).status_code == 302
    assert say(page, ticket).status_code == 429
    assert ticket.entries.filter(author_kind="customer", kind="message").count() == 30


def test_the_customer_closes_the_ticket_and_opens_it_again_by_writing(page, ticket):
    page.post(reverse("ticket-close", args=[ticket.pk]))
    ticket.refresh_from_db()
    assert ticket.status == "resolved"
    assert "kapattı" in ticket.entries.get(kind="note").body
    assert "yeniden açarız" in page.get(address(ticket)).content.decode()
    say(page, ticket, "Yine oldu.")
    ticket.refresh_from_db()
    assert ticket.status == "open"


def test_long_after_an_answer_goes_on_in_a_ticket_that_follows(page, ticket):
    page.post(reverse("ticket-close", args=[ticket.pk]))
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        page.get(link_of(ticket))
        told = page.get(address(ticket)).content.decode()
        assert "başka bir talepte" in told
        assert "yeniden açarız" not in told
        sent = say(page, ticket, "Yine oldu.")
        new = Ticket.objects.latest("pk")
        assert new.data == {"follows": ticket.pk}
        assert sent["Location"].startswith(address(new))
        assert "Yine oldu." in page.get(address(new)).content.decode()


def test_a_ticket_that_follows_is_open_no_longer_than_the_link_that_led_to_it(page, ticket):
    page.post(reverse("ticket-close", args=[ticket.pk]))
    old, start = link_of(ticket), timezone.now()
    with time_machine.travel(start + timedelta(days=89), tick=True):
        page.get(old)
        assert say(page, ticket, "Yine oldu.").status_code == 302
        new = Ticket.objects.latest("pk")
        assert page.get(address(new)).status_code == 200
        held = page.cookies[f"imece_t{new.pk}"].value
    with time_machine.travel(start + timedelta(days=92), tick=True):
        page.cookies[f"imece_t{new.pk}"] = held
        assert page.get(address(new)).status_code == 404


def test_a_press_from_elsewhere_does_nothing(ticket):
    strict = Client(enforce_csrf_checks=True)
    strict.get(link_of(ticket))
    assert strict.post(reverse("ticket-close", args=[ticket.pk])).status_code == 403
    assert say(strict, ticket).status_code == 403


def test_it_speaks_the_language_of_the_ticket(page, ticket):
    for language, words in (("tr", "Gönder"), ("en", "Send")):
        Ticket.objects.filter(pk=ticket.pk).update(language=language)
        text = page.get(address(ticket), HTTP_ACCEPT_LANGUAGE="de").content.decode()
        assert f'lang="{language}"' in text
        assert words in text


def test_it_has_the_colours_of_the_brand(page, ticket):
    ticket.brand.primary_color = "#123456"
    ticket.brand.save()
    sheet = page.get(reverse("ticket-colors", args=[ticket.pk]))
    assert sheet["Content-Type"] == "text/css"
    assert "--brand-primary:#123456;" in sheet.content.decode()
