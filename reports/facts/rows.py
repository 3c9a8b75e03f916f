"""What was read of a chat, as the rows that figures add up."""

from collections.abc import Iterator
from typing import Any

from chat.models import Conversation
from reports.facts.hours import PastHours, open_seconds
from reports.facts.reading import Stay, Stint
from reports.models import ChatFact, MissedOffer, StintFact, Word
from reports.sweep import micros

# Of a stay and its row the same.
_SAME = (
    "number",
    "started_by",
    "started_at",
    "queued_at",
    "accepted_at",
    "first_reply_at",
    "ended_at",
    "resolved_at",
    "rated_at",
    "reopened_at",
    "outcome",
    "because",
    "score",
    "messages",
    "was_dropped",
    "is_held",
    "was_answered",
    "survey_seq",
    "wait",
    "first_response",
    "reaction",
    "session_duration",
    "wait_left",
    "resolution",
    "engaged",
    "agent_id",
)


# Of a stay's row and what happened in it the same.
_FILTERED = (
    "conversation_id",
    "brand_id",
    "channel",
    "topic_id",
    "team_id",
    "started_by",
    "outcome",
)


def fact_of(chat: Conversation, stay: Stay, seq: int, hours: PastHours) -> ChatFact:
    """Return the row of a stay."""
    calendar = hours.calendar(chat.brand_id, stay.started_at)
    return ChatFact(
        conversation=chat,
        upto_seq=seq,
        brand_id=chat.brand_id,
        channel=chat.channel,
        topic_id=chat.topic_id,
        team_id=chat.team_id,
        first_reply_by_id=stay.first_reply_by,
        rated_agent_id=stay.rated_agent,
        wait_open=open_seconds(calendar, stay.waited, without=stay.all_parked),
        wait_left_open=open_seconds(calendar, stay.left, without=stay.all_parked),
        first_response_open=open_seconds(calendar, stay.responded),
        reaction_open=open_seconds(calendar, stay.reacted),
        resolution_open=open_seconds(calendar, stay.took),
        **{name: getattr(stay, name) for name in _SAME},
    )


def stints_of(fact: ChatFact, stay: Stay, cap: int) -> Iterator[StintFact]:
    """Yield the rows of who had it, from when to when."""
    seen: set[int | None] = set()
    for stint in stay.stints:
        answered = stint.agent_id in stay.words
        over = max(stint.started_at, stint.ended_at) if stint.ended_at else None
        acw = None if stay.outcome == Conversation.Outcome.SPAM else stint.acw
        yield StintFact(
            stay=fact,
            stay_ended_at=stay.ended_at,
            agent_id=stint.agent_id,
            started_at=stint.started_at,
            ended_at=stint.ended_at,
            answered=answered,
            is_agents_session=answered and stint.agent_id not in seen,
            is_session=answered and not seen,
            talk=stint.talk,
            acw=acw,
            acw_net=acw,
            begun=micros(stint.started_at),
            over=micros(over) if over else None,
            freed=_freed(micros(over), stay, stint, cap) if over else None,
            **_filtered(fact),
        )
        if answered:
            seen.add(stint.agent_id)


def _filtered(fact: ChatFact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in _FILTERED}


def _freed(over: int, stay: Stay, stint: Stint, cap: int) -> int:
    """Return when the slot is free again; while a wrap-up lasts, when its cap will be reached."""
    wrap_up = 0.0
    if stay.outcome != Conversation.Outcome.SPAM:
        is_wrapping = stay.resolved_at is None and stay.ended_at == stint.ended_at
        wrap_up = (cap if is_wrapping else 0.0) if stint.acw is None else stint.acw
    return over + round(wrap_up * 1_000_000)


def words_of(fact: ChatFact, stay: Stay, hours: PastHours) -> Iterator[Word]:
    """Yield the rows of what agents said."""
    calendar = hours.calendar(fact.brand_id, stay.started_at)
    for word in stay.said:
        yield Word(
            stay=fact,
            agent_id=word.agent_id,
            said_at=word.said_at,
            seconds=word.seconds,
            seconds_open=open_seconds(calendar, word.waited),
            **_filtered(fact),
        )


def offers_of(fact: ChatFact, stay: Stay) -> Iterator[MissedOffer]:
    """Yield the rows of who did not take it in time."""
    for agent_id, at in stay.missed_offers:
        yield MissedOffer(stay=fact, agent_id=agent_id, missed_at=at, **_filtered(fact))
