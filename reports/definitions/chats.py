"""Figures of chats: each stay, each stretch in which an agent had one, each offer."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Avg, Count, F, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from reports.definitions.shape import (
    COUNTED,
    QUICK_SECONDS,
    SERVICE_SECONDS,
    STAYS,
    Figure,
    Source,
    Unit,
    of,
)

_MISSED = Q(first_reply_at=None, ended_at__isnull=False)
_LEFT = _MISSED & Q(because="left", queued_at__isnull=False)
_SERVED = Q(queued_at__isnull=False) & (
    Q(first_response__isnull=False)
    | (_LEFT & Q(wait_left__gte=QUICK_SECONDS))
    | (_MISSED & Q(because__in=["timed_out", "nobody"]))
)

CHATS = (
    Figure(
        key="requests",
        name=_("Chats"),
        formula=_("All chats that were started, also those that nobody answered."),
        unit=Unit.COUNT,
        counted_at="started",
        of=COUNTED,
    ),
    Figure(
        key="sessions",
        name=_("Sessions"),
        formula=_("Stays in which an agent said at least one thing to the visitor."),
        unit=Unit.COUNT,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(answered=True),
        of=STAYS,
    ),
    Figure(
        key="participations",
        name=_("Participations"),
        formula=_("Times that an agent had a chat; one chat may have had several agents."),
        unit=Unit.COUNT,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        of=COUNTED,
    ),
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
        key="handle_time",
        name=_("Handle time (AHT)"),
        formula=_("Talk time and wrap-up of the sessions divided by their number."),
        unit=Unit.SECONDS,
        source=Source.STINT,
        counted_at="ended",
        agent="agent",
        where=Q(answered=True, talk__isnull=False),
        of=of(Sum, F("talk") + Coalesce("acw", 0.0)),
        over=STAYS,
        better=-1,
    ),
    Figure(
        key="first_response",
        name=_("First response"),
        formula=_(
            "Mean time from coming into line (or reopening) to a person's first message. "
            "Automatic replies never count."
        ),
        unit=Unit.SECONDS,
        counted_at="ended",
        agent="first_reply_by",
        where=Q(first_response__isnull=False),
        of=of(Avg, "first_response"),
        better=-1,
    ),
    Figure(
        key="reaction",
        name=_("Reaction"),
        formula=_("Mean time from having the chat to a person's first message."),
        unit=Unit.SECONDS,
        counted_at="ended",
        agent="first_reply_by",
        where=Q(reaction__isnull=False),
        of=of(Avg, "reaction"),
        better=-1,
    ),
    Figure(
        key="wait",
        name=_("Wait"),
        formula=_("Mean time in line of those whom an agent got; a transfer keeps its start."),
        unit=Unit.SECONDS,
        counted_at="queued",
        where=Q(wait__isnull=False),
        of=of(Avg, "wait"),
        better=-1,
    ),
    Figure(
        key="wait_max",
        name=_("Longest wait"),
        formula=_("The longest time in line of those whom an agent got."),
        unit=Unit.SECONDS,
        counted_at="queued",
        where=Q(wait__isnull=False),
        of=of(Max, "wait"),
        better=-1,
    ),
    Figure(
        key="wait_left",
        name=_("Wait of those who left"),
        formula=_("Mean time in line of visitors who left before anybody answered."),
        unit=Unit.SECONDS,
        counted_at="queued",
        where=_LEFT,
        of=of(Avg, "wait_left"),
    ),
    Figure(
        key="missed",
        name=_("Missed"),
        formula=_("Chats that are over and in which no person said anything."),
        unit=Unit.COUNT,
        counted_at="started",
        where=_MISSED,
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="abandoned",
        name=_("Abandoned"),
        formula=_("Missed because the visitor left the line after 10 seconds or more."),
        unit=Unit.COUNT,
        counted_at="queued",
        where=_LEFT & Q(wait_left__gte=QUICK_SECONDS),
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="quick_abandoned",
        name=_("Left at once"),
        formula=_("The visitor left the line within 10 seconds; not in the service level."),
        unit=Unit.COUNT,
        counted_at="queued",
        where=_LEFT & Q(wait_left__lt=QUICK_SECONDS),
        of=COUNTED,
    ),
    Figure(
        key="timed_out",
        name=_("Timed out"),
        formula=_("Missed, and ended because it had stood too long."),
        unit=Unit.COUNT,
        counted_at="queued",
        where=_MISSED & Q(because="timed_out", queued_at__isnull=False),
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="offline",
        name=_("Left for e-mail"),
        formula=_("Messages that were left while nobody was there."),
        unit=Unit.COUNT,
        counted_at="started",
        where=_MISSED & Q(because="nobody"),
        of=COUNTED,
    ),
    Figure(
        key="service_level",
        name=_("Service level"),
        formula=_(
            "Share of chats in line that a person answered within 30 seconds; "
            "those who left within 10 seconds don't count."
        ),
        unit=Unit.SHARE,
        counted_at="queued",
        where=_SERVED,
        of=of(Count, "pk", only=Q(first_response__lte=SERVICE_SECONDS)),
        over=COUNTED,
        better=1,
    ),
    Figure(
        key="missed_offers",
        name=_("Missed offers"),
        formula=_("Chats that rang at an agent who did not take them in time."),
        unit=Unit.COUNT,
        source=Source.OFFER,
        counted_at="missed",
        agent="agent",
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="ratings",
        name=_("Ratings"),
        formula=_("Chats that were rated; the newest rating counts, for who said most."),
        unit=Unit.COUNT,
        counted_at="rated",
        agent="rated_agent",
        where=Q(score__isnull=False),
        of=COUNTED,
    ),
    Figure(
        key="csat",
        name=_("Satisfaction"),
        formula=_("Share of ratings of 4 and 5."),
        unit=Unit.SHARE,
        counted_at="rated",
        agent="rated_agent",
        where=Q(score__isnull=False),
        of=of(Count, "pk", only=Q(score__gte=4)),
        over=COUNTED,
        better=1,
    ),
)
