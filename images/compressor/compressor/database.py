"""The connection to Postgres: direct, never through a pooler, since the advisory lock belongs to the session."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import errors

from compressor.config import Config
from compressor.failure import DATABASE, LOCKED, USAGE, Conflict, Failure
from compressor.stop import Stop

#: Both keys of the session lock that a run holds: "synk" as a number, and 1. A backup takes the same one.
LOCK = (1_937_337_963, 1)

#: Seconds. Longer than a restart of the server takes to refuse, shorter than a person waits.
CONNECT_TIMEOUT = 10

#: Waits for row locks that only a purge of the same groups holds. Below the server's deadlock_timeout of 1 s.
LOCK_TIMEOUT_MS = 500

#: Rows that come at a time from a cursor on the server.
FETCH_ROWS = 5000

#: A crashed run's session ends in that time even while a statement runs, and with it its lock.
SESSION = {
    "application_name": "synapse-kit-compressor",
    "client_connection_check_interval": "1s",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "5min",
    "lock_timeout": f"{LOCK_TIMEOUT_MS}ms",
    "client_encoding": "UTF8",
}


def read_password(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise Failure(USAGE, f"database.password_file: {path}: {error.strerror}") from None


def one_line(error: Exception, password: str | None = None) -> str:
    """What the server or libpq said, without the password whatever it was."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.replace(password, "***") if password else text


class Connection:
    """One session. Errors of the connection come out as Failure, those of a race with Synapse as Conflict."""

    def __init__(self, config: Config, stop: Stop | None = None) -> None:
        self._stop = stop
        self._password = read_password(config.database.password_file)
        database = config.database
        try:
            self._raw = psycopg2.connect(
                host=database.host,
                port=database.port,
                dbname=database.name,
                user=database.user,
                password=self._password,
                connect_timeout=CONNECT_TIMEOUT,
                keepalives_idle=30,
                keepalives_interval=10,
                keepalives_count=3,
            )
        except psycopg2.Error as error:
            raise Failure(DATABASE, f"no connection to Postgres: {one_line(error, self._password)}") from None
        self._raw.autocommit = True
        if stop is not None:
            stop.on_stop(self._cancel)
        calls = ", ".join("set_config(%s, %s, false)" for _ in SESSION)
        self.execute(f"SELECT {calls}", [text for setting in SESSION.items() for text in setting])

    def _cancel(self) -> None:
        with contextlib.suppress(psycopg2.Error):
            self._raw.cancel()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except errors.QueryCanceled:
            if self._stop is not None:
                self._stop.check()
            raise Failure(DATABASE, "Postgres cancelled a statement") from None
        except (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable) as error:
            raise Conflict(one_line(error, self._password)) from None
        except psycopg2.Error as error:
            gone = "Postgres is gone: " if self._raw.closed else ""
            raise Failure(DATABASE, gone + one_line(error, self._password)) from None

    def execute(self, sql: str, parameters: Any = None) -> int:
        """Number of rows that it touched."""
        with self._translated(), self._raw.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.rowcount

    def rows(self, sql: str, parameters: Any = None) -> list[tuple]:
        with self._translated(), self._raw.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    def stream(self, sql: str, parameters: Any = None) -> Iterator[tuple]:
        """
        Rows by a cursor on the server, so that memory does not grow with the answer. Inside a transaction only, and one
        at a time; a stream that is not read to its end must be the transaction's last.
        """
        # By hand: psycopg2's named cursors want transactions that psycopg2 began.
        self.execute(f"DECLARE rows NO SCROLL CURSOR FOR {sql}", parameters)
        while found := self.rows(f"FETCH {FETCH_ROWS} FROM rows"):
            yield from found
        self.execute("CLOSE rows")

    def copy(self, table: str, columns: str, source: Any) -> None:
        with self._translated(), self._raw.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", source)

    def quote(self, value: Any) -> str:
        with self._raw.cursor() as cursor:
            return cursor.mogrify("%s", (value,)).decode()

    @contextlib.contextmanager
    def transaction(self, read_only: bool = False) -> Iterator[None]:
        """
        REPEATABLE READ: one snapshot for all that is read, and a row that somebody else changed since then cannot be
        written: that ends in Conflict, not in a lost change.
        """
        self.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ{' READ ONLY' if read_only else ''}")
        try:
            yield
            if self._stop is not None:
                self._stop.check()
            self.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(Exception):
                self.execute("ROLLBACK")
            raise

    def lock(self) -> None:
        """The session lock, held until the session ends. Raises Failure, code 4, when somebody has it."""
        if not self.rows("SELECT pg_try_advisory_lock(%s, %s)", LOCK)[0][0]:
            raise Failure(LOCKED, "another run or a backup is at work (advisory lock %d, %d)" % LOCK)

    def notices(self) -> list[str]:
        found = [" ".join(notice.split()) for notice in self._raw.notices]
        self._raw.notices.clear()
        return found

    def close(self) -> None:
        # Said aloud: the server may need a while to see that a session has ended, and the next run may come at once.
        with contextlib.suppress(Exception):
            self.execute("SELECT pg_advisory_unlock_all()")
        with contextlib.suppress(psycopg2.Error):
            self._raw.close()
