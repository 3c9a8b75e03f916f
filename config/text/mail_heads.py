"""The head of a mail as bytes, before anybody takes the mail apart."""

import re

# So much is looked at of a mail that is beyond all bounds; and in any mail its id stands within.
HEAD_MAX = 64 * 1024
END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_VALUE_MAX = 500


def head_of(content: bytes) -> bytes:
    """Return the beginning of a mail's header, which always can be read."""
    head = content[:HEAD_MAX]
    end = END_OF_HEADER.search(head)
    return head[: end.end()] if end else head[: head.rfind(b"\n") + 1]


def first_header(name: str, content: bytes) -> str:
    """Return the first line of the first header of that name, empty without one."""
    line = rf"(?im)^{name}:[ \t]*(?:\r?\n[ \t]+)?([^\r\n]{{1,{_VALUE_MAX}}})"
    found = re.search(line.encode(), content[:HEAD_MAX])
    return found[1].decode("latin-1") if found else ""
