"""Reading: DuckDB over the store's journals, the filter language, the run table, curves, and the user's own
SQL.

One `Reader` a store holds an in-memory connection that follows the journals; nothing here ever writes to
the store.
"""

from tracker.query.connection import Reader, reader

__all__ = ["Reader", "reader"]
