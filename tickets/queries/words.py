"""How a word that was typed is looked for in what rows keep folded as `search`."""

import re

from django.db.models import Q

from config.text.folding import fold

_LETTERS = re.compile(r"[^\W_]+")
# An index knows the beginning of a word by one letter, and what is within it by three. Named one by
# one, for of a class such as \W the index would not know that a word begins after it.
_BEGINS = "(^|[- \\n\\t(/@.:,;#+_\"'\\[!?*=&<>|{}~%$«»])"


def says(word: str, column: str = "search") -> Q:
    """Match what holds `word` in whatever letters; less than three of them begin a word there.

    What is no word at all matches everything. Fewer letters of other scripts may be a whole word,
    which none of these signs parts from the next.

    >>> says("Işık")
    <Q: (AND: ('search__contains', 'isik'))>
    """
    part = fold(word)
    found = _LETTERS.findall(part)
    if not found:
        return Q()
    holds = Q((f"{column}__contains", part))
    if max(map(len, found)) > 2 or not (part[0].isascii() and part[0].isalnum()):
        return holds
    return holds & Q((f"{column}__regex", _BEGINS + re.escape(part)))
