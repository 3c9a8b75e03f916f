"""Lists of rows: whole histories, and what is behind each cell of a report."""

from collections.abc import Mapping

from reports.listings.cells import Cell, read_cell
from reports.listings.kind import PAGE, Column, Listing, every
from reports.listings.sessions import SESSIONS
from reports.listings.statuses import STATUSES
from reports.listings.tickets import TICKETS

__all__ = ["LISTINGS", "PAGE", "Cell", "Column", "Listing", "every", "read_cell"]

LISTINGS: Mapping[str, Listing] = {each.name: each for each in (SESSIONS, STATUSES, TICKETS)}
