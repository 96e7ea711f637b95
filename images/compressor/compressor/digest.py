"""What groups resolve to, as one number each."""

from collections.abc import Collection

from compressor.entries import Entries
from compressor.graph import StateGraph


def digests(graph: StateGraph, entries: Entries, groups: Collection[int]) -> dict[int, int]:
    """
    Digest of the whole state of each group: the sum of the random tokens of its entries, so two states share one with
    a chance of 1 in 2^128. It is kept up while the tree is walked, entered and left again, so each row counts once
    and not once for each group that inherits it.
    """
    children: dict[int, list[int]] = {}
    roots: list[int] = []
    placed: set[int] = set()
    for group in groups:
        member: int | None = group
        while member is not None and member not in placed:
            placed.add(member)
            parent = graph.parent.get(member)
            if parent is None:
                roots.append(member)
            else:
                children.setdefault(parent, []).append(member)
            member = parent

    wanted, found = set(groups), {}
    token, key_of = entries.token, entries.key
    state: dict[int, int] = {}
    total = 0
    # A group to enter, or the list of what it replaced, to leave it.
    work: list[int | list[tuple[int, int | None]]] = list(roots)
    while work:
        step = work.pop()
        if isinstance(step, list):
            for key, old in reversed(step):
                total -= token[state[key]]
                if old is None:
                    del state[key]
                else:
                    state[key] = old
                    total += token[old]
            continue
        replaced: list[tuple[int, int | None]] = []
        for entry in graph.rows_of(step):
            key = key_of[entry]
            old = state.get(key)
            if old == entry:
                continue
            replaced.append((key, old))
            state[key] = entry
            total += token[entry]
            if old is not None:
                total -= token[old]
        if step in wanted:
            found[step] = total
        work.append(replaced)
        work.extend(children.get(step, ()))
    return found
