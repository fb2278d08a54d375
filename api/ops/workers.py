"""Several processes that answer on one socket, and the one that watches over them.

Each has its own rows in memory and its own share of the room for tiles and of their queue, so a tile may be made once
by each of them.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing import connection, get_context, parent_process
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Thread
from typing import NoReturn

from twin.settings import Settings
from twin.store import SharedCount

#: A worker that did not last so long is not started again at once.
_SHORT_S = 5.0
#: How long workers may take to end; what they are sending has ten seconds.
_ENDING_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Which of how many processes that answer on one socket.

    Parameters
    ----------
    number, count
        This one, and all.
    writes
        Where they count together what they write.
    shared
        The folder in which they leave things for each other; none where there is one only.
    """

    number: int = 1
    count: int = 1
    writes: SharedCount | None = field(default=None, compare=False, repr=False)
    shared: Path | None = None

    def find_folder(self, name: str) -> Path | None:
        """Find the folder for some kind of things in the one that all share."""
        if self.shared is None:
            return None
        folder = self.shared / name
        folder.mkdir(exist_ok=True)
        return folder

    def share(self, settings: Settings) -> Settings:
        """The settings with this worker's share of the room for tiles and of their queue."""
        return replace(
            settings,
            tile_cache_mb=max(1, settings.tile_cache_mb // self.count),
            tile_queue=max(1, settings.tile_queue // self.count),
        )


ALONE = Worker()

#: Serves on a socket until told to stop.
Serve = Callable[[socket.socket, Worker], None]


def run_workers(serve: Serve, listening: socket.socket, count: int, shared: Path) -> NoReturn:
    """Serve by several processes until SIGINT or SIGTERM; one that ends before is replaced.

    Parameters
    ----------
    serve
        Serves in each of them; importable, since they are started anew rather than copied.
    listening
        The socket on which all of them accept, so that no connection is lost with any of them.
    count
        How many.
    shared
        A folder for them.
    """
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: sys.exit(0))
    running: dict[Worker, tuple[SpawnProcess, float]] = {}
    try:
        writes = get_context("spawn").Value("q", 0)
        for number in range(1, count + 1):
            worker = Worker(number=number, count=count, writes=writes, shared=shared)
            running[worker] = _start(serve, listening, worker)
        while True:
            connection.wait([process.sentinel for process, _ in running.values()])
            for worker, (process, started) in running.items():
                if not process.is_alive():
                    print(f"worker {worker.number} ended ({process.exitcode}) and is replaced", file=sys.stderr)
                    time.sleep(max(0.0, min(1.0, started + _SHORT_S - time.monotonic())))
                    running[worker] = _start(serve, listening, worker)
    finally:
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, signal.SIG_IGN)
        _end([process for process, _ in running.values()])


def _start(serve: Serve, listening: socket.socket, worker: Worker) -> tuple[SpawnProcess, float]:
    process = get_context("spawn").Process(target=_work, args=(serve, listening, worker), daemon=True)
    process.start()
    return process, time.monotonic()


def _work(serve: Serve, listening: socket.socket, worker: Worker) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    serve(listening, worker)


def _end_with_parent() -> None:
    """Stop in good order when nobody watches over this process any more."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _end(processes: list[SpawnProcess]) -> None:
    until = time.monotonic() + _ENDING_S
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
