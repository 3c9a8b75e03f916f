"""What is said by itself in the thread when a chat comes into a state, where no rule speaks.

Screens have words of their own (`BrandText`); these are lines of the thread, each once a stay.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.audit import record
from agents.models import Agent, Brand, Language
from agents.queries.canned import fill, variables_in, without_variables
from automation.models import AutoReply, Rule
from automation.rules import book
from automation.rules.facts import ChatSight, Stay, seen_chats
from chat.models import Conversation, Entry
from chat.operations.automatic import Touched, say_automatically
from chat.queries.people import own_name
from chat.queries.variables import chat_values
from chat.routing.availability import Reason
from chat.routing.availability import State as Meets

TEXT_MAX = 1000
State = AutoReply.State
type Texts = Mapping[str, str]

STANDARD: Mapping[str, Texts] = {
    State.WELCOME: {
        "tr": "Merhaba {{visitor.name|hoş geldiniz}}! Mesajınız bize ulaştı, ekibimizden biri "
        "birazdan burada yanıtlayacak.",
        "en": "Hello {{visitor.name|and welcome}}! Your message has reached us, somebody of our "
        "team will answer here in a moment.",
    },
    State.BUSY: {
        "tr": "Üzgünüz, şu anda herkes meşgul. Mesajınız bize ulaştı, sırayla ve en kısa sürede "
        "yanıtlıyoruz.",
        "en": "Sorry, everyone is busy at the moment. Your message has reached us, we answer in "
        "turn and as soon as we can.",
    },
    State.OFFLINE: {
        "tr": "Şu anda burada kimse yok. Mesajınızı aldık, en kısa sürede e-posta ile "
        "yanıtlayacağız.",
        "en": "Nobody is here at the moment. We have your message and will answer by e-mail as "
        "soon as we can.",
    },
    State.CLOSED: {
        "tr": "Merhaba! Şu anda kapalıyız. Mesajınızı aldık, açıldığımızda e-posta ile "
        "yanıtlayacağız.",
        "en": "Hello! We are closed at the moment. We have your message and will answer by e-mail "
        "when we are open again.",
    },
    State.IDLE: {
        "tr": "Sizden haber alamadık. Devam etmek istediğinizde buraya yazabilirsiniz.",
        "en": "We have not heard from you. Write here whenever you want to go on.",
    },
    State.CLOSING: {
        "tr": "Bize yazdığınız için teşekkür ederiz. İyi günler dileriz!",
        "en": "Thank you for writing to us. Have a good day!",
    },
}
# What is said although nobody has set anything.
_USUALLY_ON = frozenset({State.IDLE})
# What has always a value; the others need a word for when they have none.
_ALWAYS_KNOWN = frozenset({"brand.name", "chat.id"})
_KNOWN = _ALWAYS_KNOWN | {"visitor.name", "visitor.email", "topic"}

type Errors = dict[tuple[str, str], str | Promise]


class InvalidReplies(Exception):
    """A text is missing, too long or names what is not known; `errors` name state and language."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(list(errors))
        self.errors = errors


def replies_of(brand: Brand) -> dict[str, AutoReply]:
    """Return what a brand says in each state, stored or standard."""
    stored = {reply.state: reply for reply in AutoReply.objects.filter(brand=brand)}
    found = {}
    for state in State:
        reply = stored.get(state) or AutoReply(brand=brand, state=state, is_on=state in _USUALLY_ON)
        reply.texts = {**STANDARD[state], **reply.texts}
        found[str(state)] = reply
    return found


@transaction.atomic
def set_replies(
    *, brand: Brand, told: Mapping[str, tuple[bool, Texts]], by: Agent | None, now: datetime
) -> None:
    """Set whether and what a brand says in states. Raises `InvalidReplies`.

    Words that are the standard ones are not kept: they may get better.
    """
    errors: Errors = {}
    for state, (is_on, texts) in told.items():
        _check(state, is_on, texts, errors)
    if errors:
        raise InvalidReplies(errors)
    before = replies_of(brand)
    for state, (is_on, texts) in told.items():
        was = before[state]
        clean = {code: text.replace("\r\n", "\n").strip() for code, text in texts.items()}
        own = {code: text for code, text in clean.items() if text and text != STANDARD[state][code]}
        AutoReply.objects.update_or_create(
            brand=brand,
            state=state,
            defaults={
                "is_on": is_on,
                "texts": own,
                "on_since": was.on_since if was.is_on and was.pk else now,
            },
        )
    record("replies.changed", brand, by=by, fields=sorted(told))
    book.renew()


