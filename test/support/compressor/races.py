"""
Synapse at work on the same groups, step by step, with Synapse's own code. Each case names what happens between which
steps of a chunk; afterwards every group that is left resolves as before.
"""

import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compressor import chunk as chunk_module
from compressor.chunk import ChunkRun, Target
from compressor.config import read_config
from compressor.database import Connection
from compressor.failure import Conflict
from compressor.memory import Budget
from compressor.run import Options, Run
from compressor.stop import Stop
from compressor.writer import Change
from history import Store, live_room
from resolver import resolve_all
from rig import DSN, check, connect, write_config
from synapse_schema import empty
from synapse_store import Clock, Server

ROOM = "!race:example.com"
KEY = ("m.room.topic", "")


@dataclass
class Rig:
    """A room of 320 groups in chains of 100, and two processes of Synapse."""

    db: object
    config: object
    stop: Stop
    one: Server
    two: Server
    groups: list[int]
    before: dict

    def chunk(self) -> ChunkRun:
        self.session = Connection(self.config, self.stop)
        return ChunkRun(self.session, ROOM, (100, 50, 25), Budget(2**28), Target(True), False)

    def run_all(self) -> Run:
        run = Run(self.config, Options(chunk_size=100, chunks=None, levels=(100, 50, 25), room=ROOM), self.stop)
        check(run.execute() == 0, "a run failed")
        return run

    def same(self, gone: set[int] = frozenset(), also: dict | None = None) -> None:
        after = resolve_all(self.db)
        self.db.rollback()
        wanted = {group: state for group, state in self.before.items() if group not in gone} | (also or {})
        check(after.keys() == wanted.keys(), f"groups {sorted(after.keys() ^ wanted.keys())[:9]} are too few or many")
        wrong = [group for group in wanted if after[group] != wanted[group]]
        check(not wrong, f"groups {wrong[:9]} resolve otherwise")
        with self.db.cursor() as cursor:
            for table, column in (("state_groups_state", "state_group"), ("state_group_edges", "state_group")):
                cursor.execute(f"SELECT count(*) FROM {table} WHERE NOT EXISTS (SELECT FROM state_groups WHERE id = {column})")
                check(cursor.fetchone()[0] == 0, f"{table} has rows of groups that are gone")
            cursor.execute(
                "SELECT count(*) FROM (SELECT FROM state_groups_state GROUP BY state_group, type, state_key HAVING count(*) > 1) d"
            )
            check(cursor.fetchone()[0] == 0, "rows are there twice")
        self.db.rollback()

    def edges(self) -> dict[int, int]:
        with self.db.cursor() as cursor:
            cursor.execute("SELECT state_group, prev_state_group FROM state_group_edges")
            found = dict(cursor.fetchall())
        self.db.rollback()
        return found


def at(owner: type, method: str, action: Callable[[Any], None]) -> Callable[[], None]:
    """Runs the action before a method, once, with the object. Gives what undoes it."""
    original = getattr(owner, method)

    def patched(self, *arguments):
        setattr(owner, method, original)
        action(self)
        return original(self, *arguments)

    setattr(owner, method, patched)
    return lambda: setattr(owner, method, original)


def expect_conflict(rig: Rig, chunk: ChunkRun, wanted: list[int]) -> None:
    edges = rig.edges()
    try:
        chunk.run(wanted, [])
    except Conflict:
        return
    finally:
        rig.session.close()
    raise AssertionError(f"no conflict; {len(edges)} edges before, {len(rig.edges())} after")


def new_groups_meanwhile(rig: Rig) -> None:
    """Groups that are made on a group while its chunk is written, one that is not committed yet among them."""
    made = {}
    last, middle = rig.groups[-1], rig.groups[150]

    def make(_: Change) -> None:
        for prev in (last, middle, rig.groups[100]):
            delta = {KEY: f"$on-{prev}"}
            made[rig.one.new_group(ROOM, prev, delta)] = {**rig.before[prev], **delta}
        # The second process has its snapshot now, and goes on when the chunk is through.
        with rig.two.db.cursor() as cursor:
            cursor.execute("SELECT id FROM state_groups WHERE id = %s FOR KEY SHARE", (middle,))

    at(Change, "apply", make)
    rig.run_all()
    delta = {KEY: "$late"}
    late = rig.two.run(_insert_delta, rig.two, middle, delta)
    made[late] = {**rig.before[middle], **delta}
    rig.same(also=made)


