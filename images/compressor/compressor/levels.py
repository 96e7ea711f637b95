"""Levels: where in the tree of deltas the next state group goes."""

from dataclasses import dataclass, field

from compressor.walk import Mark, Walk


@dataclass(frozen=True)
class Position:
    """A group's place: the newest group of each level at its time, lowest first, and how many hops each has."""

    heads: tuple[int, ...]
    lengths: tuple[int, ...]

    @property
    def depth(self) -> int:
        return sum(self.lengths)

    def after(self, group: int, level: int) -> "Position":
        """A group is put on that level: it is the new head of it and of all below, which are empty again."""
        return Position(
            heads=(group,) * (level + 1) + self.heads[level + 1 :],
            lengths=(0,) * level + (self.lengths[level] + 1,) + self.lengths[level + 1 :],
        )

    def open_levels(self, levels: tuple[int, ...]) -> list[int]:
        """Levels with room, lowest first."""
        return [level for level, length in enumerate(self.lengths) if length < levels[level]]


def snapshot_position(group: int, levels: tuple[int, ...]) -> Position:
    return Position((group,) * len(levels), (0,) * len(levels))


def position_in_chain(chain: list[int], levels: tuple[int, ...]) -> Position:
    """
    Position of a group of which only the chain is known, newest first: as many hops as fit are reckoned to the lowest
    level, then to the next. What is more than all levels hold makes the highest one full.
    """
    heads, lengths, at = [], [], 0
    for index, most in enumerate(levels):
        rest = len(chain) - 1 - at
        length = rest if index == len(levels) - 1 else min(rest, most)
        heads.append(chain[at])
        lengths.append(length)
        at += length
    return Position(tuple(heads), tuple(lengths))


@dataclass(eq=False)
class Stack:
    """A position that the next group may be put on, with a mark of the state at each of its heads."""

    position: Position
    marks: list[Mark] = field(default_factory=list)

    def attach(self, walk: Walk, back_to: int) -> None:
        """Sets the marks by a visit of every head, the oldest first, and goes to a group."""
        self.marks = [{} for _ in self.position.heads]
        walk.marks.extend(self.marks)
        for level in reversed(range(len(self.marks))):
            if level + 1 < len(self.marks) and self.position.heads[level] == self.position.heads[level + 1]:
                self.marks[level].clear()
                continue
            walk.move(self.position.heads[level])
            self.marks[level].clear()
        walk.move(back_to)

    def detach(self, walk: Walk) -> None:
        # By identity: two marks may hold the same.
        mine = {id(mark) for mark in self.marks}
        walk.marks = [mark for mark in walk.marks if id(mark) not in mine]

    def place(self, group: int, level: int) -> None:
        """The walk is at the group."""
        self.position = self.position.after(group, level)
        for mark in self.marks[: level + 1]:
            mark.clear()
