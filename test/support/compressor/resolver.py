"""What every state group resolves to, without any code of the compressor."""

import hashlib
from collections import defaultdict

#: Synapse's way: all groups of the chain, and of each key the row of the newest group.
CHAIN = """
    WITH RECURSIVE chain(state_group) AS (
        VALUES (%s::bigint)
        UNION ALL
        SELECT e.prev_state_group FROM state_group_edges e JOIN chain c ON e.state_group = c.state_group
    )
    SELECT DISTINCT ON (type, state_key) type, state_key, event_id
    FROM state_groups_state WHERE state_group IN (SELECT state_group FROM chain)
    ORDER BY type, state_key, state_group DESC
"""


def resolve(db, group: int) -> dict[tuple[str, str], str]:
    with db.cursor() as cursor:
        cursor.execute(CHAIN, (group,))
        return {(type_, key): event for type_, key, event in cursor}


def resolve_all(db) -> dict[int, dict[tuple[str, str], str]]:
    """For small histories."""
    with db.cursor() as cursor:
        cursor.execute("SELECT id FROM state_groups")
        groups = [group for (group,) in cursor]
    return {group: resolve(db, group) for group in groups}


def _hash(row: tuple[str, str, str]) -> int:
    digest = hashlib.blake2b("\0".join(row).encode(), digest_size=16).digest()
    return int.from_bytes(digest, "big")


def digest_all(db) -> dict[int, int]:
    """
    For large histories: the XOR of the hashes of each group's rows. What a row replaces is looked up along the chain.
    """
    with db.cursor() as cursor:
        # All as of one moment, whoever is at work meanwhile.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT state_group, prev_state_group FROM state_group_edges")
        prev = dict(cursor.fetchall())
        cursor.execute("SELECT id FROM state_groups ORDER BY id")
        groups = [group for (group,) in cursor]
    rows: dict[int, dict[tuple[str, str], int]] = defaultdict(dict)
    hashes: dict[tuple[str, str, str], int] = {}
    keys: dict[tuple[str, str], tuple[str, str]] = {}
    with db.cursor(name="rows") as cursor:
        cursor.itersize = 20_000
        cursor.execute("SELECT state_group, type, state_key, event_id FROM state_groups_state")
        for group, type_, state_key, event in cursor:
            row = (type_, state_key, event)
            if row not in hashes:
                hashes[row] = _hash(row)
            key = (type_, state_key)
            rows[group][keys.setdefault(key, key)] = hashes[row]
    db.commit()

    found: dict[int, int] = {}
    for group in groups:
        total = found[prev[group]] if group in prev else 0
        for key, value in rows[group].items():
            total ^= value
            older = prev.get(group)
            while older is not None:
                if key in rows[older]:
                    total ^= rows[older][key]
                    break
                older = prev.get(older)
        found[group] = total
    return found


def row_count(db) -> int:
    with db.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM state_groups_state")
        return cursor.fetchone()[0]


def longest_chain(db) -> int:
    """Hops."""
    with db.cursor() as cursor:
        cursor.execute("SELECT state_group, prev_state_group FROM state_group_edges ORDER BY state_group")
        depth: dict[int, int] = defaultdict(int)
        for group, prev in cursor:
            depth[group] = depth[prev] + 1
    return max(depth.values(), default=0)
