"""State groups with their edges and rows, as they stand in the database."""

from array import array
from collections.abc import Collection, Iterable

from compressor.database import Connection
from compressor.entries import Entries
from compressor.failure import Malformed
from compressor.memory import Budget

#: The given groups and all that they build on.
ANCESTORS = """
    WITH RECURSIVE chain(state_group, prev_state_group) AS (
        SELECT state_group, prev_state_group FROM state_group_edges WHERE state_group = ANY(%s::bigint[])
        UNION
        SELECT e.state_group, e.prev_state_group
        FROM state_group_edges e JOIN chain c ON e.state_group = c.prev_state_group
    )
    SELECT state_group, prev_state_group FROM chain
"""

CHECK_EVERY = 5000


class StateGraph:
    """
    A group without a parent is a snapshot: its rows are its state. Otherwise its rows are laid over its parent's
    state. Parents are always older (smaller), as Synapse's own query takes the row of the newest group of a chain.
    """

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}
        self.rows: dict[int, array] = {}

    def rows_of(self, group: int) -> array | tuple:
        return self.rows.get(group, ())

    def chain(self, group: int) -> list[int]:
        """The group and what it builds on, newest first."""
        found = [group]
        while (parent := self.parent.get(found[-1])) is not None:
            found.append(parent)
        return found

    def copy_with(self, changes: dict[int, tuple[int | None, array]]) -> "StateGraph":
        """The same with some groups written otherwise."""
        other = StateGraph()
        other.parent, other.rows = dict(self.parent), dict(self.rows)
        for group, (parent, rows) in changes.items():
            other.rows[group] = rows
            other.parent.pop(group, None)
            if parent is not None:
                other.parent[group] = parent
        return other


def add_edges(graph: StateGraph, edges: Iterable[tuple[int, int]]) -> None:
    for group, parent in edges:
        if graph.parent.get(group, parent) != parent:
            raise Malformed(f"state group {group} has two predecessors")
        if parent >= group:
            raise Malformed(f"state group {group} builds on {parent}, which is not older")
        graph.parent[group] = parent


def load(db: Connection, groups: Collection[int], entries: Entries, budget: Budget) -> StateGraph:
    """
    The groups and everything that they build on.
    Raises Malformed, or TooLarge before more memory is taken than the budget has.
    """
    graph = StateGraph()
    add_edges(graph, db.rows(ANCESTORS, (list(groups),)))
    wanted = set(groups) | set(graph.parent) | set(graph.parent.values())
    seen = largest = 0
    number, rows = entries.number, graph.rows
    sql = "SELECT state_group, type, state_key, event_id FROM state_groups_state WHERE state_group = ANY(%s::bigint[])"
    for group, type_, state_key, event_id in db.stream(sql, (sorted(wanted),)):
        found = rows.get(group)
        if found is None:
            found = rows[group] = array("l")
        found.append(number(type_, state_key, event_id))
        seen += 1
        if seen % CHECK_EVERY == 0:
            largest = max(largest, len(found))
            budget.check(seen, len(entries), largest)
    budget.check(seen, len(entries), max(map(len, rows.values()), default=0))
    key = entries.key
    for group, found in rows.items():
        if len({key[entry] for entry in found}) != len(set(found)):
            raise Malformed(f"state group {group} has two rows for one key")
    return graph
