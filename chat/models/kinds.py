"""What the kinds of entries are: who sees one, what its `data` holds, what scripts do with it.

The one table beside `Entry.Kind`. A new kind is a value of
`Entry.Kind` (eleven characters at most; `makemigrations` notes it), a row here, and its sentences
under `lines` in `chat/texts/console.py` and, if visitors see it, `widget.py`. Then frames, lists,
transcripts and both screens know it; rules hear of it if it `is_told`. An operation writes it by
`append` of `chat/operations/entries.py`. `docs/api.md` names it, `tests/chat/test_kinds.py` holds
what visitors get of it. What a kind changes elsewhere: in figures `reports/facts/reading.py`, in
rules `automation/rules/facts.py` and their words `fields.py`, in the widget, where it `turns` the
chat, `#follow` of `static/widget/chat.js`, for an act that can be undone `chat/queries/due.py`, for
why somebody has the chat `chat/queries/panel.py`. Kinds of a ticket's lines:
`tickets/models/entry.py`.

The timeline is the ledger of rules and reports: whatever they may see of a chat is a line that
names both sides. Where people have a name for a thing, the plain key holds the name of that moment
and the key with `_id` beside it the id that the API uses: an agent's public id, the key of a topic
or team as text, null for nobody. A moment is the line's own; where clocks differ, what lasted less
than nothing lasted 0 seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chat.models.entry import Entry

_FROM_AGENT = {"from": "who had it, name", "from_id": "agent, or null"}
_TO_AGENT = {"to": "who has it now, name", "to_id": "agent"}
_TOPIC = {"topic": "topic as the chat's language names it", "topic_id": "topic"}


@dataclass(frozen=True, kw_only=True)
class KindRules:
    """What one kind of entry is."""

    # Words, drawn as a bubble; everything else is a fact about the chat, drawn as a line.
    is_spoken: bool = False
    # It has a number in the visitor's counter.
    visitor_sees: bool = False
    # It has one when `data.request` says that it asks the visitor for something.
    asks_visitor: bool = False
    # The keys of `data` that the visitor gets.
    visitor_data: tuple[str, ...] = ()
    # Of several in a row the visitor is shown only the last, in widget and transcript.
    passes: bool = False
    # What becomes of the chat is different for the visitor from here on.
    turns: bool = False
    # No other event tells of it: workers hear of the line itself.
    is_told: bool = False
    # What `data` may hold. Not all of it stands in every line.
    data: Mapping[str, str] = field(default_factory=dict)

    def shows(self, data: Mapping[str, Any]) -> bool:
        """Return whether an entry with this `data` gets a number in the visitor's counter."""
        return self.visitor_sees or (self.asks_visitor and bool(data.get("request")))


