"""Histories of rooms, in the shape in which Synapse stores their state."""

import io
import random

#: Synapse writes a snapshot where a chain has this many groups.
MAX_CHAIN = 100

State = dict[tuple[str, str], str]


class Store:
    """Collects groups of any number of rooms. Ids ascend, with gaps as a sequence leaves them."""

    def __init__(self, rng: random.Random, first_id: int = 1) -> None:
        self.rng = rng
        self.next_id = first_id
        self.groups: list[tuple[int, str]] = []
        self.edges: list[tuple[int, int]] = []
        self.rows = io.StringIO()
        self.row_count = 0
        self.chain: dict[int, int] = {}

    def add(self, room: str, prev: int | None, rows: State) -> int:
        group = self.next_id
        self.next_id += 1 + (self.rng.random() < 0.1)
        self.groups.append((group, room))
        self.chain[group] = 1
        if prev is not None:
            self.edges.append((group, prev))
            self.chain[group] += self.chain[prev]
        for (type_, key), event in rows.items():
            texts = "\t".join(map(_escape, (room, type_, key, event)))
            self.rows.write(f"{group}\t{texts}\n")
        self.row_count += len(rows)
        return group

    def extend(self, room: str, prev: int, delta: State, state: State) -> int:
        """As Synapse does: a delta, or a snapshot where the chain is long."""
        return self.add(room, None, state) if self.chain[prev] >= MAX_CHAIN else self.add(room, prev, delta)

    def save(self, db) -> None:
        with db.cursor() as cursor:
            groups = "".join(f"{group}\t{_escape(room)}\t$e{group}\n" for group, room in self.groups)
            cursor.copy_expert("COPY state_groups FROM STDIN", io.StringIO(groups))
            edges = "".join(f"{group}\t{prev}\n" for group, prev in self.edges)
            cursor.copy_expert("COPY state_group_edges FROM STDIN", io.StringIO(edges))
            self.rows.seek(0)
            cursor.copy_expert("COPY state_groups_state FROM STDIN", self.rows)
            cursor.execute("SELECT setval('state_group_id_seq', %s)", (self.next_id,))
        db.commit()
        self.groups, self.edges, self.rows = [], [], io.StringIO()


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def event_id(rng: random.Random) -> str:
    return f"${rng.getrandbits(256):043x}"[:44]


def large_state(rng: random.Random, members: int) -> State:
    state = {(f"m.room.{name}", ""): event_id(rng) for name in ("create", "power_levels", "join_rules", "name")}
    for member in range(members):
        state["m.room.member", f"@user-{member:06d}:server-{member % 37}.example.com"] = event_id(rng)
    return state


def change(rng: random.Random, state: State, joins: float) -> State:
    """One event: somebody joins, or an entry that is there gets a newer event."""
    if rng.random() < joins:
        key = ("m.room.member", f"@user-{rng.getrandbits(40):x}:example.com")
    else:
        key = rng.choice(list(state)) if len(state) < 200 else ("m.room.member", _some_member(rng, state))
    return {key: event_id(rng)}


def _some_member(rng: random.Random, state: State) -> str:
    while True:
        member = rng.randrange(len(state))
        key = f"@user-{member:06d}:server-{member % 37}.example.com"
        if ("m.room.member", key) in state:
            return key


def live_room(store: Store, room: str, members: int, groups: int, forks: float = 0.0, resets: float = 0.0) -> None:
    """
    A room as it is talked in.
    forks: share of events that build on the group before the last one, so that their states are resolved afterwards
    resets: share of groups that Synapse stores whole since no delta fits, as after the resolution of a large fork
    """
    rng = store.rng
    state = large_state(rng, members)
    head = store.add(room, None, state)
    before = (head, {})
    for _ in range(groups):
        delta = change(rng, state, 0.3)
        if rng.random() < forks:
            # Built on the group before, then merged: the merge holds both changes.
            older, undone = before
            side = store.extend(room, older, delta, {**state, **undone, **delta})
            state.update(delta)
            head = store.extend(room, side, {**before[1], **delta}, state)
            before = (head, {})
            continue
        before = (head, {key: state[key] for key in delta if key in state})
        state.update(delta)
        reset = rng.random() < resets
        head = store.add(room, None, state) if reset else store.extend(room, head, delta, state)


