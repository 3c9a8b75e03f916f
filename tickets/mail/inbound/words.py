"""What a mail says: its words, its files, its language."""

import math
import re
from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Language
from config.files.cleaning import CleanFile
from config.text.cleaning import mended, one_line
from tickets.mail.inbound.files import clean_files, without_places
from tickets.mail.inbound.hypertext import cleaned, words_of
from tickets.mail.inbound.parts import Mail
from tickets.mail.inbound.quotes import cut
from tickets.models import Mailbox

# Of one line in a ticket; what is longer stays whole in the mail that is kept.
BODY_MAX, REST_MAX = 50_000, 50_000
_PREFIX = re.compile(r"^(?:\s*(?:re|fw|fwd|aw|wg|ynt|yan|ilt|cevap)\s*(?:\[\d+\])?\s*:\s*)+", re.I)
_TURKISH = {"ve", "bir", "bu", "için", "ile", "merhaba", "değil", "var", "nasıl", "ne", "mi"}
_ENGLISH = {"the", "and", "is", "my", "to", "you", "for", "have", "hello", "not", "i", "please"}


@dataclass
class Words:
    """What a mail says, ready to be stored."""

    body: str
    rest: str = ""
    html: str = ""
    files: list[tuple[CleanFile, str]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)


def words_in(mail: Mail, language: str) -> Words:
    """Return what a mail says: no transaction is open while that is found out."""
    text, rest = mail.text, ""
    if not text.strip() and mail.html:
        text, rest = words_of(mail.html)
    own, quoted = cut(without_places(text, mail.files))
    rest = "\n\n".join(filter(None, [quoted, rest]))
    with translation.override(language):
        files, refused = clean_files(mail)
        # Some say all that they have to say in the subject. Of an answer it is what it answers.
        if not own and not _PREFIX.match(mail.subject):
            own = subject_in(mail)
        if not own:
            own = ", ".join(file.name for file, _cid in files) or _("(no text)")
    return Words(
        body=mended(own[:BODY_MAX]),
        rest=mended(rest[:REST_MAX]),
        html=mended(cleaned(mail.html)) if mail.html else "",
        files=files,
        refused=refused,
    )


def language_of(mail: Mail, own: Mailbox) -> str:
    """Return the language of the product that the mail is written in, else the brand's."""
    text = (mail.text or words_of(mail.html)[0])[:4000].lower()
    said = set(re.findall(r"\w+", f"{mail.subject.lower()} {text}"))
    turkish = len(said & _TURKISH) + min(3, len(re.findall("[ğşı]", text)))
    english = len(said & _ENGLISH)
    if math.fabs(turkish - english) < 2:
        return str(own.brand.default_language)
    return str(Language.TURKISH if turkish > english else Language.ENGLISH)


def subject_in(mail: Mail) -> str:
    """Return what a mail is about, without what mail programmes put before it."""
    return _PREFIX.sub("", mended(one_line(mail.subject))).strip()
