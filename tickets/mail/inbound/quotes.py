"""What somebody wrote, without the mail that they answer. The rest is folded away, never lost."""

import re
from typing import NamedTuple

from config.text.folding import fold

# Beyond it nothing is looked at: a person's words end long before.
TEXT_MAX = 256 * 1024
_LINE_MAX = 600

_INVISIBLE = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u200b": "", "\ufeff": "", "\u200e": ""})
# All of these look at folded text: small letters without marks, ı and İ as i.
_OURS = re.compile(r"##-.{0,200}-##")
_RULER = re.compile(
    r"(?<![-_*=])[-_*=]{2,}+\s*+(?:original message|forwarded message|ursprungliche nachricht|"
    r"weitergeleitete nachricht|(?:orijinal|ozgun|asil) (?:mesaj|ileti)|"
    r"(?:yonlendirilen|yonlendirilmis|iletilen|iletilmis) (?:mesaj|ileti))\s*[-_*=]{2,}"
)
_BEGINS = re.compile(
    r"(?:(?:begin )?forwarded message|ileti baslangici|iletilen ileti|iletilmis mesaj|"
    r"anfang der weitergeleiteten (?:nachricht|e-mail))\s*:?\s*"
)
# The line that mail programmes write above what they quote; it may be broken into three.
_WROTE = re.compile(
    r".{0,400}(?:tarihinde.{0,200}yazdi|(?:sunu|sunlari) yazdi.{0,120}|tarihli iletisinde)\s*:|"
    r"on .{4,400}wrote\s*:|"
    r"am .{4,400}schrieb.{0,200}:|"
    # The name may hold an address too; what stands between is told by its @ alone.
    r"\d{1,2}\.\d{1,2}\.\d{4},? .{0,20}\d{1,2}[:.]\d{2}"
    r"[^@]{0,300}(?:@[^@]{0,300})??\S@\S{1,100}\s*:"
)
_FROM = re.compile(r"[*\s>]{0,6}(?:kimden|gonderen|von|from)\s*:[*\s]{0,3}\S?")
_SENT = re.compile(
    r"(?:^|[*\s])(?:gonderilme(?: tarihi)?|gonderildi|gonderim tarihi|tarih|gesendet|datum|sent|"
    r"date)\s*:"
)
_TO = re.compile(r"(?:^|[*\s])(?:kime|alici|bilgi|an|to|cc|konu|betreff|subject)\s*:")


class Cut(NamedTuple):
    """The words of a mail, and what it quotes."""

    words: str
    rest: str


def cut(text: str) -> Cut:
    """Part somebody's own words from what they quote; when nothing is left, keep all."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE)
    lines = text[:TEXT_MAX].split("\n")
    tail = text[TEXT_MAX:]
    folded = [fold(line[:_LINE_MAX]).strip() for line in lines]
    first = next((at for at, line in enumerate(folded) if line), 0)
    if _OURS.fullmatch(folded[first]):
        # Another desk asks to be answered above this line; what it says stands below.
        lines, folded = lines[first + 1 :], folded[first + 1 :]
    quoted_from = _quoted_tail(folded)
    has_words = False
    for at, line in enumerate(folded):
        if line and has_words and (at >= quoted_from or _begins_quote(folded, at)):
            return _parted(lines, at, tail)
        if line and not (at >= quoted_from or _begins_quote(folded, at)):
            has_words = True
        elif line:
            # It begins with the quote: what stands below may be the words.
            break
    return Cut(f"{'\n'.join(lines)}{tail}".strip(), "")


def _parted(lines: list[str], at: int, tail: str) -> Cut:
    words = "\n".join(lines[:at]).rstrip().rstrip("_").rstrip()
    return Cut(words.strip(), f"{'\n'.join(lines[at:])}{tail}".strip())


def _quoted_tail(folded: list[str]) -> int:
    """Return from which line on there is nothing but quoted lines."""
    at = len(folded)
    while at and (not folded[at - 1] or folded[at - 1].startswith((">", "|"))):
        at -= 1
    return at


def _begins_quote(folded: list[str], at: int) -> bool:
    line = folded[at]
    if _OURS.search(line) or _RULER.search(line) or _BEGINS.fullmatch(line):
        return True
    if _FROM.match(line):
        head = "\n".join(folded[at : at + 8])
        if _SENT.search(head) and _TO.search(head):
            return True
    joined = ""
    for each in folded[at : at + 3]:
        if not each:
            break
        joined = f"{joined} {each}".strip()
        if joined.endswith(":") and _WROTE.fullmatch(joined):
            return True
    return False
