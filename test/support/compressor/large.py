"""
Large histories from the command line.

    large.py create              Synapse's tables
    large.py make million|medium a history; its digests are kept in a file
    large.py check               whether every group that was made still resolves as then; prints figures
    large.py forget ROOM         purges a room, with Synapse's own code
"""

import json
import pickle
import random
import sys
from pathlib import Path

from history import Store, backfilled_room, live_room, million_rows, renewed_room
from resolver import digest_all, longest_chain, resolve, row_count
from rig import DSN, check, connect
from synapse_schema import create, empty

DIGESTS = Path("/tmp/digests")


def make(size: str) -> dict:
    db = connect()
    empty(db)
    store = Store(random.Random(size))
    if size == "million":
        million_rows(store)
    else:
        for number in range(3):
            live_room(store, f"!room-{number}:example.com", members=400, groups=1500, forks=0.05)
        backfilled_room(store, "!backfilled:example.com", members=200, live=500, batches=10, batch=30)
        renewed_room(store, "!renewed:example.com", members=6000, eras=8, groups=30)
    store.save(db)
    digests = digest_all(db)
    _compare_some(db, digests)
    DIGESTS.write_bytes(pickle.dumps(digests))
    return {"groups": len(digests), "rows": row_count(db)}


def _compare_some(db, digests: dict[int, int]) -> None:
    """That the fast resolver and Synapse's query tell the same groups apart, and the same ones not."""
    groups = sorted(digests)
    states = {group: frozenset(resolve(db, group).items()) for group in groups[:: max(1, len(groups) // 40)]}
    for one in states:
        for other in states:
            check((states[one] == states[other]) == (digests[one] == digests[other]), f"{one} and {other}")


def verify() -> dict:
    db = connect()
    with db.cursor() as cursor:
        cursor.execute("SELECT id FROM state_groups")
        left = {group for (group,) in cursor}
    before = pickle.loads(DIGESTS.read_bytes())
    after = digest_all(db)
    _compare_some(db, after)
    check(after.keys() == left, "groups appeared meanwhile")
    wrong = [group for group in left if before[group] != after[group]]
    return {"groups": len(left), "wrong": len(wrong), "rows": row_count(db), "longest": longest_chain(db)}


def forget(room: str) -> dict:
    from synapse_store import Clock, Server

    Server(DSN, Clock()).purge_room(room)
    return {}


match sys.argv[1:]:
    case ["create"]:
        create(connect())
        print("{}")
    case ["make", size]:
        print(json.dumps(make(size)))
    case ["check"]:
        print(json.dumps(verify()))
    case ["forget", room]:
        print(json.dumps(forget(room)))
