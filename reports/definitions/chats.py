"""Figures of chats: each stay, each stretch in which an agent had one, each offer."""

from django.db.models import Count, F, Q
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

# Chats count once, by their first stay; what happens in line counts in each stay.
_CHAT = Q(number=0)
_MISSED = _CHAT & Q(was_answered=False, ended_at__isnull=False, is_held=False)
_UNANSWERED = Q(first_reply_at=None, ended_at__isnull=False, is_held=False)
LEFT = _UNANSWERED & Q(because="left", queued_at__isnull=False)
_SERVED = Q(queued_at__isnull=False) & (
    Q(first_response__isnull=False)
    | (LEFT & Q(wait_left__gte=QUICK_SECONDS))
    | (_UNANSWERED & Q(because__in=["timed_out", "form"]))
    # Who chose e-mail themselves, and sooner, was not kept waiting.
    | (_UNANSWERED & Q(because="nobody", wait_left__gt=SERVICE_SECONDS))
)

CHATS = (
    Figure(
        key="requests",
        name=_("Chats"),
        formula=_(
            "All chats that were started, also those that nobody answered; "
            "one that was reopened counts once."
        ),
        unit=Unit.COUNT,
        counted_at="started",
        where=_CHAT,
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
        of_sessions=True,
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
        key="missed",
        name=_("Missed"),
        formula=_(
            "Chats that are over and in which no person said anything, "
            "without those that a rule had wait for their customer."
        ),
        unit=Unit.COUNT,
        counted_at="started",
        where=_MISSED,
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="abandoned",
        name=_("Abandoned"),
        formula=_(
            "The visitor left the line unanswered after 10 seconds or more; "
            "who comes back and leaves again counts again."
        ),
        unit=Unit.COUNT,
        counted_at="queued",
        where=LEFT & Q(wait_left__gte=QUICK_SECONDS),
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="quick_abandoned",
        name=_("Left at once"),
        formula=_("The visitor left the line within 10 seconds; not in the service level."),
        unit=Unit.COUNT,
        counted_at="queued",
        where=LEFT & Q(wait_left__lt=QUICK_SECONDS),
        of=COUNTED,
    ),
    Figure(
        key="timed_out",
        name=_("Timed out"),
        formula=_("Unanswered in line, and ended because it had stood too long."),
        unit=Unit.COUNT,
        counted_at="queued",
        where=_UNANSWERED & Q(because="timed_out", queued_at__isnull=False),
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="closed",
        name=_("Closed unanswered"),
        formula=_("Missed, and ended by an agent or by the system."),
        unit=Unit.COUNT,
        counted_at="started",
        where=_MISSED & Q(because="closed"),
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="held_by_rule",
        name=_("Held by a rule"),
        formula=_(
            "Nobody had answered, and they ended while a rule had them wait for their customer: "
            "neither missed nor in the service level."
        ),
        unit=Unit.COUNT,
        counted_at="started",
        where=_CHAT & Q(is_held=True, was_answered=False),
        of=COUNTED,
    ),
    Figure(
        key="dropped",
        name=_("Dropped"),
        formula=_(
            "An agent had it, and at the end a visitor's message had stood unanswered for a "
            "minute or more; not where the visitor left within a minute of their last one."
        ),
        unit=Unit.COUNT,
        counted_at="ended",
        agent="agent",
        where=Q(was_dropped=True),
        of=COUNTED,
        better=-1,
    ),
    Figure(
        key="offline",
        name=_("Left for e-mail"),
        formula=_("Messages that were left while nobody was there."),
        unit=Unit.COUNT,
        counted_at="started",
        where=_MISSED & Q(because__in=["nobody", "form"]),
        of=COUNTED,
    ),
    Figure(
        key="service_level",
        name=_("Service level"),
        formula=_(
            "Share of chats in line that a person answered within 30 seconds; "
            "those who left within 10 seconds, or chose e-mail within 30, don't count."
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
    Figure(
        key="response_rate",
        name=_("Response rate"),
        formula=_("Share of chats that were rated, of those whose visitor was asked for it."),
        unit=Unit.SHARE,
        counted_at="ended",
        agent="rated_agent",
        where=Q(
            survey_seq__isnull=False,
            conversation__visitor_delivered_seq__gte=F("survey_seq"),
        ),
        of=of(Count, "pk", only=Q(score__isnull=False)),
        over=COUNTED,
        better=1,
    ),
)
