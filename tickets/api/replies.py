"""The timeline of a ticket: read it, reply, note, and take a reply back."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of
from agents.api.schema import problems_of
from config.web.api import valid
from config.web.problems import Problem
from tickets.api.bodies import AddressBody, AfterQuery, ReplyBody, SayBody, SeqBody
from tickets.api.shapes import HeldAnswer, SaidAnswer, TicketEntriesAnswer, UnsaidAnswer
from tickets.api.tickets import visible_ticket
from tickets.models import Entry
from tickets.operations.changes import WrongValue
from tickets.operations.deliveries import confirm_address
from tickets.operations.replies import (
    TooLateToUnsay,
    UnknownFile,
    UnsayableText,
    say,
    unsay,
)


class TicketEntries(DeskView):
    """`tickets/{number}/entries`."""

    @extend_schema(
        operation_id="ticket_entries",
        parameters=[AfterQuery],
        responses={200: TicketEntriesAnswer, **problems_of(400, 404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Return the timeline after a number, notes included."""
        ticket = visible_ticket(request, pk)
        query = valid(AfterQuery, request)
        lines = ticket.entries.filter(seq__gt=query["after"]).order_by("seq")
        found = list(
            lines.select_related("agent", "ticket__contact").prefetch_related("deliveries")[
                : query["limit"] + 1
            ]
        )
        more = len(found) > query["limit"]
        batch = {"entries": found[: query["limit"]], "head": ticket.last_seq, "more": more}
        return Response(TicketEntriesAnswer(batch).data)


class TicketMessages(DeskView):
    """`tickets/{number}/messages`."""

    @extend_schema(
        operation_id="ticket_reply",
        request=ReplyBody,
        responses={201: SaidAnswer, 200: SaidAnswer, **problems_of(400, 403, 404)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Reply to the customer by e-mail; the same `cid` again answers the stored line."""
        return _say(request, pk, ReplyBody)


class TicketNotes(DeskView):
    """`tickets/{number}/notes`."""

    @extend_schema(
        operation_id="ticket_note",
        request=SayBody,
        responses={201: SaidAnswer, 200: SaidAnswer, **problems_of(400, 403, 404)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add an internal note, which no customer ever sees."""
        return _say(request, pk, SayBody, is_note=True)


class TakeBack(DeskView):
    """`tickets/{number}/take-back`."""

    @extend_schema(
        operation_id="ticket_take_back",
        request=SeqBody,
        responses={200: UnsaidAnswer, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take an own reply back before it leaves."""
        ticket = visible_ticket(request, pk)
        seq = valid(SeqBody, request)["seq"]
        entry = Entry.objects.filter(ticket=ticket, seq=seq).select_related("ticket").first()
        try:
            if entry is None:
                raise TooLateToUnsay
            unsaid = unsay(entry=entry, by=agent_of(request), now=timezone.now())
        except TooLateToUnsay as error:
            raise Problem(409, "too_late", _("Too late: it is done.")) from error
        return Response(UnsaidAnswer(unsaid).data)


class ConfirmAddress(DeskView):
    """`tickets/{number}/confirm-address`."""

    @extend_schema(
        operation_id="ticket_confirm_address",
        request=AddressBody,
        responses={200: HeldAnswer, **problems_of(400, 403, 404)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Mail an address again that mail came back from; what was held back here leaves now."""
        ticket = visible_ticket(request, pk)
        address = valid(AddressBody, request)["address"]
        try:
            sent = confirm_address(
                ticket=ticket, address=address, by=agent_of(request), now=timezone.now()
            )
        except WrongValue as error:
            text = _("No e-mail of this ticket goes there.")
            raise serializers.ValidationError({"address": [text]}) from error
        return Response({"sent": sent})


def _say(request: Request, number: int, body: type[SayBody], *, is_note: bool = False) -> Response:
    ticket = visible_ticket(request, number)
    said: dict[str, Any] = valid(body, request)
    try:
        entry, is_new = say(
            ticket=ticket,
            by=agent_of(request),
            client_id=str(said.pop("cid")),
            file_ids=said.pop("attachments"),
            now=timezone.now(),
            is_note=is_note,
            **said,
        )
    except UnsayableText as error:
        raise serializers.ValidationError({"text": [_("This can't be sent.")]}) from error
    except UnknownFile as error:
        text = _("There is no such file.")
        raise serializers.ValidationError({"attachments": [text]}) from error
    except WrongValue as error:
        text = _("This was said in another ticket.")
        raise serializers.ValidationError({"cid": [text]}) from error
    return Response(SaidAnswer(entry).data, status=201 if is_new else 200)
