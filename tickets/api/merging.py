"""Two customers made one, and two again."""

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from config.text.cleaning import key_of
from config.web.api import StrictSerializer, TextField, valid
from config.web.problems import Problem
from tickets.api.contacts import one_contact, others_answer, visible_contact
from tickets.api.shapes import MergedAnswer, OneContactAnswer
from tickets.models import Contact, Merge
from tickets.operations.merging import (
    FIELDS,
    NotMergeable,
    NotUndoable,
    merge_contacts,
    undo_merge,
)
from tickets.queries.customers import customers_of
from tickets.rights import OthersAnswer


class MergeBody(StrictSerializer):
    """Who becomes this customer, and whose name, e-mail, phone and language stay.

    What `keep` does not name stays this one's, or fills a gap.
    """

    other = TextField(max_length=20)
    keep = serializers.DictField(
        child=serializers.ChoiceField(["this", "other"]), required=False, default=dict
    )

    def validate_keep(self, keep: dict[str, str]) -> dict[str, str]:
        """Refuse what is no field of a customer."""
        if set(keep) - set(FIELDS):
            raise serializers.ValidationError(_("This could not be changed."))
        return keep


class MergeContact(DeskView):
    """`contacts/{id}/merge`."""

    @extend_schema(
        operation_id="contact_merge",
        request=MergeBody,
        responses={201: MergedAnswer, **problems_of(400, 403, 404, 409)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Make everything of another customer this one's; for a day that can be undone."""
        contact = visible_contact(request, pk)
        body = valid(MergeBody, request)
        others = customers_of(reach_of(request))
        other = others.filter(pk=key_of(body["other"]) or 0).first()
        if other is None or other.pk == contact.pk:
            raise serializers.ValidationError({"other": [_("There is none with this id.")]})
        try:
            merge = merge_contacts(
                survivor=contact,
                other=other,
                keep=body["keep"],
                by=agent_of(request),
                now=timezone.now(),
            )
        except OthersAnswer as error:
            raise others_answer(error) from error
        except NotMergeable as error:
            raise Problem(409, "merged", _("One of them was merged meanwhile.")) from error
        return Response(MergedAnswer(merge).data, status=201)


class UndoMerge(DeskView):
    """`merges/{id}/undo`."""

    @extend_schema(
        operation_id="merge_undo",
        request=None,
        responses={200: OneContactAnswer, **problems_of(403, 404, 409)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Make them two again: what was the other's is theirs, what came since stays."""
        visible = Contact.objects.visible_to(reach_of(request)).values("pk")
        merge = Merge.objects.filter(pk=pk, survivor__in=visible).first()
        if merge is None:
            raise NotFound
        try:
            survivor = undo_merge(merge=merge, by=agent_of(request), now=timezone.now())
        except NotUndoable as error:
            raise Problem(409, "too_late", _("This can't be undone any more.")) from error
        return one_contact(request, survivor)
