"""Bytes of mails as text, whatever their sender calls them."""

import codecs
import re
from email.errors import MessageError
from email.header import decode_header

# What senders declare and what they mean.
_MEANT = {
    "iso-8859-9": "cp1254",
    "iso-8859-1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "ks_c_5601-1987": "cp949",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
# Of host names, and no charset of any mail: its time grows with the square of the text.
_NO_CHARSETS = {"punycode", "idna"}
_GUESSES = ("utf-8", "cp1254", "latin-1")
# ğ, ı and ş, read as Icelandic; words that really are have its other letters too.
_ICELANDIC = re.compile("[þÞðÐýÝ]")
_TRULY_ICELANDIC = re.compile("[æÆ]")
_LATIN = {"cp1252", "latin-1"}
_HEADER_MAX = 20_000
# Each names a charset that is looked for; what people call things has a few.
_WORDS_MAX = 200


def decode(content: bytes, charset: str | None) -> str:
    """Return `content` as text; never fails."""
    declared = (charset or "").strip("\"' ").lower()
    for name in (_MEANT.get(declared, declared), *_GUESSES):
        try:
            if codecs.lookup(name).name in _NO_CHARSETS:
                continue
            text = content.decode(name)
        except (LookupError, ValueError):
            continue
        if name in _LATIN and _ICELANDIC.search(text) and not _TRULY_ICELANDIC.search(text):
            text = content.decode("cp1254", "replace")
        return text.replace("\0", "")
    return content.decode("latin-1").replace("\0", "")


def header_text(raw: str) -> str:
    """Return a raw header as people read it, on one line."""
    # What no encoding announced stands there as bytes in disguise.
    raw = decode(raw[:_HEADER_MAX].encode("utf-8", "surrogateescape"), None)
    # On one line already here: of each line the reader forgets the blank with which it begins.
    raw = " ".join(raw.split())
    # From each word's beginning an end is looked for: behind the last one there is none to find.
    end = raw.rfind("?=") + 2
    if end < 2 or raw.count("=?") > _WORDS_MAX:
        return raw
    try:
        parts = decode_header(raw[:end])
    except (MessageError, ValueError, LookupError):
        return raw
    words = [part if isinstance(part, str) else decode(part, name) for part, name in parts]
    return " ".join("".join([*words, raw[end:]]).split())
