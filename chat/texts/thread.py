"""What a thread says to whoever reads it, visitor or agent."""

from django.utils.translation import gettext as _


def thread_texts() -> dict[str, str]:
    """Return the texts of `static/live/thread.js` that both audiences read, in this language."""
    return {
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "sending": _("sending"),
        "sent": _("sent"),
        "delivered": _("delivered"),
        "read": _("read"),
        "failed": _("Not sent."),
        "retry": _("Try again"),
        "discard": _("Delete"),
        "newMessages": _("New messages"),
        "typing": _("{name} is typing"),
        "image": _("Image: {name}"),
        "download": _("Download {name} ({size})"),
        "enlarge": _("Show {name} large"),
        "close": _("Close"),
        "fileGone": _("This file is no longer available."),
    }


def emoji_texts() -> dict[str, str]:
    """Return the texts of `static/live/emoji.js`, in this language."""
    return {
        "emoji": _("Emoji"),
        "findEmoji": _("Find an emoji"),
        "noEmoji": _("No such emoji."),
    }
