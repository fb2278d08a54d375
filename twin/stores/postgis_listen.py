"""Who else writes: the database tells all programs that have a twin open (LISTEN and NOTIFY).

What is known to have been written stays written, unless somebody restores an older state in the place of the twin.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from twin.errors import TwinError
from twin.store import SharedCount
from twin.stores.postgis_triggers import CHANNEL
from twin.stores.tables import REVISIONS

#: How long a notification that got lost stays unnoticed, at most; and how long until a lost connection is made anew.
_CHECK_S = 5.0
_LATEST = f"SELECT number, recorded_at FROM {REVISIONS.name} ORDER BY number DESC LIMIT 1"
_STILL = f"SELECT FROM {REVISIONS.name} WHERE number = %s AND recorded_at = %s"
_RETRY_S = 1.0


class Listener:
    """Counts writes; its thread and its connection begin when somebody asks for the first time.

    Parameters
    ----------
    engine
        Makes the connection.
    schema
        Whose writes.

    Attributes
    ----------
    restored
        Whether the last revision that was known is no longer there.
    """

    def __init__(self, engine: Engine, schema: str) -> None:
        self._engine = engine
        self._channel = CHANNEL + schema
        self._guard = Lock()
        self._writes = 0
        self._shared: SharedCount | None = None
        self._latest: tuple[int, str] | None = None
        self.restored = False
        self._thread: Thread | None = None
        self._heard = Event()
        self._closed = Event()

    def count(self) -> int:
        """How many writes there were, as far as is known; waits for the first connection only."""
        if self._thread is None:
            with self._guard:
                if self._thread is None:
                    self._thread = Thread(target=self._run, name="twin listener", daemon=True)
                    self._thread.start()
            self._heard.wait(10)
        return self._writes + (0 if self._shared is None else self._shared.get_obj().value)

    def wrote(self) -> None:
        """Count a write of this process at once."""
        with self._guard:
            self._writes += 1

    def wrote_here(self) -> None:
        """Count a write of this process, for others too that count in the same place."""
        if self._shared is not None:
            with self._shared.get_lock():
                self._shared.value += 1
        self.wrote()

    def share(self, writes: SharedCount) -> None:
        """Count the writes of several processes in one place."""
        self._shared = writes

    def tells(self, connection: Connection) -> bool | None:
        """Whether the database tells what a connection sends; None on a replica, which is asked again and again."""
        if connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one():
            return None
        before = self.count()
        connection.exec_driver_sql(f"NOTIFY {self._channel}")
        connection.commit()
        begun = monotonic()
        while self._writes == before and monotonic() < begun + _CHECK_S:
            self._closed.wait(0.01)
        return self._writes != before

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(_RETRY_S + 1)

    def _run(self) -> None:
        while not self._closed.is_set():
            with suppress(psycopg.Error, SQLAlchemyError, TwinError):
                self._listen()
            self._heard.set()
            self._closed.wait(_RETRY_S)

    def _listen(self) -> None:
        connection: Any = self._engine.raw_connection()
        driver = connection.driver_connection
        connection.detach()
        try:
            driver.autocommit = True
            replica = driver.execute("SELECT pg_is_in_recovery()").fetchone()[0]
            if not replica:
                driver.execute(f"LISTEN {self._channel}")
            self._check(driver)
            self._heard.set()
            checked = monotonic()
            while not self._closed.is_set():
                told = list(driver.notifies(timeout=0.5, stop_after=1))
                for _ in told:
                    self.wrote()
                if told or replica or monotonic() - checked > _CHECK_S:  # nobody tells a replica
                    self._check(driver, told=bool(told))
                    checked = monotonic()
        finally:
            driver.close()

    def _check(self, driver: Any, *, told: bool = False) -> None:
        """Count what no notification told of, and see whether what was known is still there."""
        known, self._latest = self._latest, driver.execute(_LATEST).fetchone()
        if known == self._latest:
            return
        if known is not None and driver.execute(_STILL, known).fetchone() is None:
            self.restored = True
        if not told:
            self.wrote()