def _insert_delta(transaction, server: Server, prev: int, delta) -> int:
    group = server.store._state_group_seq_gen.get_next_id_txn(transaction)
    pool = server.store.db_pool
    pool.simple_insert_txn(transaction, "state_groups", {"id": group, "room_id": ROOM, "event_id": "$e"})
    pool.simple_insert_txn(transaction, "state_group_edges", {"state_group": group, "prev_state_group": prev})
    columns = ("state_group", "room_id", "type", "state_key", "event_id")
    rows = [(group, ROOM, *key, event) for key, event in delta.items()]
    pool.simple_insert_many_txn(transaction, "state_groups_state", columns, rows)
    return group


def pending_are_left(rig: Rig) -> None:
    """Groups about to be deleted keep their form, get no new deltas, and are purged well afterwards."""
    pending = rig.groups[:1] + rig.groups[40:60] + rig.groups[99:101]
    rig.one.mark_pending(pending)
    edges = rig.edges()
    rig.run_all()
    after = rig.edges()
    for group, prev in after.items():
        check(group not in pending or edges[group] == prev, f"{group} is pending and was changed")
        check(prev not in pending or edges.get(group) == prev, f"{group} was put on {prev}, which is pending")
    rig.same()
    check(rig.one.purge_groups(ROOM, pending), "nothing was purged")
    rig.same(gone=set(pending))
    rig.run_all()
    rig.same(gone=set(pending))


def purge_after_read(rig: Rig) -> None:
    """Groups are deleted, and others de-delta-ed, after the chunk was read: it must not be written."""
    pending = rig.groups[95:105]
    rig.one.mark_pending(pending)

    # As if the chunk had not seen the mark: it is older than any chunk can be, so only the locks are left to help.
    original = ChunkRun._states
    ChunkRun._states = lambda self, groups: (set(groups), set())
    chunk = rig.chunk()
    restore = at(Change, "apply", lambda _: rig.one.purge_groups(ROOM, pending))
    try:
        expect_conflict(rig, chunk, rig.groups[:200])
    finally:
        ChunkRun._states = original
        restore()
    rig.same(gone=set(pending))
    rig.run_all()
    rig.same(gone=set(pending))


def predecessor_purged_after_read(rig: Rig) -> None:
    """Only a group that others are put on goes; no row that the chunk writes is touched by it."""
    gone: set[int] = set()

    def purge(change: Change) -> None:
        group = min(set(change.needed) - set(change.groups))
        check(not {child for child, prev in rig.edges().items() if prev == group} & set(change.groups), "a poor choice")
        gone.add(group)
        rig.one.mark_pending([group])
        check(rig.one.purge_groups(ROOM, [group]), "nothing was purged")

    restore = at(Change, "apply", purge)
    expect_conflict(rig, rig.chunk(), rig.groups[:200])
    restore()
    rig.same(gone=gone)
    rig.run_all()
    rig.same(gone=gone)


def purge_waits(rig: Rig) -> None:
    """A purge that has read before the chunk was written and goes on afterwards: Postgres refuses it, it repeats."""
    pending = rig.groups[95:105]
    rig.one.mark_pending(pending)
    rig.one.clock.now += 11 * 60_000
    numbers = rig.one.sequence_numbers(pending)
    tries = []

    def purge(transaction) -> None:
        transaction.execute("SELECT count(*) FROM state_groups")
        if not tries:
            original = ChunkRun._states
            ChunkRun._states = lambda self, groups: (set(groups), set())
            try:
                rig.run_all()
            finally:
                ChunkRun._states = original
        tries.append(1)
        rig.one.store._purge_unreferenced_state_groups(transaction, ROOM, numbers)

    rig.one.run(purge)
    check(len(tries) == 2, f"the purge took {len(tries)} tries")
    rig.same(gone=set(pending))


def room_purged_after_read(rig: Rig) -> None:
    chunk = rig.chunk()
    restore = at(Change, "apply", lambda _: rig.one.purge_room(ROOM))
    expect_conflict(rig, chunk, rig.groups[:200])
    restore()
    rig.same(gone=set(rig.before))


