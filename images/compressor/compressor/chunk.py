"""One chunk: some groups of one room, in one transaction."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from compressor.database import Connection
from compressor.digest import digests
from compressor.entries import Entries
from compressor.failure import Mismatch
from compressor.graph import ANCESTORS, StateGraph, add_edges, load
from compressor.guard import check_background_updates
from compressor.levels import Position, position_in_chain
from compressor.memory import Budget
from compressor.planner import Planner
from compressor.schema import Progress, save_progress
from compressor.writer import Change


@dataclass(frozen=True)
class Outcome:
    """What became of a chunk. `write_seconds` runs from the first lock on a row to the end of the transaction."""

    rows_before: int
    rows_after: int
    changed: int
    write_seconds: float
    positions: list[Position]


@dataclass(frozen=True)
class Target:
    """Where new forms go: the database, else nowhere (dry run) or into a sink of SQL."""

    apply: bool
    sink: Callable[[str], None] | None = None


class ChunkRun:
    """Chunks of one room, one after the other."""

    def __init__(
        self, db: Connection, room_id: str, levels: tuple[int, ...], budget: Budget, target: Target, progress: bool
    ) -> None:
        self._db, self._room_id, self._levels = db, room_id, levels
        self._budget, self._target, self._progress = budget, target, progress
        #: new predecessors of groups that are not in the database, as this run does not write
        self._moved: dict[int, int | None] = {}
        self._write_began: float | None = None

    def run(self, wanted: list[int], positions: list[Position]) -> Outcome:
        """
        Raises Malformed, TooLarge, Conflict or Mismatch, and then nothing of the chunk was written.
        wanted: ascending; those that are gone meanwhile are passed over
        """
        self._write_began = None
        with self._db.transaction(read_only=not self._target.apply):
            check_background_updates(self._db)
            # Every query below names its groups; without statistics the planner would read whole tables for them.
            self._db.execute("SET LOCAL enable_seqscan = off")
            planner, change, graph, entries = self._prepare(wanted, positions)
            if change is not None and planner.rows_after >= planner.rows_before and not self._too_deep(wanted, graph):
                positions, change = self._as_it_stands(graph, wanted), None
            else:
                positions = planner.positions()
            if change is not None:
                self._write(change, planner, graph, entries, wanted)
            if self._target.apply and self._progress:
                save_progress(self._db, self._room_id, Progress(wanted[-1], positions))
        return Outcome(
            rows_before=planner.rows_before,
            rows_after=planner.rows_before if change is None else planner.rows_after,
            changed=0 if change is None else len(change.groups),
            write_seconds=0.0 if self._write_began is None else time.monotonic() - self._write_began,
            positions=positions,
        )

    def _prepare(
        self, wanted: list[int], positions: list[Position]
    ) -> tuple[Planner, Change | None, StateGraph, Entries]:
        """Reads, and plans on what was read."""
        entries = Entries()
        heads = {head for position in positions for head in position.heads}
        branches = self._branch_heads(wanted)
        children = self._children(wanted)
        graph = load(self._db, {*wanted, *heads, *branches, *children}, entries, self._budget)
        present, forbidden = self._states({*wanted, *heads, *graph.parent, *graph.parent.values()})
        planner = Planner(
            graph,
            entries,
            self._levels,
            [p for p in positions if forbidden.isdisjoint(p.heads) and len(p.heads) == len(self._levels)],
            lambda group: self._chain(group, graph),
            forbidden,
        )
        planner.plan([group for group in wanted if group in present])
        change = Change(self._room_id, graph, entries, planner.changes) if planner.changes else None
        return planner, change, graph, entries

    def _states(self, groups: set[int]) -> tuple[set[int], set[int]]:
        """Which of the groups are in this room; which must be left alone: the others, and those about to be deleted."""
        sql = "SELECT id FROM state_groups WHERE id = ANY(%s::bigint[]) AND room_id = %s"
        present = {group for (group,) in self._db.rows(sql, (list(groups), self._room_id))}
        sql = "SELECT state_group FROM state_groups_pending_deletion WHERE state_group = ANY(%s::bigint[])"
        pending = {group for (group,) in self._db.rows(sql, (list(groups),))}
        return present, (groups - present) | pending

    def _children(self, wanted: list[int]) -> set[int]:
        """Groups outside of the chunk that build on one inside."""
        sql = "SELECT state_group FROM state_group_edges WHERE prev_state_group = ANY(%s::bigint[])"
        return {child for (child,) in self._db.rows(sql, (wanted,))}.difference(wanted)

    def _branch_heads(self, wanted: list[int]) -> set[int]:
        """In a run that does not write: groups that the planner will visit, and that no edge of the database leads to."""
        if not self._moved:
            return set()
        graph = StateGraph()
        add_edges(graph, self._db.rows(ANCESTORS, (wanted,)))
        inside = set(wanted)
        parents = {graph.parent[group] for group in wanted if group in graph.parent} - inside
        chains = [self._chain(parent, graph) for parent in parents]
        return {head for chain in chains for head in position_in_chain(chain, self._levels).heads}

    def _chain(self, group: int, graph: StateGraph) -> list[int]:
        """The group and what it builds on by now, newest first."""
        if not self._moved:
            return graph.chain(group)
        found: list[int] = [group]
        while True:
            last = found[-1]
            parent = self._moved[last] if last in self._moved else graph.parent.get(last)
            if parent is None and last not in self._moved:
                sql = "SELECT prev_state_group FROM state_group_edges WHERE state_group = %s"
                parent = next((row[0] for row in self._db.rows(sql, (last,))), None)
            if parent is None:
                return found
            found.append(parent)

    def _write(
        self, change: Change, planner: Planner, graph: StateGraph, entries: Entries, wanted: list[int]
    ) -> None:
        """Raises Mismatch where a group of the chunk, or one that builds on one, would resolve to another state."""
        groups = {*wanted, *self._children(wanted)}
        before = digests(graph, entries, groups)
        if self._target.apply:
            self._write_began = time.monotonic()
            change.apply(self._db)
            result = load(self._db, groups, entries, self._budget)
        else:
            self._moved.update((group, parent) for group, (parent, _) in planner.changes.items())
            result = graph.copy_with(planner.changes)
        after = digests(result, entries, groups)
        wrong = sorted(group for group in groups if before[group] != after[group])
        if wrong:
            raise Mismatch(f"{len(wrong)} state groups would change, the first one {wrong[0]}")
        if self._target.sink is not None:
            first, last = change.groups[0], change.groups[-1]
            comment = f"-- {len(change.groups)} state groups from {first} to {last}"
            self._target.sink(f"{comment}: {planner.rows_before} rows become {planner.rows_after}\n")
            self._target.sink(change.sql(self._db))

    def _too_deep(self, groups: list[int], graph: StateGraph) -> bool:
        """Whether a group, as it stands, is further from its snapshot than all levels together reach."""
        depths: dict[int, int] = {}
        for group in groups:
            parent = self._moved.get(group, graph.parent.get(group))
            if parent is None:
                depths[group] = 0
            elif parent in depths:
                depths[group] = depths[parent] + 1
            else:
                depths[group] = len(self._chain(group, graph)) - 1
        return max(depths.values(), default=0) > sum(self._levels)

    def _as_it_stands(self, graph: StateGraph, wanted: list[int]) -> list[Position]:
        """The line of the newest group, where the chunk stays as it is."""
        chain = self._chain(wanted[-1], graph)
        return [position_in_chain(chain, self._levels)]
