"""What hangs on a mail, as far as it may be kept."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from config.files.cleaning import CleanFile, FileRefused, clean_file
from config.files.pictures import Pay, PictureRefused
from config.files.unchecked import keep_unchecked
from config.text.cleaning import mended, one_line
from tickets.mail.inbound.parts import Mail, MailFile

FILES_MAX = 50
PICTURE_SECONDS = 60


def clean_files(mail: Mail) -> tuple[list[tuple[CleanFile, str]], list[dict[str, str]]]:
    """Return the files that may be kept, each with what the page calls it, and what is not, by
    names in the language that is active."""
    # Where a mail is cut off, its last file is.
    files = mail.files[:-1] if mail.is_cut else mail.files
    spent = 0

    def pay(seconds: int) -> None:
        nonlocal spent
        spent += seconds
        if spent > PICTURE_SECONDS:
            raise PictureRefused("pixels")

    taken, refused = [], []
    for number, file in enumerate(files):
        try:
            if number >= FILES_MAX:
                raise FileRefused("too_many")
            if len(file.content) > settings.IMECE["UPLOAD_MAX_BYTES"]:
                raise FileRefused("too_large")
            taken.append((_kept(file, pay), file.cid))
        except FileRefused as error:
            refused.append({"name": _name(file), "reason": error.reason})
    if mail.is_cut:
        lost = [*map(_name, mail.files[-1:]), _("the rest of the mail")]
        refused += [{"name": name, "reason": "too_large"} for name in lost]
    return taken, refused


def _kept(file: MailFile, pay: Pay) -> CleanFile:
    """Return a file as chats take it, else as mere bytes: a mail was sent, and nobody who could
    choose another file is there to be told."""
    name = mended(file.name)
    try:
        return clean_file(file.content, name, pay=pay)
    except FileRefused:
        return keep_unchecked(file.content, name)


def without_places(text: str, files: Sequence[MailFile]) -> str:
    """Return a text without the lines that only say where one of the pictures stands, as Gmail and
    Outlook write them: all hang on the mail."""
    places = {f"[image: {file.name}]" for file in files}
    places |= {f"[cid:{file.cid}]" for file in files if file.cid}
    if not any(place in text for place in places):
        return text
    return "\n".join(line for line in text.splitlines() if line.strip() not in places)


def _name(file: MailFile) -> str:
    return mended(one_line(file.name))[:120]
