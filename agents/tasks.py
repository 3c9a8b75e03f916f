"""What workers do for this room."""

from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.events import HoursChanged
from agents.operations import hours, invitations, passwords
from config.events import react_to
from config.outbox.registry import register

register(invitations.MAIL, invitations.mail_invitation, queue="mail", label=_("E-mail: invitation"))
register(
    passwords.MAIL, passwords.mail_password_reset, queue="mail", label=_("E-mail: new password")
)
register(hours.EDGE, hours.pass_edge, label=_("A desk opens or closes"))


def _arm(fact: dict[str, Any]) -> None:
    hours.arm_edge(now=timezone.now())


react_to(HoursChanged, _arm)


@shared_task(name="agents.import_holidays", ignore_result=True)
def import_holidays(**options: object) -> None:
    """Write the public holidays to come into the hours, and wait for the next edge."""
    now = timezone.now()
    hours.import_holidays(now=now)
    hours.arm_edge(now=now)
