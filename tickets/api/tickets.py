"""Tickets: find, open and change them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from agents.access import brands_of
from agents.api.desk import CursorPages, DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.models import Brand, Tag
from agents.models.tag import NAME_MAX
from agents.operations.tags import InvalidTag, clean_name
from config.text.cleaning import key_of
from config.web.api import valid
from config.web.problems import Problem
from tickets.api.bodies import BlockBody, ChangeBody, ManyBody, OpenBody, TicketQuery
from tickets.api.shapes import TicketAnswer
from tickets.models import Ticket
from tickets.operations.blocking import block_sender, unblock_sender
from tickets.operations.changes import NotTheirs, WrongValue
from tickets.operations.contacts import create_contact
from tickets.operations.editing import edit_ticket
from tickets.operations.entries import Said
from tickets.operations.many import change_many
from tickets.operations.tags import TAGS_MAX, TooManyTicketTags
from tickets.operations.tickets import open_ticket
from tickets.queries.likeness import others_like
from tickets.queries.ticket_list import Folder, tickets_in
from tickets.rights import may_open


class TicketPages(CursorPages):
    """Newest change first."""

    ordering = ("-updated_at", "-pk")


class Tickets(DeskView, generics.ListAPIView[Ticket]):
    """`tickets`."""

    serializer_class = TicketAnswer
    pagination_class = TicketPages
    queryset = Ticket.objects.none()

    def get_queryset(self) -> QuerySet[Ticket]:
        """Return what the caller may see and wants to."""
        wish = _wish(self.request)
        folder, brand_id = Folder(wish.pop("folder")), wish.pop("brand", None)
        found = tickets_in(reach_of(self.request), folder, brand_id=brand_id, wish=wish)
        return with_names(found.defer("search"))

    def get_serializer(self, rows: Sequence[Ticket], **options: Any) -> Any:
        """Bring along who else the customers of a page may be."""
        likes = others_like(reach_of(self.request), {row.contact_id for row in rows})
        return TicketAnswer(rows, context={"likes": likes}, **options)

    @extend_schema(
        operation_id="tickets",
        parameters=[TicketQuery],
        responses={200: TicketAnswer(many=True), **problems_of(400)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return tickets, newest change first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="ticket_open",
        request=OpenBody,
        responses={201: TicketAnswer, **problems_of(400, 403)},
    )
    def post(self, request: Request) -> Response:
        """Open a ticket with what the customer said."""
        said, now, agent = valid(OpenBody, request), timezone.now(), agent_of(request)
        brand = _brand(request, said.get("brand"))
        topic = said.get("topic")
        if topic is not None and topic.brand_id != brand.pk:
            raise serializers.ValidationError({"topic": [_("There is none with this id.")]})
        language = brand.default_language
        ticket = open_ticket(
            brand=brand,
            contact=create_contact(
                name=said["name"],
                email=said["email"],
                phone=said["phone"],
                language=language,
                brand=brand,
                now=now,
            ),
            topic=topic,
            subject=said["subject"],
            said=[Said(body=said["text"], at=now)],
            language=language,
            source=said["source"],
            data={},
            origin_key=None,
            by=agent,
            now=now,
            kind=said["type"],
            priority=said["priority"],
        )
        return Response(shown(request, ticket), status=201)


class OneTicket(DeskView):
    """`tickets/{number}`."""

    @extend_schema(operation_id="ticket", responses={200: TicketAnswer, **problems_of(404)})
    def get(self, request: Request, pk: int) -> Response:
        """Return one ticket."""
        return Response(shown(request, visible_ticket(request, pk)))

    @extend_schema(
        operation_id="ticket_change",
        request=ChangeBody,
        responses={200: TicketAnswer, **problems_of(400, 403, 404, 409)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change a ticket, all or nothing."""
        ticket = visible_ticket(request, pk)
        changes = valid(ChangeBody, request)
        try:
            changed = edit_ticket(
                ticket=ticket,
                by=agent_of(request),
                now=timezone.now(),
                tags=changes.pop("tags", None),
                is_spam=changes.pop("spam", None),
                changes=changes,
            )
        except InvalidTag as error:
            text = _("A tag has 1 to {n} characters.").format(n=NAME_MAX)
            raise serializers.ValidationError({"tags": [text]}) from error
        except TooManyTicketTags as error:
            text = _("A ticket has at most {n} tags.").format(n=TAGS_MAX)
            raise Problem(409, "full", text) from error
        except WrongValue as error:
            text = _("This could not be changed.")
            raise serializers.ValidationError({"detail": [text]}) from error
        except NotTheirs as error:
            text = _("This agent does not work on tickets like this one.")
            raise Problem(409, "not_authorised", text) from error
        return Response(shown(request, changed))


