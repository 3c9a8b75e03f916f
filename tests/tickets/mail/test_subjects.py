"""What mails are about: kept as long as the column is, shown where it is another, and found."""

import pytest
from django.utils import timezone

from config.text.folding import fold
from tests.tickets.mail.samples import reply, take_in, written
from tickets.models import Ticket
from tickets.operations.lines import write_search
from tickets.rights import lock_ticket

pytestmark = pytest.mark.django_db

LONG = (
    "Geçen salı verdiğim siparişin kutusu ıslak geldi, içindeki iki kitabın sayfaları birbirine "
    "yapışmış, yenisini gönderir misiniz yoksa parasını mı iade edersiniz?"
)


def test_a_question_that_stands_in_the_subject_alone_is_kept_whole(mailbox, seen):
    entry = take_in(mailbox, written(" ", subject=LONG)).entry
    assert (entry.ticket.subject, entry.body) == (LONG, LONG)
    endless = take_in(mailbox, written("Ekte.", subject=f"{LONG} {LONG}")).entry
    assert len(endless.ticket.subject) <= 200
    assert f"Başlık: {LONG} {LONG}" in seen(endless.ticket)


def test_the_subject_of_an_answer_is_nobodys_words(mailbox, ticket, sent, seen):
    entry = take_in(mailbox, reply(sent, " ")).entry
    assert (entry.ticket, entry.body) == (ticket, "(metin yok)")
    assert "Başlık:" not in seen(ticket)


def test_an_answer_under_another_subject_shows_it_and_is_found_by_it(mailbox, ticket, sent, seen):
    take_in(mailbox, reply(sent, "Bir de bu var.", subject="Re: Fatura adresim yanlış [#1]"))
    assert "Başlık: Fatura adresim yanlış<" in seen(ticket)
    ticket.refresh_from_db()
    assert fold("Fatura adresim yanlış") in ticket.search
    locked = lock_ticket(ticket, by=None)
    write_search(locked)
    assert fold("Fatura adresim yanlış") in locked.search


def test_a_new_name_of_a_ticket_leaves_what_the_mail_was_called(mailbox, seen):
    ticket = take_in(mailbox, written(subject="acil!!!")).entry.ticket
    assert "Başlık:" not in seen(ticket)
    Ticket.objects.filter(pk=ticket.pk).update(subject="Kargo kayıp", updated_at=timezone.now())
    assert "Başlık: acil!!!" in seen(ticket)
