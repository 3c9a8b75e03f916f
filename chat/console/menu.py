"""What chats register for the console's frame: entries of the main menu, and slots."""

from django.utils.translation import gettext_lazy as _

from agents.console.frame import register_part
from agents.console.rail import RailEntry, register_entry
from agents.console.slots import Slot, fill_slot
from agents.models import Permission
from chat.console.frame import PART, build_part
from chat.queries.customers import chats_of_customer
from chat.queries.linking import not_the_same
from tickets.queries.likeness import told_apart_in
from tickets.queries.timeline import tell_of_customers

register_entry(
    RailEntry(
        key="chats",
        label=_("Live support"),
        icon="message-circle",
        url_name="console",
        order=10,
        keeps_brand=True,
        areas=("archive",),
        counter="console/unread.html",
    )
)
register_entry(
    RailEntry(
        key="archive",
        label=_("Archive"),
        icon="archive",
        url_name="console-archive",
        order=20,
        may=lambda access: access.may(Permission.ARCHIVE),
        keeps_brand=True,
        # Beside the list of open chats there is a link.
        in_menu=False,
    )
)
register_part(PART, build_part)
fill_slot(Slot.BAR, "console/meter.html")
fill_slot(Slot.FOOT, "console/foot.html")
fill_slot(Slot.TOASTS, "console/ringing.html")
fill_slot(Slot.TOASTS, "console/undo.html")
fill_slot(Slot.DIALOGS, "console/no_chat_kept.html")
fill_slot(Slot.DIALOGS, "console/shortcuts.html")
tell_of_customers(chats_of_customer)
told_apart_in(not_the_same)
