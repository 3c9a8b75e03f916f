"""What the console's scripts say: every text they show comes from here."""

from functools import cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from chat.texts.thread import emoji_texts, thread_texts


def console_texts() -> dict[str, Any]:
    """Return the texts in the language of the request."""
    return _texts(get_language())


# Each page has all of them, and looked up they cost it a millisecond.
@cache
def _texts(_language: str | None) -> dict[str, Any]:
    return {
        "thread": _thread(),
        **emoji_texts(),
        "offline": _("Connection lost. Reconnecting…"),
        "polling": _("Reconnecting… Messages still arrive, a little later."),
        "stopped": _("This screen was signed out."),
        "old": _("There is a new version."),
        "reload": _("Reload the page"),
        "newChat": _("New chat"),
        "newMessages": _("New message – {name}"),
        "late": _("{name} is waiting for your answer"),
        "lateAt": _("{name} is waiting for an answer. Agent: {agent}"),
        "lateInLine": _("{name} is waiting, and no agent has taken the chat"),
        "customer": _("Customer"),
        "you": _("You:"),
        "draft": _("Draft"),
        "attachment": _("File"),
        "dropped": {
            "spoke": _("{name} has written: the chat goes on."),
            "moved": _("Not done: the chat of {name} has moved on."),
            "rights": _("Not done: the chat of {name} is no longer yours."),
        },
        "noSound": _("The browser doesn't allow sounds here."),
        "blanks": _("Fill in what stands between the braces first."),
        "tooLong": _("Long texts are hard to read in a chat ({n} characters)."),
        "placeholders": {
            "reply": _("Write a reply, / for canned replies"),
            "note": _("Write a note for the team; @name tells a colleague"),
            "whisper": _("Whisper to the agent; the customer reads nothing of it"),
        },
        "uploading": _("Uploading…"),
        "uploadFailed": _("The file could not be uploaded."),
        "uploadTooBig": _("The file is too big."),
        "remove": _("Remove {name}"),
        "tooMany": _("At most {n} files at once."),
        "noCanned": _("No canned reply found."),
        "cannedTitle": _("Canned replies"),
        "manageCanned": _("Manage canned replies"),
        "cannedFiles": _("Files: {names}"),
        "failed": _("That did not work. Try again."),
        "notLoaded": _("This part could not be loaded. Check the connection, then press again."),
        "gone": _("This is no longer possible. The screen is up to date now."),
        "chatGone": _("This chat has ended, or somebody else has it now."),
        "backToList": _("Back to the list"),
        "now": _("now"),
        "minutes": _("{n} min"),
        "hours": _("{n} h"),
        "days": _("{n} d"),
        "unread": _("Unread:"),
    }


def _thread() -> dict[str, Any]:
    return thread_texts() | {
        "unchecked": _("File not checked"),
        "label": _("Messages"),
        "note": _("Only the team sees this"),
        "whisper": _("Whisper to the agent"),
        "log": _("Log"),
        "lines": {
            "started": _("Chat started"),
            "queued": _("Joined the line"),
            # Of what only keeps the books, such as how an offer ended, nothing is said.
            "offered": {"result": "", "to": _("Offered to an agent")},
            "accepted": {
                "waited": _("{name} accepted the chat · waited {waited}"),
                "to": _("{name} accepted the chat"),
            },
            "assigned": {"because": "", "to": _("Assigned")},
            "assigned.agent": {"because": "", "to": _("Assigned by {name}")},
            "transferred": _("Transferred"),
            "transferred.agent": {
                "took": _("{name} took the chat over from {from}"),
                "to": _("{name} transferred the chat. Agent: {to}"),
                "team": _("{name} transferred the chat. Team: {team}"),
            },
            "joined": _("{name} joined"),
            "left": _("{name} left"),
            # Translators: {why_en} is in English; a translation takes {why_tr}.
            "status": {"ran": _("The rule “{ran}” acted at {at}, because {why_en}")},
            "ended": _("The chat ended by itself"),
            "ended.visitor": _("The customer ended the chat"),
            "ended.agent": _("{name} ended the chat"),
            "resolved": _("Resolved"),
            "resolved.agent": _("{name} resolved the chat"),
            "reopened": _("Reopened"),
            "reopened.agent": _("{name} reopened the chat"),
            "field": {"label": _("Topic: {label}")},
            "field.agent": {
                "label": _("{name} set the topic: {label}"),
                "marked": _("{name} marked the chat as spam"),
                "cleared": _("{name} took the spam mark off"),
            },
            "rated": {
                "comment": _("Rating: {score} of 5 · “{comment}”"),
                "score": _("Rating: {score} of 5"),
            },
            "converted": _("Ticket #{number} was made"),
            "converted.bot": _("Ticket #{number} was made by a rule"),
            "converted.agent": _("{name} made ticket #{number} of the chat"),
            "tagged": {"added": _("Tag added: {added}"), "removed": _("Tag removed: {removed}")},
            "tagged.agent": {
                "added": _("{name} added a tag: {added}"),
                "removed": _("{name} removed a tag: {removed}"),
            },
        },
        "refusals": {
            "ended": _("Not sent: the chat has ended."),
            "forbidden": _("Not sent: this chat is not yours."),
            "invalid": _("Not sent: the message is empty or too long."),
        },
    }
