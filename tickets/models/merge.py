"""Two customers who turned out to be one."""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from tickets.models.contact import Contact

# For so long it can be undone.
UNDO = timedelta(hours=24)


class Merge(models.Model):
    """Everything of one customer became another's; what undoes it is kept here."""

    survivor = models.ForeignKey(Contact, models.CASCADE, related_name="+")
    other = models.ForeignKey(Contact, models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    # The keys of the rows that were the other's, by relation: {"tickets.ticket.contact": [12]}.
    moved = models.JSONField(default=dict)
    # What became of the survivor's fields: {"name": [before, after]}.
    changed = models.JSONField(default=dict)
    # Identities of the other whose proof went to the survivor's own claim: [[theirs, own]].
    proofs = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("merge of customers")
        verbose_name_plural = _("merges of customers")

    def __str__(self) -> str:
        return f"{self.other_id} → {self.survivor_id}"


def merged_addresses(contact: Contact) -> list[str]:
    """Return the addresses of customers who were merged into one.

    A visitor who is linked leaves an empty row behind, too: what was typed there is nobody's.
    """
    merged = Contact.objects.filter(
        merged_into=contact, pk__in=Merge.objects.filter(undone_at=None).values("other")
    )
    return list(merged.exclude(email="").values_list("email", flat=True))
