"""The table of runs: what `status` and the metrics tell, over restarts."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from compressor import schema
from compressor.database import LOCK, Connection
from compressor.failure import CRASHED, DONE, STATES

KEEP = 100


@dataclass
class Result:
    """Sums of one run. Bytes and seconds; the rest are counts."""

    rooms: int = 0
    chunks: int = 0
    chunks_written: int = 0
    groups: int = 0
    groups_changed: int = 0
    rows_before: int = 0
    rows_after: int = 0
    mismatches: int = 0
    conflicts: int = 0
    longest_write_seconds: float = 0.0
    peak_memory_bytes: int = 0
    vacuum: str = "not needed"
    #: rooms that were left, by reason
    left: dict[str, int] = field(default_factory=dict)

    def leave(self, reason: str) -> None:
        self.left[reason] = self.left.get(reason, 0) + 1


SELECT = """
    SELECT id, extract(epoch FROM started)::float8, extract(epoch FROM ended)::float8, state, code, scheduled,
        result, totals
    FROM synapse_kit_compressor.state_compressor_runs
"""


def start(db: Connection, scheduled: bool) -> int:
    """Number of the run. The lock is held, so a run that still counts as running has crashed."""
    for (crashed,) in db.rows("SELECT id FROM synapse_kit_compressor.state_compressor_runs WHERE state = 'running'"):
        finish(db, crashed, CRASHED, None)
    return _insert(db, "running", None, scheduled)


def refuse(db: Connection, scheduled: bool, code: int) -> None:
    """A run that did not begin."""
    if schema.exists(db):
        finish(db, _insert(db, STATES[code], code, scheduled), code, None)


def _insert(db: Connection, state: str, code: int | None, scheduled: bool) -> int:
    sql = "INSERT INTO synapse_kit_compressor.state_compressor_runs (state, code, scheduled) VALUES (%s, %s, %s) RETURNING id"
    return db.rows(sql, (state, code, scheduled))[0][0]


def finish(db: Connection, run: int, code: int, result: Result | None) -> None:
    """
    Totals are carried on from run to run, as the table keeps the last ones only.
    result: None where it did not begin or is not known
    """
    before = db.rows(SELECT + "WHERE id < %s AND totals <> '{}' ORDER BY id DESC LIMIT 1", (run,))
    totals: dict[str, Any] = before[0][7] if before else {}
    add = {f"runs.{STATES[code]}": 1}
    if result is not None:
        add["chunks"] = result.chunks
        add["rows_removed"] = max(0, result.rows_before - result.rows_after)
        add["mismatches"] = result.mismatches
    for name, amount in add.items():
        totals[name] = totals.get(name, 0) + amount
    db.execute(
        """
        UPDATE synapse_kit_compressor.state_compressor_runs
        SET ended = clock_timestamp(), state = %s, code = %s, result = %s, totals = %s WHERE id = %s
        """,
        (STATES[code], code, json.dumps({} if result is None else asdict(result)), json.dumps(totals), run),
    )
    db.execute("DELETE FROM synapse_kit_compressor.state_compressor_runs WHERE id <= %s", (run - KEEP,))


def as_object(row: tuple) -> dict[str, Any]:
    number, started, ended, state, code, scheduled, result, totals = row
    return {
        "id": number,
        "started": started,
        "ended": ended,
        "seconds": None if ended is None else round(ended - started, 3),
        "state": state,
        "code": code,
        "scheduled": scheduled,
        "result": result,
        "totals": totals,
    }


@dataclass(frozen=True)
class History:
    #: the last run that has ended
    last: dict[str, Any] | None
    #: the run at work
    running: dict[str, Any] | None
    #: when the last successful run ended, in seconds since 1970
    last_success: float | None
    totals: dict[str, int]


NO_HISTORY = History(None, None, None, {})

#: A run that was killed has a row like one at work, but not the lock.
LOCK_HELD = """
    EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s AND objid::bigint = %s AND granted)
"""


def read(db: Connection) -> History:
    if not schema.exists(db):
        return NO_HISTORY
    last = db.rows(SELECT + "WHERE ended IS NOT NULL ORDER BY id DESC LIMIT 1")
    running = db.rows(SELECT + f"WHERE ended IS NULL AND {LOCK_HELD} ORDER BY id DESC LIMIT 1", LOCK)
    success = db.rows(SELECT + "WHERE code = %s ORDER BY id DESC LIMIT 1", (DONE,))
    totals = db.rows(SELECT + "WHERE totals <> '{}' ORDER BY id DESC LIMIT 1")
    return History(
        as_object(last[0]) if last else None,
        as_object(running[0]) if running else None,
        success[0][2] if success else None,
        totals[0][7] if totals else {},
    )
