"""What must not be at work at the same time, besides the session lock of `database.py`."""

from compressor.database import Connection
from compressor.failure import BACKGROUND_UPDATE, DATABASE, Failure

TABLES = ("state_groups", "state_group_edges", "state_groups_state", "state_groups_pending_deletion")


def check_tables(db: Connection) -> None:
    for table in TABLES:
        if not db.rows("SELECT to_regclass(%s) IS NOT NULL", (table,))[0][0]:
            raise Failure(DATABASE, f"no table {table}: is this a database of Synapse 1.126 or newer?")


def check_background_updates(db: Connection) -> None:
    """
    Synapse's updates that deduplicate, index or delete state groups all have `state_group` in their names.
    Raises Failure, code 5, while one is not done.
    """
    found = db.rows(
        r"SELECT update_name FROM background_updates WHERE update_name LIKE '%state\_group%' ORDER BY ordering LIMIT 1"
    )
    if found:
        raise Failure(BACKGROUND_UPDATE, f"Synapse's background update {found[0][0]} is not done yet")