class ManyAnswer(serializers.Serializer[Any]):
    """The numbers of the tickets that are different now."""

    changed = serializers.ListField(child=serializers.IntegerField())


class ManyTickets(DeskView):
    """`tickets/many`."""

    @extend_schema(
        operation_id="tickets_change",
        request=ManyBody,
        responses={200: ManyAnswer, **problems_of(400)},
    )
    def post(self, request: Request) -> Response:
        """Change many tickets; one that refuses, or that the caller may not see, stays as it is."""
        changes = valid(ManyBody, request)
        numbers = changes.pop("tickets")
        try:
            done = change_many(
                tickets=Ticket.objects.visible_to(reach_of(request)).filter(pk__in=numbers),
                by=agent_of(request),
                now=timezone.now(),
                tag=clean_name(changes.pop("tag")) if "tag" in changes else "",
                is_spam=changes.pop("spam", None),
                changes=changes,
            )
        except InvalidTag as error:
            text = _("A tag has 1 to {n} characters.").format(n=NAME_MAX)
            raise serializers.ValidationError({"tag": [text]}) from error
        return Response({"changed": [each.ticket_id for each in done]})


class Block(DeskView):
    """`tickets/{number}/block`."""

    @extend_schema(
        operation_id="ticket_block",
        request=BlockBody,
        responses={200: TicketAnswer, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take no more mail from the ticket's customer; the ticket is spam."""
        ticket, given = visible_ticket(request, pk), valid(BlockBody, request)
        try:
            block_sender(
                ticket=ticket, by=agent_of(request), now=timezone.now(), reason=given["reason"]
            )
        except WrongValue as error:
            raise Problem(
                409, "no_email", _("No mail has come from the customer's address.")
            ) from error
        return Response(shown(request, ticket))

    @extend_schema(
        operation_id="ticket_unblock", responses={200: TicketAnswer, **problems_of(403, 404)}
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Take the customer's mail again."""
        ticket = visible_ticket(request, pk)
        unblock_sender(ticket=ticket, by=agent_of(request), now=timezone.now())
        return Response(shown(request, ticket))


def visible_ticket(request: Request, number: int) -> Ticket:
    """Return a ticket that the caller may see; else it is not found."""
    ticket = with_names(Ticket.objects.visible_to(reach_of(request))).filter(pk=number).first()
    if ticket is None:
        raise NotFound
    return ticket


def with_names(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Bring along what a ticket's shape names."""
    return tickets.select_related("brand", "contact", "topic", "team", "assignee").prefetch_related(
        Prefetch("tags", Tag.objects.order_by("folded"))
    )


def shown(request: Request, ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as it stands now."""
    fresh = with_names(Ticket.objects.filter(pk=ticket.pk)).get()
    context = {"likes": others_like(reach_of(request), [fresh.contact_id])}
    found: dict[str, Any] = TicketAnswer(fresh, context=context).data
    return found


def _wish(request: Request) -> dict[str, Any]:
    """Return what the address wishes for, as the list of the console does."""
    wish: dict[str, Any] = valid(TicketQuery, request)
    wish["status"] = ",".join(sorted(wish.get("status", ())))
    wish["spam"] = "1" if wish["spam"] else ""
    return wish


def _brand(request: Request, key: str | None) -> Brand:
    """Return the brand that is named, or the only one there is. Raises 400 or 403."""
    access = reach_of(request)
    ours = [
        brand for brand in brands_of(access).filter(is_active=True) if may_open(access, brand.pk)
    ]
    if not ours:
        raise PermissionDenied
    if key is None and len(ours) == 1:
        return ours[0]
    brand = next((each for each in ours if each.pk == key_of(key)), None)
    if brand is None:
        raise serializers.ValidationError({"brand": [_("Name one of your brands.")]})
    return brand
