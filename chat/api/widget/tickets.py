"""What became of a visitor's requests that no chat could finish."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.widget.access import WidgetView, limit_visitor, session_of
from chat.models import Visitor
from chat.rights.visitors import own_chats
from config.web.rate_limits import READS
from tickets.mail.letters import page_address
from tickets.models import Ticket
from tickets.tokens import is_unmailed

# The newest are enough for a small panel; older ones are in the customer's mails.
_LISTED = 10


class OwnTicketAnswer(serializers.Serializer[Any]):
    """A ticket as its visitor sees it; `says` is the status in the visitor's language.

    `url` opens its page, and is null where what is mailed might not be this visitor's to read.
    """

    number = serializers.IntegerField()
    subject = serializers.CharField()
    status = serializers.ChoiceField(Ticket.Status.choices)
    says = serializers.CharField()
    url = serializers.URLField(allow_null=True)


class Tickets(WidgetView):
    """`tickets`."""

    @extend_schema(operation_id="widget_tickets", responses={200: OwnTicketAnswer(many=True)})
    def get(self, request: Request) -> Response:
        """List the tickets that this visitor's own chats and messages became, newest first."""
        limit_visitor(request, READS)
        return Response(_tickets_json(session_of(request).visitor))


def _tickets_json(visitor: Visitor | None) -> list[dict[str, Any]]:
    if visitor is None:
        return []
    # By the chats and not by the customer: whoever gave an address has not shown it is theirs.
    found = Ticket.objects.filter(pk__in=own_chats(visitor).values("ticket"), is_spam=False)
    return [
        {
            "number": ticket.number,
            "subject": ticket.subject,
            "status": ticket.status,
            "says": ticket.get_status_display(),
            "url": page_address(ticket) if _may_open(visitor, ticket) else None,
        }
        for ticket in found.select_related("contact").order_by("-pk")[:_LISTED]
        # The chat it was made in case of was answered.
        if not ticket.is_closed_net
    ]


def _may_open(visitor: Visitor, ticket: Ticket) -> bool:
    """Return whether a visitor may read all that is said in a ticket, also by e-mail.

    Agents answer to the customer's address because only its owner reads there, and anybody may have
    typed it: it must be signed. Where there is none, nothing may have been mailed to anybody.
    """
    address = ticket.address.casefold()
    if not address:
        return is_unmailed(ticket)
    return visitor.signed.get("email", "").casefold() == address
