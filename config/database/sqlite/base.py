"""Django's SQLite backend with a fair gate before every write of the process."""

from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from django.db.backends.sqlite3 import base

from config.database.sqlite.gate import GatedConnection, gate_of
from config.database.sqlite.percentile import Percentile

# What takes SQLite's write lock. BEGIN is IMMEDIATE here, so it does too.
WRITES = frozenset(
    {
        "BEGIN",
        "INSER",
        "UPDAT",
        "DELET",
        "REPLA",
        "CREAT",
        "ALTER",
        "DROP ",
        "REIND",
        "VACUU",
        "ANALY",
    }
)


class GatedCursor(base.SQLiteCursorWrapper):
    """A cursor that enters the gate before a statement that writes."""

    def execute(self, query: str, params: Any = None) -> Any:
        """Execute; outside a transaction the gate is held for this one statement."""
        connection = cast(GatedConnection, self.connection)
        if connection.in_transaction or query.lstrip()[:5].upper() not in WRITES:
            return super().execute(query, params)
        connection.enter_gate()
        try:
            return super().execute(query, params)
        finally:
            connection.leave_gate()

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        """Execute for each set of parameters; only used to write."""
        connection = cast(GatedConnection, self.connection)
        connection.enter_gate()
        try:
            return super().executemany(query, param_list)
        finally:
            connection.leave_gate()


class DatabaseWrapper(base.DatabaseWrapper):
    """One writer at a time, in the order of asking."""

    def get_connection_params(self) -> dict[str, Any]:
        """Make connections that know the gate of their file."""
        params: dict[str, Any] = super().get_connection_params()
        params["factory"] = partial(
            GatedConnection,
            gate=gate_of(str(params["database"])),
            patience=float(params.get("timeout", 5.0)),
        )
        return params

    def get_new_connection(self, conn_params: Any) -> Any:
        """Open one, with an aggregate that figures need."""
        connection = super().get_new_connection(conn_params)
        connection.create_aggregate("percentile", 2, Percentile)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor that passes the gate."""
        return self.connection.cursor(factory=GatedCursor)
