"""
Random histories: after any run every group resolves as before, by Synapse's own query, and the longest chain is kept.

    properties.py FIRST LAST      seeds; prints what was done
"""

import json
import random
import sys

from compressor.config import read_config
from compressor.run import Options, Run
from compressor.stop import Stop
from history import Store, random_rooms
from resolver import longest_chain, resolve_all, row_count
from rig import check, connect, write_config
from synapse_schema import empty


def run(config, stop, **options) -> Run:
    found = Run(config, Options(**options), stop)
    code = found.execute()
    check(code == 0, f"code {code}")
    return found


def one(seed: int, db, config, stop) -> tuple[int, int]:
    rng = random.Random(seed)
    empty(db)
    store = Store(rng)
    levels = tuple(rng.choice(((3, 2, 2), (1,), (4, 3), (6, 5, 4), (100, 50, 25), (100, 50, 25))))
    groups = rng.choice((8, 20, 60))
    random_rooms(store, rng.choice((1, 1, 3)), groups)
    store.save(db)
    before, rows = resolve_all(db), row_count(db)
    deep = longest_chain(db) > sum(levels)
    options = {"chunk_size": rng.choice((2, 5, 15, 50)), "levels": levels}

    sql: list[str] = []
    dry = run(config, stop, chunks=None, groups=(1, 10**9), sink=sql.append, **options).result
    check(row_count(db) == rows and resolve_all(db) == before, "the SQL form changed something")
    if seed % 2:
        with db.cursor() as cursor:
            cursor.execute("COMMIT")
            for transaction in "".join(sql).split("COMMIT;\n")[:-1]:
                cursor.execute(transaction + "COMMIT;")
        wet_rows = row_count(db)
        check(wet_rows == rows - dry.rows_before + dry.rows_after, f"SQL: {wet_rows} rows, {dry}")
    else:
        # In several runs, which go on where the one before ended.
        for _ in range(3):
            run(config, stop, chunks=rng.choice((1, 4, None)), **options)
        run(config, stop, chunks=None, **options)
        again = row_count(db)
        run(config, stop, chunks=None, groups=(1, 10**9), **options)
        check(row_count(db) <= again or deep, "a run over all of it again made rows")
    db.rollback()
    after = resolve_all(db)
    wrong = [group for group in before if before[group] != after[group]]
    check(not wrong, f"groups {wrong[:5]} changed")
    check(longest_chain(db) <= sum(levels), f"a chain of {longest_chain(db)} hops with {levels}")
    found = row_count(db)
    # Chains that were longer than the levels allow are cut, and that costs rows.
    check(found <= rows or deep, f"{rows} rows became {found}")
    db.rollback()
    return (0, 0) if deep else (rows, found)


def main(first: int, last: int) -> None:
    stop = Stop()
    config = read_config(write_config())
    db = connect()
    total = [0, 0]
    for seed in range(first, last):
        try:
            rows, left = one(seed, db, config, stop)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        total[0] += rows
        total[1] += left
    print(json.dumps({"seeds": last - first, "before": total[0], "after": total[1]}))


main(int(sys.argv[1]), int(sys.argv[2]))