def _check(state: str, is_on: bool, texts: Texts, errors: Errors) -> None:
    for code, text in texts.items():
        if is_on and not text.strip():
            errors[state, code] = _("This field is required.")
        elif len(text) > TEXT_MAX:
            errors[state, code] = _("This text is too long.")
        for name, usual in variables_in(text):
            if name not in _KNOWN:
                errors[state, code] = _("There is no such variable here.")
            elif not usual and name not in _ALWAYS_KNOWN:
                errors[state, code] = _(
                    "Write what is said when it is not known: {{visitor.name|dear customer}}."
                )


def is_on(brand_id: int, state: str) -> bool:
    """Return whether something is said by itself in a state."""
    reply = book.fresh_book().replies.get((brand_id, state))
    return reply.is_on if reply is not None else state in _USUALLY_ON


def text_of(chat: Conversation, state: str) -> str:
    """Return the words in the chat's language, else in the brand's, with variables filled in."""
    reply = book.fresh_book().replies.get((chat.brand_id, state))
    texts = {**STANDARD[state], **(reply.texts if reply is not None else {})}
    wanted = (chat.language, chat.brand.default_language, *Language.values)
    text = next(texts[code] for code in wanted if code in texts)
    # Whom an agent takes a visitor for is not told to the visitor.
    own = without_variables({"visitor.name": own_name(chat)})
    return fill(text, chat_values(chat) | own).text


def words_for(conversation_id: int, state: str) -> str:
    """Return what is said now in a chat that comes into a state; "" when it was, or a rule spoke.

    A rule speaks for it by words since anybody else's.
    """
    chat = seen_chats().get(pk=conversation_id)
    if not is_on(chat.brand_id, state):
        return ""
    since = Stay(chat).seq
    if _automatic(chat, since).filter(data__state=state).exists():
        return ""
    words = chat.entries.filter(kind=Entry.Kind.MESSAGE).order_by("-seq")
    newest = words.values_list("seq", flat=True).first() or 0
    if _automatic(chat, newest).filter(data__has_key="rule").exists():
        return ""
    return text_of(chat, state)


def _automatic(chat: Conversation, since: int) -> QuerySet[Entry]:
    found: QuerySet[Entry] = chat.entries.filter(kind=Entry.Kind.BOT, seq__gt=since)
    return found


def reply_to(facts: ChatSight, *, at: datetime) -> bool:
    """Answer an event by itself, unless a rule spoke or it was answered; return whether it did."""
    happening = facts.happening
    states: Sequence[State]
    if happening.when == Rule.When.INCOMING:
        states, since = book.ANSWERS, Stay(facts.chat).seq
    elif happening.change == "ended":
        states, since = (State.CLOSING,), happening.seq or 0
    else:
        return False
    replies = book.fresh_book().replies
    found = (replies.get((facts.chat.brand_id, state)) for state in states)
    ready = {reply.state for reply in found if reply and reply.is_on and at >= reply.on_since}
    if not ready:
        return False
    if _automatic(facts.chat, since).filter(data__has_any_keys=["rule", "state"]).exists():
        return False
    # The rules may have changed it meanwhile.
    chat = seen_chats().get(pk=facts.chat.pk)
    state = _closing(chat) if happening.when != Rule.When.INCOMING else _answer(chat, facts)
    return state in ready and _say(chat, state, since)


def _answer(chat: Conversation, facts: ChatSight) -> str:
    """Return the state of a chat or message that came in; "" where nothing is to be said."""
    if chat.is_parked or chat.status == Conversation.Status.WRAP_UP:
        return ""
    is_left = chat.outcome == Conversation.Outcome.OFFLINE
    if not is_left and not chat.is_open:
        return ""
    if chat.assignee_id is not None:
        # Whoever has been answered needs no welcome.
        return State.WELCOME if chat.unanswered_since else ""
    meets = facts.outlook
    if meets.state == Meets.ONLINE:
        return "" if is_left else State.WELCOME
    if meets.state == Meets.BUSY or meets.reason == Reason.FULL:
        return State.BUSY
    return State.CLOSED if meets.reason == Reason.HOURS else State.OFFLINE


def _closing(chat: Conversation) -> str:
    """Return the state of a chat that has ended: said only to whom somebody has served."""
    is_served = chat.accepted_at is not None and chat.outcome != Conversation.Outcome.SPAM
    return State.CLOSING if is_served and not chat.is_open else ""


def _say(chat: Conversation, state: str, since: int) -> bool:
    client_id = str(uuid5(NAMESPACE_URL, f"imece:reply:{chat.pk}:{since}:{state}"))
    is_first = state in book.ANSWERS and chat.assignee_id is None
    try:
        said = say_automatically(
            conversation=chat,
            text=text_of(chat, state),
            by=None,
            client_id=client_id,
            state=state,
            unless_taken=is_first and state != State.WELCOME,
            now=timezone.now(),
        )
    except Touched:
        return False
    return said is not None