def backfilled_room(store: Store, room: str, members: int, live: int, batches: int, batch: int) -> None:
    """
    Live events, and between them pieces of older history, the newest piece first, each beginning with a snapshot as
    its state came from another server.
    """
    rng = store.rng
    past = large_state(rng, members)
    pieces = []
    for index in range(batches):
        # Most of the history are newer events for what is there; some of it has joins, which cannot be undone.
        start, deltas = dict(past), []
        for _ in range(batch):
            delta = change(rng, past, 0.1 if index % 8 == 0 else 0.0)
            deltas.append(delta)
            past.update(delta)
        pieces.append((start, deltas))
    state = past
    head = store.add(room, None, state)
    for start, deltas in reversed(pieces):
        for _ in range(live // batches):
            delta = change(rng, state, 0.3)
            state.update(delta)
            head = store.extend(room, head, delta, state)
        older = store.add(room, None, start)
        for delta in deltas:
            start.update(delta)
            older = store.extend(room, older, delta, start)


def renewed_room(store: Store, room: str, members: int, eras: int, groups: int) -> None:
    """A room of which nothing stays: each of its eras has another event for every member."""
    for _ in range(eras):
        state = large_state(store.rng, members)
        head = store.add(room, None, state)
        for _ in range(groups - 1):
            delta = change(store.rng, state, 0.0)
            state.update(delta)
            head = store.extend(room, head, delta, state)


def million_rows(store: Store) -> None:
    """A room with more than 100,000 rows, one with backfill, others; 1,000,000 rows in all."""
    live_room(store, "!large:example.com", members=2500, groups=11_000, forks=0.02)
    backfilled_room(store, "!backfilled:example.com", members=800, live=5500, batches=55, batch=30)
    live_room(store, "!resolved:example.com", members=600, groups=1400, resets=0.25)
    number = 0
    while store.row_count < 1_000_000:
        live_room(store, f"!room-{number}:example.com", members=300 + 40 * (number % 12), groups=400)
        number += 1


TEXTS = ("", "plain", "tab\there", "line\nbreak", "back\\slash", "quote'\"", "ünïcödé ☃", "\\N", "$dollar$", "%s", "{}")


def random_rooms(store: Store, rooms: int, groups: int) -> None:
    """Small rooms in which everything happens: forks from any group, snapshots of any state, keys that are gone."""
    rng = store.rng
    known: list[list[tuple[int, State]]] = [[] for _ in range(rooms)]
    keys = [(type_, key) for type_ in ("m.room.member", "t\\y'pe") for key in TEXTS]
    for _ in range(groups):
        index = rng.randrange(rooms)
        room, past = f"!room-{index}\\'{TEXTS[index]}:example.com", known[index]
        if not past or rng.random() < 0.15:
            state = {key: event_id(rng) + rng.choice(TEXTS) for key in keys if rng.random() < rng.choice((0, 0.3, 0.9))}
            if past and rng.random() < 0.7:
                state = {key: event for key, event in rng.choice(past)[1].items() if rng.random() < 0.95}
            past.append((store.add(room, None, state), state))
            continue
        head, state = past[-1] if rng.random() < 0.7 else rng.choice(past)
        delta = {rng.choice(keys): event_id(rng) for _ in range(rng.choice((0, 1, 1, 1, 2, 4)))}
        if rng.random() < 0.1 and state:
            # A row that says again what its predecessor says.
            key = rng.choice(list(state))
            delta[key] = state[key]
        merged = {**state, **delta}
        past.append((store.add(room, head, delta), merged))
