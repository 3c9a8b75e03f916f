"""A visitor's words, and what was said since."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.schema import problems_of
from chat.api.answers import EntriesAnswer, PostedAnswer
from chat.api.messages import AfterQuery, SendBody, read_entries, send
from chat.api.widget.access import WidgetView, limit_visitor, own_conversation, visitor_of
from chat.posting.marks import mark_delivered
from chat.posting.messages import Author, Outgoing
from config.web.api import valid
from config.web.rate_limits import MESSAGES, READS


class Messages(WidgetView):
    """`conversations/{id}/messages`."""

    @extend_schema(
        operation_id="widget_message_send",
        request=SendBody,
        responses={201: PostedAnswer, 200: PostedAnswer, **problems_of(400, 404, 409, 429)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Send a message; the same `cid` again answers the stored one."""
        limit_visitor(request, MESSAGES)
        conversation = own_conversation(request, public_id)
        words = valid(SendBody, request)
        draft = Outgoing(
            conversation=conversation.public_id,
            author=Author.of_visitor(visitor_of(request)),
            text=words["text"],
            client_id=words["cid"],
            attachment_ids=words["attachments"],
        )
        return send(draft, "visitor")


class Entries(WidgetView):
    """`conversations/{id}/entries`."""

    @extend_schema(
        operation_id="widget_entries", parameters=[AfterQuery], responses={200: EntriesAnswer}
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Return what the visitor may see after a number, in order."""
        limit_visitor(request, READS)
        conversation = own_conversation(request, public_id)
        query = valid(AfterQuery, request)
        batch = read_entries(conversation, audience="visitor", **query)
        if batch.last_visitor_seq > conversation.visitor_delivered_seq:
            mark_delivered(
                conversation=conversation,
                by=visitor_of(request),
                seq=batch.last_visitor_seq,
            )
        return Response(batch.json)
