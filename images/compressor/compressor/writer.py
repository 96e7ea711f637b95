"""New forms of state groups, into the database or as SQL."""

import io
from collections.abc import Iterator

from compressor.database import LOCK, Connection
from compressor.entries import Entries
from compressor.failure import Conflict
from compressor.graph import StateGraph
from compressor.planner import Form

STATE_COLUMNS = "state_group, room_id, type, state_key, event_id"
EDGE_COLUMNS = "state_group, prev_state_group"

#: Rows of one INSERT in an SQL file.
INSERT_ROWS = 1000


def _copy_text(value: str) -> str:
    for raw, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(raw, escaped)
    return value


class Change:
    """The new forms of one chunk, and what has to stand in the database for them to be right."""

    def __init__(self, room_id: str, graph: StateGraph, entries: Entries, forms: dict[int, Form]) -> None:
        self.room_id, self._entries, self._forms = room_id, entries, forms
        self.groups = sorted(forms)
        self.edges_before = [(group, graph.parent[group]) for group in self.groups if group in graph.parent]
        self.rows_before = sum(len(graph.rows_of(group)) for group in self.groups)
        self.edges_after = [(group, forms[group][0]) for group in self.groups if forms[group][0] is not None]
        #: all that must neither go nor be about to
        self.needed = sorted({*self.groups, *(parent for _, parent in self.edges_after)})

    def _rows(self) -> Iterator[tuple[int, str, str, str, str]]:
        for group in self.groups:
            for entry in self._forms[group][1]:
                yield (group, self.room_id, *self._entries.rows[entry])

    def apply(self, db: Connection) -> None:
        """
        Inside a transaction. Raises Conflict where anything is not as it was read.

        Each changed group loses at least one row or its edge, and that is what makes this safe beside a purge, which
        works in REPEATABLE READ too: of two that delete the same row the second one fails, and Synapse repeats it.
        The lock on the groups is the one that Synapse takes before it lets a new group build on them.
        """
        locked = db.rows("SELECT id FROM state_groups WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE", (self.needed,))
        if len(locked) != len(self.needed):
            raise Conflict("state groups are gone")
        deleted = db.execute("DELETE FROM state_groups_state WHERE state_group = ANY(%s::bigint[])", (self.groups,))
        if deleted != self.rows_before:
            raise Conflict(f"{deleted} rows where {self.rows_before} were read")
        if db.execute("DELETE FROM state_group_edges WHERE state_group = ANY(%s::bigint[])", (self.groups,)) != len(
            self.edges_before
        ):
            raise Conflict("edges are not as they were read")
        edges = "".join(f"{group}\t{parent}\n" for group, parent in self.edges_after)
        db.copy("state_group_edges", EDGE_COLUMNS, io.StringIO(edges))
        rows = "".join("\t".join([str(group), *map(_copy_text, texts)]) + "\n" for group, *texts in self._rows())
        db.copy("state_groups_state", STATE_COLUMNS, io.StringIO(rows))

    def sql(self, db: Connection) -> str:
        """The same as a transaction for psql, which undoes itself where anything is not as it was read."""
        groups = ",".join(map(str, self.groups))
        needed = ",".join(map(str, self.needed))
        edges = ",".join(f"({group},{parent})" for group, parent in self.edges_before) or "(NULL,NULL)"
        checks = {
            "a run of the compressor or a backup is at work": f"NOT pg_try_advisory_xact_lock({LOCK[0]}, {LOCK[1]})",
            "state groups are gone": f"(SELECT count(*) FROM (SELECT FROM state_groups WHERE id IN ({needed})"
            f" FOR KEY SHARE) found) <> {len(self.needed)}",
            "state groups are about to be deleted": "EXISTS (SELECT FROM state_groups_pending_deletion"
            f" WHERE state_group IN ({needed}))",
            "edges are not as they were read": f"(SELECT count(*) FROM state_group_edges WHERE ({EDGE_COLUMNS}) IN"
            f" ({edges})) <> {len(self.edges_before)} OR (SELECT count(*) FROM state_group_edges"
            f" WHERE state_group IN ({groups})) <> {len(self.edges_before)}",
            "rows are not as they were read": "(SELECT count(*) FROM state_groups_state"
            f" WHERE state_group IN ({groups})) <> {self.rows_before}",
        }
        lines = ["BEGIN ISOLATION LEVEL REPEATABLE READ;", "DO $check$ BEGIN"]
        lines += [f"  IF {test} THEN RAISE EXCEPTION '{message}'; END IF;" for message, test in checks.items()]
        lines += [
            "END $check$;",
            f"DELETE FROM state_groups_state WHERE state_group IN ({groups});",
            f"DELETE FROM state_group_edges WHERE state_group IN ({groups});",
        ]
        lines += _inserts("state_group_edges", EDGE_COLUMNS, [f"({g},{p})" for g, p in self.edges_after])
        rows = ["(" + ",".join([str(group), *map(db.quote, texts)]) + ")" for group, *texts in self._rows()]
        lines += _inserts("state_groups_state", STATE_COLUMNS, rows)
        return "\n".join([*lines, "COMMIT;", ""])


def _inserts(table: str, columns: str, values: list[str]) -> list[str]:
    return [
        f"INSERT INTO {table} ({columns}) VALUES\n  " + ",\n  ".join(values[at : at + INSERT_ROWS]) + ";"
        for at in range(0, len(values), INSERT_ROWS)
    ]
