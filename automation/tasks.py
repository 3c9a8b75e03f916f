"""Effects of rules, and what is forgotten of them."""

from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from automation.mail import warn
from automation.models import Notification, Run, Tally
from automation.notifications.hearing import WAITING, tell_waiting
from automation.notifications.in_flight import TOGETHER
from automation.notifications.sending import send_deliveries
from automation.notifications.telling import SEND
from automation.reactions import LOOK, look
from automation.rehearsal import REHEARSE, rehearse
from automation.rules.clock import DUE, EDGE, arm_rule, look_at_clock, look_at_edge
from automation.rules.writing import ARM, WARN
from config.outbox.registry import register, register_together

KEEP = timedelta(days=90)
AT_ONCE = 8
_BATCH = 1000

register(LOOK, look, queue="rules", label=_("Rules look at a chat or ticket"))
register(DUE, look_at_clock, queue="rules", label=_("A time rule looks at a chat or ticket"))
register(EDGE, look_at_edge, queue="rules", label=_("A time rule meets an opening hour"))
register(REHEARSE, rehearse, label=_("A rehearsal goes on"))
register(WARN, warn, queue="mail", label=_("E-mail: a rule was switched off"))
register(ARM, arm_rule, queue="rules", label=_("A time rule begins"))
# Each asks somebody else's server, so some do at once. What more threads took would only wait at a
# service's door, while later words of the same chats must let it go first, and come again.
register_together(
    SEND,
    send_deliveries,
    together=TOGETHER,
    alike=lambda effect: str(effect["host"]),
    queue="push",
    parallel=AT_ONCE,
    label=_("A notification to a device"),
)
register(
    WAITING, tell_waiting, queue="push", parallel=AT_ONCE, label=_("Agents hear of a waiting chat")
)
KEEP_NOTIFICATIONS = timedelta(days=7)


def forget_runs(*, now: datetime) -> int:
    """Delete what rules did long ago, a thousand runs at a time; return how many."""
    old = Run.objects.filter(at__lt=now - KEEP).order_by("at")
    forgotten = 0
    while batch := list(old.values_list("pk", flat=True)[:_BATCH]):
        Run.objects.filter(pk__in=batch).delete()
        forgotten += len(batch)
    Tally.objects.filter(day__lt=timezone.localdate(now - KEEP)).delete()
    return forgotten


def forget_notifications(*, now: datetime) -> None:
    """Delete what agents were told of long ago, a thousand at a time."""
    old = Notification.objects.filter(at__lt=now - KEEP_NOTIFICATIONS).order_by("at")
    while batch := list(old.values_list("pk", flat=True)[:_BATCH]):
        Notification.objects.filter(pk__in=batch).delete()


@shared_task(name="automation.forget", ignore_result=True)
def forget(**_: object) -> None:
    """Forget what rules did and agents were told of long ago."""
    forget_runs(now=timezone.now())
    forget_notifications(now=timezone.now())
