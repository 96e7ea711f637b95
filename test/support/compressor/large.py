"""
Large histories from the command line.

    large.py create              Synapse's tables
    large.py make million|medium a history, and nothing else; digests of all groups are kept in a file
    large.py add million|medium  the same beside what is there, whose digests are kept too
    large.py check               whether every group that was there, and was not purged, still resolves as then; prints
                                 figures, and keeps the digests of groups that came since
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
    empty(connect())
    return add(size)


def add(size: str) -> dict:
    db = connect()
    store = Store(random.Random(size), _next_id(db))
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


def _next_id(db) -> int:
    with db.cursor() as cursor:
        cursor.execute("SELECT nextval('state_group_id_seq')")
        return cursor.fetchone()[0]


def _compare_some(db, digests: dict[int, int]) -> None:
    """That the fast resolver and Synapse's query tell the same groups apart, and the same ones not."""
    groups = sorted(digests)
    states = {group: frozenset(resolve(db, group).items()) for group in groups[:: max(1, len(groups) // 40)]}
    for one in states:
        for other in states:
            check((states[one] == states[other]) == (digests[one] == digests[other]), f"{one} and {other}")


def verify() -> dict:
    db = connect()
    before = pickle.loads(DIGESTS.read_bytes())
    after = digest_all(db)
    _compare_some(db, after)
    wrong = [group for group in before.keys() & after.keys() if before[group] != after[group]]
    DIGESTS.write_bytes(pickle.dumps({group: before.get(group, digest) for group, digest in after.items()}))
    return {
        "groups": len(after),
        "wrong": len(wrong),
        "gone": len(before.keys() - after.keys()),
        "rows": row_count(db),
        "longest": longest_chain(db),
    }


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
    case ["add", size]:
        print(json.dumps(add(size)))
    case ["check"]:
        print(json.dumps(verify()))
    case ["forget", room]:
        print(json.dumps(forget(room)))