def room_purge_waits(rig: Rig) -> None:
    """A room's purge whose snapshot is older than the chunk's end: it repeats and leaves nothing behind."""
    tries = []

    def purge(transaction) -> None:
        transaction.execute("SELECT count(*) FROM state_groups")
        if not tries:
            rig.run_all()
        tries.append(1)
        rig.one.store._purge_room_state_txn(transaction, ROOM)

    rig.one.run(purge)
    check(len(tries) == 2, f"the purge took {len(tries)} tries")
    rig.same(gone=set(rig.before))


def room_purge_at_work(rig: Rig) -> None:
    """A purge has deleted and not committed yet: the chunk gives up in half a second instead of a deadlock."""
    rig.one.store._purge_room_state_txn(rig.one.transaction(), ROOM)
    expect_conflict(rig, rig.chunk(), rig.groups[:200])
    rig.one.db.rollback()
    rig.same()
    rig.run_all()
    rig.same()


def purged_between_runs(rig: Rig) -> None:
    """Positions of the last run that are gone are dropped, and the next run goes on."""
    run = Run(rig.config, Options(chunk_size=60, chunks=2, levels=(30, 10, 5)), rig.stop)
    check(run.execute() == 0, "the first run failed")
    with rig.db.cursor() as cursor:
        cursor.execute("SELECT positions, last_group FROM synapse_kit_compressor.state_compressor WHERE room_id = %s", (ROOM,))
        positions, last = cursor.fetchone()
    rig.db.rollback()
    heads = sorted({head for heads, _ in positions for head in heads} | {last})
    rig.one.mark_pending(heads)
    check(rig.one.purge_groups(ROOM, heads), "nothing was purged")
    rig.same(gone=set(heads))
    run = Run(rig.config, Options(chunk_size=60, chunks=None, levels=(30, 10, 5)), rig.stop)
    check(run.execute() == 0 and run.result.groups == 321 - 120, f"the second run: {run.result}")
    rig.same(gone=set(heads))
    rig.one.purge_room(ROOM)
    run = Run(rig.config, Options(chunk_size=60, chunks=None, levels=(30, 10, 5)), rig.stop)
    check(run.execute() == 0 and run.result.rooms == 0, "the third run found a room")
    with rig.db.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM synapse_kit_compressor.state_compressor")
        check(cursor.fetchone()[0] == 0, "progress of a purged room is left")
    rig.db.rollback()


def mismatch_is_rolled_back(rig: Rig) -> None:
    """A wrong form, as a fault of the planner would make one, never reaches the tables; the run says so."""
    original = chunk_module.Planner.plan

    def spoiled(self, groups) -> None:
        original(self, groups)
        for _, rows in list(self.changes.values())[:1]:
            rows.pop()

    chunk_module.Planner.plan = spoiled
    try:
        run = Run(rig.config, Options(chunk_size=100, chunks=None, levels=(100, 50, 25), room=ROOM), rig.stop)
        code = run.execute()
    finally:
        chunk_module.Planner.plan = original
    check(code == 6 and run.result.mismatches == 1, f"code {code}, {run.result}")
    rig.same()


CASES = {
    case.__name__: case
    for case in (
        new_groups_meanwhile,
        pending_are_left,
        purge_after_read,
        predecessor_purged_after_read,
        purge_waits,
        room_purged_after_read,
        room_purge_waits,
        room_purge_at_work,
        purged_between_runs,
        mismatch_is_rolled_back,
    )
}


def main(names: list[str]) -> None:
    stop, config = Stop(), read_config(write_config())
    outcomes = {}
    for name in names or CASES:
        db = connect()
        empty(db)
        store = Store(random.Random(name))
        live_room(store, ROOM, members=30, groups=320)
        store.save(db)
        clock = Clock()
        before = resolve_all(db)
        db.rollback()
        rig = Rig(db, config, stop, Server(DSN, clock), Server(DSN, clock), sorted(before), before)
        try:
            CASES[name](rig)
            outcomes[name] = "ok"
        except Exception as error:
            outcomes[name] = f"{type(error).__name__}: {error}"
        for connection in (db, rig.one.db, rig.two.db):
            connection.close()
    print(json.dumps(outcomes))


main(sys.argv[1:])
