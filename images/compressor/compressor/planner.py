"""New forms for the groups of one chunk."""

from array import array
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from compressor.entries import Entries
from compressor.graph import StateGraph
from compressor.levels import Position, Stack, position_in_chain, snapshot_position
from compressor.walk import Walk

#: Lines of history that are continued at a time, such as live events and a backfill between them (guess).
MAX_STACKS = 3

#: A form of a group: what it builds on, None for a snapshot, and its rows.
Form = tuple[int | None, array]


@dataclass(frozen=True)
class Choice:
    stack: Stack
    level: int
    entries: list[int]


class Planner:
    """
    Puts each group on the lowest level that has room, as a delta to that level's newest group; a snapshot where no
    level has. A group that continues none of the lines at hand stays what it is, unless a delta to one is smaller.
    """

    def __init__(
        self,
        graph: StateGraph,
        entries: Entries,
        levels: tuple[int, ...],
        positions: Collection[Position],
        chain_of: Callable[[int], list[int]],
        forbidden: Collection[int],
    ) -> None:
        """
        positions: of the lines to go on with, the one used last first
        chain_of: a group that no chunk has placed, and what it builds on by now, newest first
        forbidden: groups that must neither change nor get new deltas on them; nor do those change that build on one,
            since the purge that deletes it writes them anew
        """
        self._graph, self._entries, self._levels = graph, entries, levels
        self._chain_of, self._forbidden = chain_of, forbidden
        self._walk = Walk(graph, entries)
        self._stacks = [Stack(position) for position in positions]
        self._placed: dict[int, Position] = {}
        self.changes: dict[int, Form] = {}
        self.rows_before = self.rows_after = 0

    def positions(self) -> list[Position]:
        return [stack.position for stack in self._stacks]

    def plan(self, groups: Collection[int]) -> None:
        """In ascending order."""
        first = True
        for group in groups:
            rows = self._graph.rows_of(group)
            self.rows_before += len(rows)
            if group in self._forbidden or self._graph.parent.get(group) in self._forbidden:
                self.rows_after += len(rows)
                continue
            if first:
                for stack in self._stacks:
                    stack.attach(self._walk, group)
                first = False
            self._walk.move(group)
            self._plan_one(group)

    def _plan_one(self, group: int) -> None:
        parent = self._graph.parent.get(group)
        rows = self._graph.rows_of(group)
        if parent is not None:
            stack = self._stack_on(parent, group)
            choice = self._lowest(stack)
            if choice is None:
                choice = self._smallest(len(self._walk.state))
            if choice is not None:
                self._put(group, choice)
            else:
                self._snapshot(group)
            return
        choice = self._smallest(len(rows))
        if choice is not None:
            self._put(group, choice)
        else:
            self._snapshot(group)

    def _stack_on(self, parent: int, group: int) -> Stack:
        """The line that the parent is the newest group of; one that branches off there where it is not."""
        for stack in self._stacks:
            if stack.position.heads[0] == parent:
                return stack
        position = self._placed.get(parent) or position_in_chain(self._chain_of(parent), self._levels)
        return self._add(Stack(position), group)

    def _add(self, stack: Stack, group: int) -> Stack:
        stack.attach(self._walk, group)
        self._stacks.insert(0, stack)
        for dropped in self._stacks[MAX_STACKS:]:
            dropped.detach(self._walk)
        del self._stacks[MAX_STACKS:]
        return stack

    def _differences(self, stack: Stack) -> Iterator[tuple[int, list[int]]]:
        """Each level that the group can go on, lowest first, with its rows there."""
        for level in stack.position.open_levels(self._levels):
            if stack.position.heads[level] not in self._forbidden:
                difference = self._walk.difference(stack.marks[level])
                if difference is not None:
                    yield level, difference

    def _lowest(self, stack: Stack) -> Choice | None:
        for level, difference in self._differences(stack):
            return Choice(stack, level, difference)
        return None

    def _smallest(self, limit: int) -> Choice | None:
        """The smallest delta on any line, if it has fewer rows than the limit."""
        best = None
        for stack in self._stacks:
            for level, difference in self._differences(stack):
                if len(difference) < limit:
                    best, limit = Choice(stack, level, difference), len(difference)
        return best

    def _put(self, group: int, choice: Choice) -> None:
        parent = choice.stack.position.heads[choice.level]
        choice.stack.place(group, choice.level)
        self._placed[group] = choice.stack.position
        self._stacks.remove(choice.stack)
        self._stacks.insert(0, choice.stack)
        self._set(group, parent, choice.entries)

    def _snapshot(self, group: int) -> None:
        position = snapshot_position(group, self._levels)
        self._placed[group] = position
        self._add(Stack(position), group)
        self._set(group, None, list(self._walk.state.values()))

    def _set(self, group: int, parent: int | None, entries: list[int]) -> None:
        self.rows_after += len(entries)
        rows = self._graph.rows_of(group)
        if parent != self._graph.parent.get(group) or len(entries) != len(rows) or set(entries) != set(rows):
            self.changes[group] = (parent, array("l", entries))
