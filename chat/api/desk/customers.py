"""Who the visitor of a chat is: linked to a customer, back again, or somebody else."""

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from chat.api.desk.access import filed_chat, visible_chats
from chat.models import Conversation
from chat.operations.linking import (
    NotLinkable,
    dismiss_suggestion,
    link_visitor,
    unlink_visitor,
)
from chat.refusals import explain_refusal
from config.text.cleaning import key_of
from config.web.api import StrictSerializer, TextField, valid
from config.web.problems import Problem
from tickets.api.contacts import one_contact, visible_contact
from tickets.api.shapes import OneContactAnswer
from tickets.models import Identity
from tickets.operations.apart import tell_apart
from tickets.operations.contacts import NotMovable, link_identity, unlink_identity
from tickets.queries.customers import customers_of


class LinkBody(StrictSerializer):
    """The visitor of a chat, or what another customer is known by; one of both."""

    conversation = TextField(max_length=22, required=False)
    identity = TextField(max_length=20, required=False)


class DismissBody(StrictSerializer):
    """Whose visitor it is not, or who it is not; one of both."""

    conversation = TextField(max_length=22, required=False)
    contact = TextField(max_length=20, required=False)


class LinkContact(DeskView):
    """`contacts/{id}/link`."""

    @extend_schema(
        operation_id="contact_link",
        request=LinkBody,
        responses={200: OneContactAnswer, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say that a chat's visitor, or an address or number, is this customer's; again is fine."""
        contact, body = visible_contact(request, pk), valid(LinkBody, request)
        if len(body) != 1:
            raise serializers.ValidationError({"conversation": [_("Name a chat or an identity.")]})
        agent, now = agent_of(request), timezone.now()
        try:
            if "conversation" in body:
                chat = filed_chat(request, body["conversation"])
                link_visitor(conversation=chat, contact=contact, by=agent, now=now)
            else:
                identity = _visible_identity(request, body["identity"])
                if identity.kind == Identity.Kind.VISITOR:
                    chat = _chat_of(request, identity)
                    link_visitor(conversation=chat, contact=contact, by=agent, now=now)
                else:
                    link_identity(identity=identity, contact=contact, by=agent)
        except (NotLinkable, NotMovable) as error:
            raise Problem(409, *explain_refusal(error)) from error
        return one_contact(request, contact)


class OneIdentity(DeskView):
    """`contacts/{id}/identities/{identity}`."""

    @extend_schema(
        operation_id="contact_unlink",
        request=None,
        responses={200: OneContactAnswer, **problems_of(403, 404, 409)},
    )
    def delete(self, request: Request, pk: int, identity: int) -> Response:
        """Undo a link: the browser's chats and tickets, or the address, are whose they were."""
        contact = visible_contact(request, pk)
        found = contact.identities.filter(pk=identity).first()
        if found is None:
            raise NotFound
        agent = agent_of(request)
        try:
            if found.kind == Identity.Kind.VISITOR:
                unlink_visitor(conversation=_chat_of(request, found), by=agent)
            else:
                unlink_identity(identity=found, by=agent)
        except (NotLinkable, NotMovable) as error:
            raise Problem(409, *explain_refusal(error)) from error
        return one_contact(request, contact)


class DismissContact(DeskView):
    """`contacts/{id}/dismiss`."""

    @extend_schema(
        operation_id="contact_dismiss",
        request=DismissBody,
        responses={204: None, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say that a chat's visitor, or another customer, is somebody else: not suggested again."""
        contact, body = visible_contact(request, pk), valid(DismissBody, request)
        if len(body) != 1:
            raise serializers.ValidationError({"conversation": [_("Name a chat or a customer.")]})
        agent, now = agent_of(request), timezone.now()
        if "contact" in body:
            other = visible_contact(request, key_of(body["contact"]) or 0)
            tell_apart(contact=contact, other=other, by=agent, now=now)
            return Response(status=204)
        chat = filed_chat(request, body["conversation"])
        try:
            dismiss_suggestion(conversation=chat, contact=contact, by=agent, now=now)
        except NotLinkable as error:
            raise Problem(409, *explain_refusal(error)) from error
        return Response(status=204)


def _visible_identity(request: Request, key: str) -> Identity:
    """Return by what a customer is known whom the caller may see; raises 404."""
    visible = customers_of(reach_of(request)).values("pk")
    found = Identity.objects.filter(pk=key_of(key) or 0, contact__in=visible).first()
    if found is None:
        raise NotFound
    return found


def _chat_of(request: Request, identity: Identity) -> Conversation:
    """Return the newest chat of a browser that the caller may see and file; raises 404 or 403."""
    chats = visible_chats(request).filter(visitor__public_id=identity.value)
    newest = chats.order_by("-created_at").first()
    if newest is None:
        raise NotFound
    return filed_chat(request, newest.public_id)
