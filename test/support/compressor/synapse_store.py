"""
Synapse's own code for state groups, on plain connections: it makes groups, resolves them and purges them with the
statements, locks and retries of the real server. Only its thread pool and its caches are left out.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import psycopg2
from psycopg2 import errors, extensions
from synapse.storage.database import DatabasePool, LoggingTransaction
from synapse.storage.databases.state.deletion import StateDeletionDataStore
from synapse.storage.databases.state.store import StateGroupDataStore
from synapse.storage.engines import PostgresEngine
from synapse.storage.util.sequence import PostgresSequenceGenerator

logging.getLogger("synapse").setLevel(logging.ERROR)
MINUTE_MS = 60_000


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000_000_000

    def time_msec(self) -> int:
        return self.now


class _NoCache:
    sequence = 0

    def update(self, *_: Any, **__: Any) -> None:
        pass


class Server:
    """One process of Synapse, as far as state groups go."""

    def __init__(self, dsn: dict[str, Any], clock: Clock) -> None:
        self.db = psycopg2.connect(**dsn)
        # As PostgresEngine sets it for every connection of the real server.
        self.db.set_isolation_level(extensions.ISOLATION_LEVEL_REPEATABLE_READ)
        self.clock = clock
        self.retries = 0
        engine = PostgresEngine({})
        self._engine = engine
        pool = object.__new__(DatabasePool)
        pool.engine = engine
        pool.runInteraction = self._interaction
        self.deletion = object.__new__(StateDeletionDataStore)
        self.deletion.db_pool, self.deletion._clock, self.deletion._instance_name = pool, clock, "main"
        self.store = object.__new__(StateGroupDataStore)
        self.store.database_engine, self.store.db_pool = engine, pool
        self.store._state_deletion_store = self.deletion
        self.store._state_group_cache = self.store._state_group_members_cache = _NoCache()
        self.store._state_group_seq_gen = PostgresSequenceGenerator("state_group_id_seq")

    def transaction(self) -> LoggingTransaction:
        return LoggingTransaction(
            txn=self.db.cursor(),
            name="test",
            server_name="example.com",
            database_engine=self._engine,
            after_callbacks=[],
            async_after_callbacks=[],
            exception_callbacks=[],
        )

    def run(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """A transaction; five more tries after a serialization failure or a deadlock, as `runInteraction` does."""
        for attempt in range(6):
            try:
                result = step(self.transaction(), *arguments)
                self.db.commit()
                return result
            except (errors.SerializationFailure, errors.DeadlockDetected):
                self.db.rollback()
                self.retries += 1
                if attempt == 5:
                    raise
            except BaseException:
                self.db.rollback()
                raise

    async def _interaction(self, _: str, step: Callable[..., Any], *arguments: Any, **__: Any) -> Any:
        return self.run(step, *arguments)

    def new_group(self, room: str, prev: int, delta: dict[tuple[str, str], str]) -> int:
        coroutine = self.store.store_state_group("$event", room, prev, delta, {**self.resolve(prev), **delta})
        return asyncio.run(coroutine)

    def resolve(self, group: int) -> dict[tuple[str, str], str]:
        return dict(self.run(self.store._get_state_groups_from_groups_txn, [group])[group])

    def mark_pending(self, groups: list[int]) -> None:
        self.run(self.deletion._mark_state_groups_as_pending_deletion_txn, groups)

    def sequence_numbers(self, groups: list[int]) -> dict[int, int]:
        with self.db.cursor() as cursor:
            cursor.execute(
                "SELECT state_group, sequence_number FROM state_groups_pending_deletion WHERE state_group = ANY(%s)",
                (groups,),
            )
            found = dict(cursor.fetchall())
        self.db.commit()
        return found

    def purge_groups(self, room: str, groups: list[int]) -> bool:
        """Deletes groups that were marked, once their ten minutes are over."""
        self.clock.now += 11 * MINUTE_MS
        return self.run(self.store._purge_unreferenced_state_groups, room, self.sequence_numbers(groups))

    def purge_room(self, room: str) -> None:
        self.run(self.store._purge_room_state_txn, room)
