"""Which rooms, and which of their state groups."""

from array import array
from dataclasses import dataclass

from compressor import schema
from compressor.database import Connection
from compressor.failure import Malformed

#: Rows of a snapshot where nobody knows how large the room's state is (guess).
TYPICAL_STATE = 50


@dataclass(frozen=True)
class Work:
    """Groups of a room: those after `after`, up to and with `until`."""

    room_id: str
    after: int
    until: int | None
    #: go on with the positions of the last run, and keep the new ones
    progress: bool


def waiting_rooms(db: Connection, lowest_level: int) -> list[Work]:
    """
    Rooms with at least as many new groups as the lowest level has, since below that Synapse itself has had no reason
    to write a second snapshot. Those where most rows are to be expected come first: Synapse writes the whole state
    about once in 100 groups.
    """
    has_progress = schema.exists(db)
    has_sizes = db.rows("SELECT to_regclass('room_stats_current') IS NOT NULL")[0][0]
    rows = db.rows(
        f"""
        SELECT s.room_id, {"coalesce(min(p.last_group), 0)" if has_progress else "0"}
        FROM state_groups s
        {"LEFT JOIN synapse_kit_compressor.state_compressor p ON p.room_id = s.room_id" if has_progress else ""}
        {"LEFT JOIN room_stats_current c ON c.room_id = s.room_id" if has_sizes else ""}
        {"WHERE s.id > coalesce(p.last_group, 0)" if has_progress else ""}
        GROUP BY s.room_id
        HAVING count(*) >= %s
        ORDER BY count(*) * (1 + coalesce({"min(c.current_state_events)" if has_sizes else "NULL"}, %s) / 100.0) DESC,
            s.room_id
        """,
        (lowest_level, TYPICAL_STATE),
    )
    return [Work(room_id, last_group, None, True) for room_id, last_group in rows]


def one_room(db: Connection, room_id: str) -> list[Work]:
    """From its first group on."""
    found = db.rows("SELECT 1 FROM state_groups WHERE room_id = %s LIMIT 1", (room_id,))
    return [Work(room_id, 0, None, True)] if found else []


def rooms_in_range(db: Connection, first: int, last: int) -> list[Work]:
    sql = "SELECT DISTINCT room_id FROM state_groups WHERE id BETWEEN %s AND %s ORDER BY room_id"
    return [Work(room_id, first - 1, last, False) for (room_id,) in db.rows(sql, (first, last))]


def group_ids(db: Connection, work: Work) -> array:
    """In ascending order, eight bytes each."""
    ids = array("q")
    with db.transaction(read_only=True):
        for (group,) in db.stream(
            "SELECT id FROM state_groups WHERE room_id = %s AND id > %s AND id <= %s ORDER BY id",
            (work.room_id, work.after, 2**62 if work.until is None else work.until),
        ):
            ids.append(group)
    return ids


def check_edges(db: Connection, room_id: str) -> None:
    """
    Raises Malformed where a group of the room has two predecessors, or one that is not older. Synapse writes none
    such, and what it makes of them depends on how other groups are stored.
    """
    ((newer, double),) = db.rows(
        """
        SELECT count(*) FILTER (WHERE e.prev_state_group >= e.state_group), count(*) - count(DISTINCT e.state_group)
        FROM state_groups s JOIN state_group_edges e ON e.state_group = s.id
        WHERE s.room_id = %s
        """,
        (room_id,),
    )
    if newer or double:
        raise Malformed(f"{newer} state groups build on newer ones, {double} have two predecessors")
