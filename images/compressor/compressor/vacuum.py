"""VACUUM afterwards, when it pays."""

from compressor.database import Connection

TABLES = ("state_groups_state", "state_group_edges")

#: Rows below which reading them beside the dead ones costs nobody anything.
MIN_DEAD_ROWS = 10_000


def dead_share(db: Connection, table: str) -> tuple[int, float]:
    """Dead rows, and their share of all, as the server's statistics have it."""
    # Without it the numbers of this session's own last second are missing. From Postgres 15 on.
    if db.rows("SELECT to_regproc('pg_stat_force_next_flush') IS NOT NULL")[0][0]:
        db.rows("SELECT pg_stat_force_next_flush()::text")
    sql = "SELECT n_dead_tup, n_live_tup FROM pg_stat_user_tables WHERE relid = to_regclass(%s)"
    dead, live = db.rows(sql, (table,))[0]
    return dead, dead / max(1, dead + live)


def vacuum_when_it_pays(db: Connection, threshold: float, min_dead_rows: int = MIN_DEAD_ROWS) -> str:
    """What was done, in words."""
    db.notices()
    dead, share = dead_share(db, TABLES[0])
    if dead < min_dead_rows or share < threshold:
        return "not needed"
    # Waits for autovacuum at work on the table, which it would otherwise be refused by after half a second.
    db.execute("SET lock_timeout = 0")
    for table in TABLES:
        db.execute(f"VACUUM (ANALYZE) {table}")
    refused = [notice for notice in db.notices() if "permission denied" in notice or "skipping vacuum" in notice]
    return refused[0] if refused else f"done: {dead} dead rows, {share:.0%}"
