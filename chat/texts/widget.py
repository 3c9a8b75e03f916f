"""What the widget says, in the language that is active."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from chat.texts.thread import emoji_texts, thread_texts


def widget_texts() -> dict[str, Any]:
    """Return the product's own texts of the widget; places in {braces} are filled by the widget."""
    return {
        "home": _home(),
        "form": _form(),
        "chat": _chat(),
        "rating": _rating(),
        "queue": _queue(),
        "offline": _offline(),
        "files": _files(),
        "thread": _thread(),
        "state": _state(),
    }


def launcher_texts() -> dict[str, str]:
    """Return what the button on the customer's page says."""
    return {
        "open": _("Open chat"),
        "close": _("Close chat"),
        "unread": _("{n} unread messages"),
    }


def _home() -> dict[str, str]:
    return {
        "welcome": _("Hello, how can we help you?"),
        "online": _("We are here, you can write now"),
        "busy": _("Everyone is busy, we answer in turn"),
        "offline": _("Nobody is here at the moment"),
        "topics": _("Choose a topic"),
        "other": _("Another topic"),
        "start": _("Write to us"),
        "leave": _("Leave a message"),
        "now": pgettext("availability", "now"),
        "about": _("about {n} min"),
        "line": _("there is a line"),
        "message": _("leave a message"),
        "tickets": _("Your requests"),
        "earlier": _("Earlier chats"),
        "all": _("Show all"),
        "privacy": _("Your personal data is processed as described in the {link}."),
        "privacyLink": _("privacy notice"),
    }


def _form() -> dict[str, str]:
    return {
        "back": _("Back"),
        "name": _("Name"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "topic": _("Topic"),
        "what": _("What is it about?"),
        "message": _("Your message"),
        "optional": _("optional"),
        "start": _("Start chat"),
        "starting": _("Starting…"),
        "missing": _("Please fill this in."),
        "badEmail": _("Please check the e-mail address."),
        "badPhone": _("Please check the phone number."),
        "tooLong": _("This text is too long."),
        "failed": _("This did not work. Your text is kept, please try again."),
        "rate": _("That was a lot at once. Please try again in a moment."),
    }


def _chat() -> dict[str, str]:
    return {
        "messages": _("Messages"),
        "write": _("Write a message"),
        "send": _("Send"),
        "attach": _("Attach a file"),
        **emoji_texts(),
        "menu": _("More"),
        "close": _("Close window"),
        "soundOn": _("Turn sound on"),
        "soundOff": _("Turn sound off"),
        "end": _("End chat"),
        "endSure": _("End this chat?"),
        "endYes": _("End chat"),
        "endNo": _("Continue"),
        "ended": _("This chat has ended."),
        "add": _("Add something"),
        "adds": _("We also read what you add here."),
        "again": _("Start a new chat"),
        "mail": _("E-mail me this chat"),
        "mailed": _("{email} gets it in a few minutes."),
        "online": _("Online"),
        "break": _("On a break"),
        "offline": _("Offline"),
        "tooLong": _("{n} characters too many"),
    }


def _rating() -> dict[str, Any]:
    return {
        "ask": _("How was this chat?"),
        "words": [_("Very bad"), _("Bad"), _("So-so"), _("Good"), _("Very good")],
        "star": _("{n} of 5: {word}"),
        "comment": _("Do you want to add something?"),
        "send": pgettext("rating", "Send"),
        "thanks": _("Thank you for your rating. You can change it for 24 hours."),
        "late": _("This chat can't be rated any more."),
        "last": _("Rate your last chat"),
        "change": _("Change your rating of the last chat"),
    }


def _queue() -> dict[str, str]:
    return {
        "before": _("You are number"),
        "place": pgettext("place in line", "{n}"),
        "after": _("in line"),
        "eta": _("Estimated wait {low}–{high} minutes"),
        "nobody": _("Nobody is here at the moment"),
        "full": _("Everyone is busy, we answer in turn"),
        "hours": _("We are closed at the moment"),
        "soon": _("Somebody will be with you soon"),
        "leave": _("Leave a message instead"),
        "write": _("You can start writing while you wait."),
    }


def _offline() -> dict[str, str]:
    return {
        "title": _("Leave a message"),
        "intro": _("Nobody is here at the moment. Leave a message and we will answer by e-mail."),
        "full": _("Everyone is busy. Leave a message and we will answer by e-mail."),
        "send": _("Send message"),
        "sending": _("Sending…"),
        "thanks": _("We have your message"),
        "number": _("Ticket number"),
        "reply": _("We will answer to {email}."),
        "done": _("Back to start"),
    }


def _files() -> dict[str, str]:
    return {
        "drop": _("Drop files here"),
        "tooBig": _("{name} is larger than {size}."),
        "empty": _("{name} is empty."),
        "failed": _("{name} could not be uploaded."),
        "tooMany": _("At most {n} files at once."),
        "remove": _("Remove {name}"),
        "uploading": _("Uploading {name}"),
    }


def _thread() -> dict[str, Any]:
    return thread_texts() | {
        "refusals": {
            "ended": _("This chat has ended, the message was not sent."),
            "invalid": _("This message can't be sent."),
            "forbidden": _("This message can't be sent."),
        },
        "lines": {
            "queued": _("You are in line"),
            "accepted": _("{name} joined the chat"),
            "transferred": _("The chat was transferred"),
            "joined": _("{name} joined the chat"),
            "left": _("{name} left the chat"),
            "ended.visitor": _("You ended the chat"),
            "ended.agent": _("{name} ended the chat"),
            "ended.system": _("The chat was closed"),
            "reopened": _("The chat goes on"),
            "converted": _("Your request goes on as ticket {number}"),
            "rated": _("You rated this chat: {score} of 5"),
        },
    }


def _state() -> dict[str, str]:
    return {
        "loading": _("Loading…"),
        "reconnecting": _("Connection lost, reconnecting…"),
        "offline": _("You are offline. Messages are sent when you are back."),
        "failed": _("The chat can't be reached at the moment."),
        "retry": _("Try again"),
        "replaced": _("The chat goes on in another window."),
        "reload": _("There is a new version. Please reload the page."),
    }
