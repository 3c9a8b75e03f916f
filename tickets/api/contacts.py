"""Customers: read, corrected, and notes about them."""

from decimal import Decimal
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import BooleanFilter, DjangoFilterBackend, FilterSet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import CursorPages, DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.models import Language
from config.web.api import Email, StrictSerializer, TextField, valid
from tickets.api.shapes import ContactAnswer, NoteAnswer, OneContactAnswer
from tickets.models import Contact
from tickets.models.contact_note import NOTE_MAX
from tickets.models.querysets import ContactQuerySet
from tickets.operations.contacts import add_contact_note, change_contact
from tickets.queries.customers import customers_of, with_identities
from tickets.rights import OTHERS_ANSWER, OthersAnswer, known_to


class ContactPages(CursorPages):
    """Newest first."""

    ordering = ("-created_at", "-pk")


class ContactFilter(FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Which customers, beside the words."""

    brand = filters.NumberFilter(method="of_brand", min_value=1, max_value=2**31)
    verified = BooleanFilter(method="by_proof")

    class Meta:
        model = Contact
        fields: list[str] = []

    def of_brand(self, rows: ContactQuerySet, name: str, value: Decimal) -> ContactQuerySet:
        """Keep those of the brand's chats and tickets that the caller may see."""
        return rows.of_brand(int(value), reach_of(self.request))

    def by_proof(self, rows: ContactQuerySet, name: str, value: bool) -> ContactQuerySet:
        """Keep those whom what the caller may know proves, or does not."""
        return rows.proven(known_to(reach_of(self.request)), are=value)


@extend_schema_view(
    get=extend_schema(parameters=[OpenApiParameter("q", description="Name, e-mail or phone.")])
)
class Contacts(DeskView, generics.ListAPIView[Contact]):
    """`contacts`."""

    serializer_class = ContactAnswer
    pagination_class = ContactPages
    filter_backends = [DjangoFilterBackend]
    filterset_class = ContactFilter
    queryset = Contact.objects.none()

    def get_queryset(self) -> QuerySet[Contact]:
        """Return whom the caller may see."""
        words = self.request.query_params.get("q", "")[:200]
        access = reach_of(self.request)
        return with_identities(customers_of(access, words=words), access)

    def get_serializer_context(self) -> dict[str, Any]:
        """Bring along what the caller may see."""
        return {**super().get_serializer_context(), "access": reach_of(self.request)}


class ContactBody(StrictSerializer):
    """What is corrected."""

    name = TextField(max_length=120, required=False, allow_blank=True)
    email = Email(max_length=254, required=False, allow_blank=True)
    phone = TextField(max_length=32, required=False, allow_blank=True)
    language = serializers.ChoiceField(Language.choices, required=False)


class NoteBody(StrictSerializer):
    """What colleagues should know."""

    cid = TextField(max_length=64)
    text = TextField(max_length=NOTE_MAX)


class OneContact(DeskView):
    """`contacts/{id}`."""

    @extend_schema(operation_id="contact", responses={200: OneContactAnswer, **problems_of(404)})
    def get(self, request: Request, pk: int) -> Response:
        """Return one customer."""
        return one_contact(request, visible_contact(request, pk))

    @extend_schema(
        operation_id="contact_change",
        request=ContactBody,
        responses={200: OneContactAnswer, **problems_of(400, 403, 404)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Correct a customer; a new address is not proven."""
        contact = visible_contact(request, pk)
        changes = valid(ContactBody, request)
        agent, now = agent_of(request), timezone.now()
        try:
            change_contact(contact=contact, by=agent, changes=changes, now=now)
        except OthersAnswer as error:
            raise others_answer(error) from error
        return one_contact(request, contact)


class ContactNotes(DeskView):
    """`contacts/{id}/notes`."""

    @extend_schema(
        operation_id="contact_note",
        request=NoteBody,
        responses={201: NoteAnswer, **problems_of(400, 403, 404)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Note something for the team; the same `cid` again is the same note."""
        contact = visible_contact(request, pk)
        body = valid(NoteBody, request)
        note = add_contact_note(
            contact=contact,
            text=body["text"],
            client_id=body["cid"],
            by=agent_of(request),
            now=timezone.now(),
        )
        return Response(NoteAnswer(note).data, status=201)


def others_answer(error: OthersAnswer) -> serializers.ValidationError:
    """Return the refusal of what colleagues' answers depend on, beside each field."""
    return serializers.ValidationError({name: [OTHERS_ANSWER] for name in error.fields})


def visible_contact(request: Request, pk: int) -> Contact:
    """Return a customer whom the caller may see; raises 404."""
    found = customers_of(reach_of(request)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def one_contact(request: Request, contact: Contact) -> Response:
    """Answer with a customer as they are now, and the newest that happened."""
    access = reach_of(request)
    fresh = with_identities(Contact.objects.filter(pk=contact.pk), access).get()
    context: dict[str, Any] = {"access": access}
    return Response(OneContactAnswer(fresh, context=context).data)
