"""What an admin is asked to have a look at, once the desk works."""

from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agents.audit import record
from agents.first_steps import Step, add_first_step
from agents.models import Agent, AuditEntry

_ACTION = "report.opened"


def note_first_look(*, by: Agent) -> None:
    """Write down who first opened a report; later looks cost a look into the cache."""
    if cache.get(_ACTION):
        return
    if not AuditEntry.objects.filter(action=_ACTION).exists():
        record(_ACTION, "", by=by)
    cache.set(_ACTION, 1, timeout=24 * 3600)


def report_step() -> Step:
    """Return the step that is done once somebody has opened a report."""
    is_done = AuditEntry.objects.filter(action=_ACTION).exists()
    return Step(_("Look at a report"), reverse("reports"), is_done)


add_first_step(report_step)
