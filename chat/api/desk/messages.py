"""Words and timelines at the desk."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.models import Agent
from chat.api.answers import EntriesAnswer, PostedAnswer
from chat.api.desk.access import visible_chat
from chat.api.messages import AfterQuery, ReadBody, SendBody, read_entries, send
from chat.models import Conversation, Entry
from chat.operations.joining import NobodyElse, require_whispering
from chat.operations.transfers import HasEnded
from chat.operations.watching import note_watching
from chat.posting.marks import mark_delivered, mark_read
from chat.posting.messages import Author, Outgoing
from chat.refusals import explain_refusal
from chat.rights import takes_part
from config.web.api import valid
from config.web.problems import Problem


class Entries(DeskView):
    """`conversations/{id}/entries`."""

    @extend_schema(
        operation_id="conversation_entries",
        parameters=[AfterQuery],
        responses={200: EntriesAnswer, **problems_of(400, 404)},
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Return the timeline after a number, notes included."""
        chat = visible_chat(request, public_id)
        query = valid(AfterQuery, request)
        note_reading(request, chat)
        batch = read_entries(chat, audience="agent", **query)
        agent = agent_of(request)
        if chat.assignee_id == agent.pk and batch.last_visitor_seq > chat.agents_delivered_seq:
            mark_delivered(conversation=chat, by=agent, seq=batch.last_visitor_seq)
        return Response(batch.json)


class Messages(DeskView):
    """`conversations/{id}/messages`."""

    @extend_schema(
        operation_id="conversation_message_send",
        request=SendBody,
        responses={201: PostedAnswer, 200: PostedAnswer, **problems_of(400, 404, 409, 429)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Answer the customer; the same `cid` again answers the stored message."""
        return _post(request, public_id, Entry.Kind.MESSAGE)


class ChatNoteBody(SendBody):
    """A note; a whisper is one to the agent who has the chat, by whoever supervises it."""

    whisper = serializers.BooleanField(default=False)


class Notes(DeskView):
    """`conversations/{id}/notes`."""

    @extend_schema(
        operation_id="conversation_note_add",
        request=ChatNoteBody,
        responses={201: PostedAnswer, 200: PostedAnswer, **problems_of(400, 403, 404, 409, 429)},
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Add an internal note, which no customer ever sees."""
        return _post(request, public_id, Entry.Kind.NOTE, ChatNoteBody)


class Read(DeskView):
    """`conversations/{id}/read`."""

    @extend_schema(operation_id="conversation_read", request=ReadBody, responses={204: None})
    def post(self, request: Request, public_id: str) -> Response:
        """Move the caller's read mark."""
        chat = visible_chat(request, public_id)
        body = valid(ReadBody, request)
        mark_read(
            conversation=chat,
            by=agent_of(request),
            seq=body["seq"],
        )
        return Response(status=204)


def note_reading(request: Request, chat: Conversation) -> None:
    """Write in the audit log, as for a socket that watches, who reads a chat of others."""
    if takes_part(reach_of(request), chat):
        return
    note_watching(conversation_ids=[chat.pk], by=agent_of(request), address=None)


def _post(request: Request, public_id: str, kind: str, body: type[SendBody] = SendBody) -> Response:
    chat = visible_chat(request, public_id)
    words = valid(body, request)
    is_whisper = words.get("whisper", False)
    draft = Outgoing(
        conversation=chat.public_id,
        author=Author.of_agent(agent_of(request)),
        kind=kind,
        text=words["text"],
        client_id=words["cid"],
        attachment_ids=words["attachments"],
        is_whisper=is_whisper,
    )
    try:
        return send(draft, "agent")
    except NotFound:
        if is_whisper:
            _explain_whisper(agent_of(request), chat)
        raise


def _explain_whisper(agent: Agent, chat: Conversation) -> None:
    """Say why nothing is whispered in a chat that the agent sees; asked last, for a repeated `cid`
    has its answer whatever became of the chat."""
    try:
        require_whispering(chat, agent)
    except (HasEnded, NobodyElse) as error:
        raise Problem(409, *explain_refusal(error)) from error
