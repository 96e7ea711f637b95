"""A place in the tree of state groups, with the whole state there."""

from compressor.entries import Entries
from compressor.graph import StateGraph

#: What a mark holds: for each key that changed since it was set, the entry then, None where there was none.
Mark = dict[int, int | None]

Undo = list[tuple[int, int | None]]


class Walk:
    """
    Goes from group to group along the edges, so a step costs as many rows as lie between and not the whole state.
    Marks remember what the state was at a place, so a difference costs what changed since then.
    """

    def __init__(self, graph: StateGraph, entries: Entries) -> None:
        self._graph, self._entries = graph, entries
        self.state: dict[int, int] = {}
        self.marks: list[Mark] = []
        #: the way from the snapshot to here: groups, and what each replaced
        self._path: list[int] = []
        self._undo: list[Undo] = []
        self._at: dict[int, int] = {}

    def move(self, group: int) -> None:
        way = []
        at: int | None = group
        while at is not None and at not in self._at:
            way.append(at)
            at = self._graph.parent.get(at)
        if at is None:
            self._jump(way.pop())
        else:
            while self._path[-1] != at:
                self._leave()
        for step in reversed(way):
            self._enter(step)

    def _note(self, key: int, old: int | None) -> None:
        for mark in self.marks:
            if key not in mark:
                mark[key] = old

    def _enter(self, group: int) -> None:
        undo: Undo = []
        state, key_of = self.state, self._entries.key
        for entry in self._graph.rows_of(group):
            key = key_of[entry]
            old = state.get(key)
            if old != entry:
                self._note(key, old)
                undo.append((key, old))
                state[key] = entry
        self._at[group] = len(self._path)
        self._path.append(group)
        self._undo.append(undo)

    def _leave(self) -> None:
        del self._at[self._path.pop()]
        state = self.state
        for key, old in reversed(self._undo.pop()):
            self._note(key, state[key])
            if old is None:
                del state[key]
            else:
                state[key] = old

    def _jump(self, snapshot: int) -> None:
        """To a group that shares nothing with this place."""
        before, key_of = self.state, self._entries.key
        after = {key_of[entry]: entry for entry in self._graph.rows_of(snapshot)}
        for key, entry in after.items():
            old = before.get(key)
            if old != entry:
                self._note(key, old)
        for key, entry in before.items():
            if key not in after:
                self._note(key, entry)
        self.state = after
        self._path, self._undo, self._at = [snapshot], [[]], {snapshot: 0}

    def difference(self, mark: Mark) -> list[int] | None:
        """
        Entries that lead from the mark's state to this one. None where a key of the mark's state is gone: a delta
        cannot say so.
        """
        changed = []
        state = self.state
        for key, old in mark.items():
            entry = state.get(key)
            if entry != old:
                if entry is None:
                    return None
                changed.append(entry)
        return changed
