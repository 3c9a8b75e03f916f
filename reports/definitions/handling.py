"""Figures of what chats take of agents: talk, wrap-up and handle time, sessions."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Avg, F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from reports.definitions.shape import COUNTED, STAYS, Figure, Source, Unit, of

HANDLING = (
    Figure(
        key="talk",
        name=_("Total talk time"),
        formula=_(
            "Sum of the time from having a chat to its end or passing it on, "
            "also of sessions without a message."
        ),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(talk__isnull=False),
        of=of(Sum, "talk"),
    ),
    Figure(
        key="average_session",
        name=_("Average session"),
        formula=_("Talk time of the sessions divided by their number."),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(answered=True, talk__isnull=False),
        of_sessions=True,
        of=of(Sum, "talk"),
        over=STAYS,
    ),
    Figure(
        key="acw",
        name=_("Wrap-up (ACW)"),
        formula=_(
            "Mean time from the end to resolving, to the agent's next status, or to the cap."
        ),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(acw__isnull=False),
        of=of(Avg, "acw"),
        better=-1,
    ),
    Figure(
        key="acw_net",
        name=_("Wrap-up, net"),
        formula=_("The same mean without the seconds in which the agent wrote in other chats."),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(acw_net__isnull=False),
        of=of(Avg, "acw_net"),
        better=-1,
    ),
    Figure(
        key="acw_total",
        name=_("Wrap-up, total"),
        formula=_("Sum of the wrap-ups: from the end to resolving, next status or the cap."),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(acw__isnull=False),
        of=of(Sum, "acw"),
    ),
    Figure(
        key="late_topics",
        name=_("Late topics"),
        formula=_("Chats that were resolved after the cap of the wrap-up had passed."),
        unit=Unit.COUNT,
        counted_at="ended",
        agent="agent",
        where=Q(
            accepted_at__isnull=False,
            resolved_at__gt=F("ended_at") + timedelta(seconds=settings.IMECE["WRAP_UP_SECONDS"]),
        ),
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="aht",
        name=_("Handle time (AHT)"),
        formula=_("Talk time and wrap-up of the sessions divided by their number."),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(answered=True, talk__isnull=False),
        of_sessions=True,
        of=of(Sum, F("talk") + Coalesce("acw", 0.0)),
        over=STAYS,
        better=-1,
    ),
    Figure(
        key="session_duration",
        name=_("Duration"),
        formula=_("Mean time from when somebody had the chat to its end."),
        unit=Unit.SECONDS,
        counted_at="ended",
        agent="agent",
        where=Q(session_duration__isnull=False),
        of=of(Avg, "session_duration"),
    ),
    Figure(
        key="engaged",
        name=_("Engaged"),
        formula=_(
            "Mean time that both were at it: the silences between messages, without those of "
            "a visitor over 4 and of an agent over 10 minutes."
        ),
        unit=Unit.SECONDS,
        counted_at="ended",
        agent="agent",
        where=Q(engaged__isnull=False),
        of=of(Avg, "engaged"),
    ),
)
