"""The program's own tables, in a schema of their own: Synapse's stays as Synapse made it."""

import json
from dataclasses import dataclass

from compressor.database import Connection
from compressor.levels import Position

TABLES = """
    CREATE SCHEMA IF NOT EXISTS synapse_kit_compressor;
    CREATE TABLE IF NOT EXISTS synapse_kit_compressor.state_compressor (
        room_id text PRIMARY KEY,
        last_group bigint NOT NULL,
        positions jsonb NOT NULL,
        updated timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE IF NOT EXISTS synapse_kit_compressor.state_compressor_runs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        started timestamptz NOT NULL DEFAULT now(),
        ended timestamptz,
        state text NOT NULL,
        code integer,
        scheduled boolean NOT NULL,
        result jsonb NOT NULL DEFAULT '{}',
        totals jsonb NOT NULL DEFAULT '{}'
    );
"""


def exists(db: Connection) -> bool:
    return bool(db.rows("SELECT to_regclass('synapse_kit_compressor.state_compressor_runs') IS NOT NULL")[0][0])


def prepare(db: Connection) -> None:
    # Asked first: creating needs a right that a role may have lost since.
    if not exists(db):
        db.execute(TABLES)


@dataclass(frozen=True)
class Progress:
    last_group: int
    positions: list[Position]


def read_progress(db: Connection, room_id: str) -> Progress:
    """The beginning where a room was never compressed."""
    if exists(db):
        sql = "SELECT last_group, positions FROM synapse_kit_compressor.state_compressor WHERE room_id = %s"
        for last_group, positions in db.rows(sql, (room_id,)):
            return Progress(last_group, [Position(tuple(heads), tuple(lengths)) for heads, lengths in positions])
    return Progress(0, [])


def save_progress(db: Connection, room_id: str, progress: Progress) -> None:
    positions = json.dumps([[p.heads, p.lengths] for p in progress.positions])
    db.execute(
        """
        INSERT INTO synapse_kit_compressor.state_compressor (room_id, last_group, positions) VALUES (%s, %s, %s)
        ON CONFLICT (room_id) DO UPDATE
        SET last_group = excluded.last_group, positions = excluded.positions, updated = now()
        """,
        (room_id, progress.last_group, positions),
    )


def drop_purged_rooms(db: Connection) -> int:
    """Progress of rooms that have no state groups any more."""
    return db.execute(
        """
        DELETE FROM synapse_kit_compressor.state_compressor p
        WHERE NOT EXISTS (SELECT FROM state_groups s WHERE s.room_id = p.room_id)
        """
    )
