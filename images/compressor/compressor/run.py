"""One run over the rooms."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from compressor import memory, rooms, runs, schema
from compressor.chunk import ChunkRun, Target
from compressor.config import Config
from compressor.database import Connection
from compressor.failure import (
    BACKGROUND_UPDATE,
    DONE,
    LOCKED,
    MISMATCH,
    Conflict,
    Failure,
    Malformed,
    Mismatch,
    TooLarge,
)
from compressor.guard import check_background_updates, check_tables
from compressor.memory import Budget
from compressor.runs import Result
from compressor.stop import Stop
from compressor.vacuum import vacuum_when_it_pays

#: Seconds between two tries of a chunk that met a purge of the same groups; after the last one the room waits for the
#: next run.
PAUSES = (0.2, 1.0, 3.0)


@dataclass(frozen=True)
class Options:
    """What one run does. None stands for all rooms, or no limit."""

    chunk_size: int
    chunks: int | None
    levels: tuple[int, ...]
    room: str | None = None
    groups: tuple[int, int] | None = None
    dry_run: bool = False
    sink: Callable[[str], None] | None = None
    scheduled: bool = False

    @property
    def apply(self) -> bool:
        return not self.dry_run and self.sink is None


def say(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}", file=sys.stderr, flush=True)


class Run:
    def __init__(self, config: Config, options: Options, stop: Stop) -> None:
        self._config, self._options, self._stop = config, options, stop
        # Once, while nothing is held: what Python keeps of earlier rooms is used again by the next ones.
        self._budget = Budget(config.memory)
        self.result = Result()
        #: None without a limit
        self._left = options.chunks

    def execute(self) -> int:
        """Exit code. Raises Failure where the run could not begin or could not go on."""
        db = Connection(self._config, self._stop)
        try:
            check_tables(db)
            number = self._begin(db)
            try:
                self._rooms(db)
                if self._options.apply:
                    self.result.vacuum = vacuum_when_it_pays(db, self._config.vacuum_threshold)
                code = MISMATCH if self.result.mismatches else DONE
            except Failure as failure:
                self._finish(db, number, failure.code)
                raise
            self._finish(db, number, code)
            return code
        finally:
            db.close()

    def _begin(self, db: Connection) -> int | None:
        """Takes the lock. Number of the run in the table of runs, None where nothing is to be written."""
        try:
            db.lock()
            check_background_updates(db)
        except Failure as failure:
            if self._options.apply and failure.code in (LOCKED, BACKGROUND_UPDATE):
                runs.refuse(db, self._options.scheduled, failure.code)
            raise
        if not self._options.apply:
            return None
        schema.prepare(db)
        schema.drop_purged_rooms(db)
        return runs.start(db, self._options.scheduled)

    def _finish(self, db: Connection, number: int | None, code: int) -> None:
        self.result.peak_memory_bytes = memory.peak()
        if number is None:
            return
        try:
            runs.finish(db, number, code, self.result)
        except Failure:
            say("the end of the run could not be written down; the next run does")

    def _rooms(self, db: Connection) -> None:
        options = self._options
        if options.room is not None:
            work = rooms.one_room(db, options.room)
        elif options.groups is not None:
            work = rooms.rooms_in_range(db, *options.groups)
        else:
            work = rooms.waiting_rooms(db, options.levels[0])
        for item in work:
            if self._left == 0:
                return
            self._stop.check()
            before = (self.result.rows_before, self.result.rows_after)
            try:
                self._room(db, item)
            except Malformed as error:
                self._leave(item, "malformed", error)
            except TooLarge as error:
                self._leave(item, "memory", error)
            except Conflict as error:
                self._leave(item, "conflict", error)
            except Mismatch as error:
                self.result.mismatches += 1
                self._leave(item, "mismatch", error)
            self.result.rooms += 1
            rows_before, rows_after = self.result.rows_before - before[0], self.result.rows_after - before[1]
            say(f"room {item.room_id!r}: {rows_before} rows, {rows_after} after")

    def _leave(self, work: rooms.Work, reason: str, error: Exception) -> None:
        self.result.leave(reason)
        say(f"room {work.room_id!r} is left ({reason}): {error}")

    def _room(self, db: Connection, work: rooms.Work) -> None:
        options = self._options
        rooms.check_edges(db, work.room_id)
        ids = rooms.group_ids(db, work)
        positions = schema.read_progress(db, work.room_id).positions if work.progress and work.after else []
        chunks = ChunkRun(
            db,
            work.room_id,
            options.levels,
            self._budget,
            Target(options.apply, options.sink),
            work.progress,
        )
        size, at, tries = options.chunk_size, 0, 0
        while at < len(ids) and self._left != 0:
            self._stop.check()
            try:
                outcome = chunks.run(list(ids[at : at + size]), positions)
            except TooLarge:
                # Every line that is gone on with brings the state at its end along.
                if len(positions) > 1:
                    positions = positions[:1]
                elif size > 1:
                    size = max(1, min(size, len(ids) - at) // 2)
                elif positions:
                    positions = []
                else:
                    raise
                memory.give_back()
                continue
            except Conflict:
                self.result.conflicts += 1
                if tries == len(PAUSES):
                    raise
                self._stop.asked.wait(PAUSES[tries])
                tries += 1
                continue
            positions, tries = outcome.positions, 0
            self._add(outcome, len(ids[at : at + size]))
            at += size

    def _add(self, outcome, groups: int) -> None:
        result = self.result
        result.chunks += 1
        result.chunks_written += outcome.changed > 0
        result.groups += groups
        result.groups_changed += outcome.changed
        result.rows_before += outcome.rows_before
        result.rows_after += outcome.rows_after
        result.longest_write_seconds = max(result.longest_write_seconds, outcome.write_seconds)
        if self._left is not None:
            self._left -= 1