Kind = Entry.Kind
KINDS: Mapping[str, KindRules] = {
    Kind.MESSAGE: KindRules(
        is_spoken=True,
        visitor_sees=True,
        data={"automatic": "true: nobody wrote it; it answers nobody and stops no clock"},
    ),
    Kind.NOTE: KindRules(
        is_spoken=True, data={"whisper": "true: a supervisor's word to the agent"}
    ),
    Kind.BOT: KindRules(
        is_spoken=True,
        visitor_sees=True,
        visitor_data=("options",),
        data={
            "options": "what the visitor may choose from",
            "automatic": "true",
            "rule": "the rule that said it: id and name",
            "cause": "how many rules acted before it because of each other, and which",
            "state": "what it answers: welcome, busy, offline, closed, idle or closing",
        },
    ),
    Kind.ARTICLE: KindRules(
        is_spoken=True,
        visitor_sees=True,
        visitor_data=("title", "url"),
        data={"title": "its title", "url": "its address"},
    ),
    Kind.STARTED: KindRules(visitor_sees=True, visitor_data=("topic",), data=_TOPIC),
    # In the queue from here on, without an agent. A chat that rules hold back is not, until then.
    Kind.QUEUED: KindRules(
        visitor_sees=True,
        passes=True,
        turns=True,
        data={
            **_FROM_AGENT,
            "reason": "vanished, offline, access, transferred, returned, woke; none: it is new",
            "at_head": "true: before all chats that never had an agent",
        },
    ),
    # A chat rings at an agent; with `result` it no longer does. `chat.Offer` holds the same.
    Kind.OFFERED: KindRules(
        data={
            "to": "the agent, name",
            "to_id": "agent",
            "seconds": "how long it may ring",
            "routing": "why this agent: open chats, how many were left out by reason, some names",
            "result": "accepted, declined, missed or withdrawn",
        }
    ),
    # Active from here on, with a slot: an agent's interval begins.
    Kind.ACCEPTED: KindRules(
        visitor_sees=True,
        passes=True,
        turns=True,
        data={
            **_FROM_AGENT,
            **_TO_AGENT,
            "automatic": "true: routing or a colleague gave it, the agent did not ask",
            "waited": "how long the customer stood in line, as 0:22; none: not at all",
            "routing": "as of `offered`",
        },
    ),
    # Said of an agent's or team's chat that is passed on; `accepted` or `queued` follows.
    Kind.TRANSFERRED: KindRules(
        visitor_sees=True,
        visitor_data=("to",),
        data={
            **_FROM_AGENT,
            "to": "the agent who gets it, name",
            "to_id": "agent",
            "team": "the team that gets it, name",
            "team_id": "team",
            "reason": "what the giver says about it",
            "took": "true: a supervisor took it over",
        },
    ),
    Kind.JOINED: KindRules(visitor_sees=True),
    Kind.LEFT: KindRules(visitor_sees=True),
    # Wrap-up from here on. Once the visitor's delivered mark has passed this line, the survey that
    # stands under it counts as delivered.
    Kind.ENDED: KindRules(
        visitor_sees=True,
        visitor_data=("by",),
        turns=True,
        data={
            "by": "visitor, agent or system",
            "because": "left: the visitor went; closed: an agent or the system ended it; timed_out",
        },
    ),
    # In the archive from here on, without a slot.
    Kind.RESOLVED: KindRules(
        visitor_sees=True,
        turns=True,
        data={
            "outcome": "a `Conversation.Outcome`",
            "because": "as of `ended`, or nobody: nobody was there, and it was left for e-mail",
            "form": "why its visitor was sent to the form; nothing where they chose e-mail",
            **_TOPIC,
        },
    ),
    # `to` active: `accepted` or `assigned` follows; queued: `queued`, and the wait begins anew.
    Kind.REOPENED: KindRules(
        visitor_sees=True,
        turns=True,
        data={"from": "wrap_up or resolved", "to": "active or queued"},
    ),
    # The newest one counts.
    Kind.RATED: KindRules(
        visitor_sees=True,
        passes=True,
        is_told=True,
        visitor_data=("score",),
        data={"score": "1 to 5", "comment": "in the visitor's words"},
    ),
    Kind.TAGGED: KindRules(
        data={"added": "name", "added_id": "tag", "removed": "name", "removed_id": "tag"}
    ),
    # Somebody else gave it to the agent; or, with `because`, the agent it had goes on with it and
    # an interval begins. Then it is not drawn.
    Kind.ASSIGNED: KindRules(
        data={**_FROM_AGENT, **_TO_AGENT, "because": "reopened or woke: the agent goes on"}
    ),
    # What no other line says about status and slot, not drawn; or that a rule acted.
    Kind.STATUS: KindRules(
        data={
            "from": "a `Conversation.Status`",
            "to": "a `Conversation.Status`",
            "because": "woke: the visitor wrote; idle: they did not; cap, status: a wrap-up's slot",
            "slot": "freed: its agent may take another chat; status stays",
            "agent": "whose slot, name",
            "agent_id": "agent",
            "ran": "a rule acted: its name",
            "at": "when, as the desk's clock shows it",
            "at_tr": "the same with its ending in Turkish",
            "why_tr": "what it saw, in Turkish",
            "why_en": "what it saw, in English",
        }
    ),
    Kind.CONVERTED: KindRules(
        visitor_sees=True, visitor_data=("number",), data={"number": "the ticket's number"}
    ),
    Kind.FIELD: KindRules(
        is_told=True,
        asks_visitor=True,
        visitor_data=("name", "label", "type", "required"),
        data={
            "name": "which field: topic, team, priority, outcome, or one of the form",
            "from": "what it was, as people call it; of priority the number, of outcome its word",
            "from_id": "topic or team, or null",
            "to": "what it is now, as people call it; of priority the number, of outcome its word",
            "to_id": "topic or team, or null",
            "because": "resolved, transferred or topic: it changed along with that; set: by itself",
            "value": "the topic's key, where somebody set it",
            "label": "what the thread says of it; without it the line is not drawn",
            "marked": "spam: an agent says that it is",
            "cleared": "spam: an agent says that it is none",
            "request": "true: the visitor is asked for it",
            "type": "of what sort the answer is",
            "required": "whether it must be answered",
        },
    ),
    # The wire contract names it for agents who speak first, which nobody can yet.
    Kind.INVITATION: KindRules(),
}
