"""Jobs: evaluations that nobody waits for, each in a process of its own.

A job is a folder with its record and its outputs. All processes of a service use the same folder of jobs, so that any
of them can say how a job stands, give its outputs or dismiss it. The one that took it runs it, one after the other, in
a process that has a limit of time and memory and can be ended at any moment. Jobs end with the service.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread

from api.errors import JobFailed, JobNotFound, ServiceBusy
from api.jobs.execution import Execution
from api.jobs.files import UNFINISHED, Job, read_job, write_job
from twin.place import Place
from twin.settings import Settings

_POLL_S = 0.25
#: Whoever sees a job through touches its folder all the time; where nobody does, the process has ended.
_LOST_S = 20.0
#: Of finished jobs, so many are kept, and so much of their outputs; the oldest go first.
_MOST_FINISHED, _ROOM_BYTES = 100, 500_000_000


class Jobs:
    """Takes jobs in, sees them through, and knows those of all processes that share the folder.

    Parameters
    ----------
    settings
        How many jobs there may be, for how long, with how much memory.
    store
        What they are evaluated on.
    folder
        Of the jobs; by default one that goes with this object.
    """

    def __init__(self, settings: Settings, store: Place, folder: Path | None = None) -> None:
        self._settings, self._store = settings, store
        self._folder = folder
        self._own: TemporaryDirectory[str] | None = None
        self._making, self._turn, self._closing = Lock(), Lock(), Event()

    def start(self, execution: Execution) -> Job:
        """Take a job in.

        Raises
        ------
        ServiceBusy
            There are too many that go on.
        """
        with self._making:
            if sum(job.status in UNFINISHED for job in self.all()) >= self._settings.jobs:
                raise ServiceBusy(f"{self._settings.jobs} jobs go on already; try again when one of them has ended")
            self._make_room()
            now = datetime.now(UTC)
            job = Job(id=str(uuid.uuid4()), execution=execution, created=now, updated=now)
            folder = self._make_folder() / job.id
            draft = folder.with_suffix(".draft")
            draft.mkdir()
            write_job(draft, job)
            draft.rename(folder)
        Thread(target=self._see_through, args=(folder,), name=f"job {job.id}", daemon=True).start()
        return job

    def all(self) -> list[Job]:
        """The jobs there are, the newest first."""
        found = [job for folder in self._folders() if (job := self._read(folder)) is not None]
        return sorted(found, key=lambda job: job.created, reverse=True)

    def read(self, job_id: str) -> Job:
        """Say how a job stands.

        Raises
        ------
        JobNotFound
            There is none of that id.
        """
        job = self._read(self._find(job_id))
        if job is None:
            raise _not_found(job_id)
        return job

    def output(self, job: Job, name: str) -> Iterator[bytes]:
        """Read an output of a job piece by piece.

        Raises
        ------
        JobNotFound
            The job went meanwhile.
        """
        try:
            file = (self._find(job.id) / name).open("rb")
        except FileNotFoundError:
            raise _not_found(job.id) from None
        with file:
            while piece := file.read(1_000_000):
                yield piece

    def dismiss(self, job_id: str) -> Job:
        """End a job if it goes on, and forget it with its outputs."""
        job = self.read(job_id)
        _remove(self._find(job_id))
        return job.moved("dismissed", "was dismissed")

    def close(self) -> None:
        """End all jobs of this process."""
        self._closing.set()
        with self._turn, self._making:
            if self._own is not None:
                self._own.cleanup()

    def _see_through(self, folder: Path) -> None:
        """Wait for the turn of a job, and run it until it ends or may not go on."""
        while not self._turn.acquire(timeout=_POLL_S):
            if not self._goes_on(folder):
                return
        try:
            if self._goes_on(folder):
                self._run(folder)
        except FileNotFoundError:  # it was dismissed
            pass
        finally:
            self._turn.release()

    def _run(self, folder: Path) -> None:
        until = time.monotonic() + self._settings.job_s
        order = {
            "folder": str(folder),
            "store": self._store.text,
            "memory_mb": self._settings.job_mb,
            "cpu_s": self._settings.job_s,
            "serve_secret": self._settings.serve_secret,
        }
        # The order goes by a pipe, because others may see arguments, and there may be a password in it.
        with subprocess.Popen([sys.executable, "-m", "api.jobs.work"], stdin=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(order))
                process.stdin.close()
            while process.poll() is None:
                if not self._goes_on(folder) or time.monotonic() > until:
                    process.kill()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL_S)
        job = read_job(folder)
        if job.status in UNFINISHED:
            late = time.monotonic() > until
            why = f"took longer than {self._settings.job_s} s" if late else "ended before it had a result"
            write_job(folder, job.failed(JobFailed(f"the job {why}")))

    def _goes_on(self, folder: Path) -> bool:
        """Whether a job is still wanted; says at the same time that somebody looks after it."""
        if self._closing.is_set():
            return False
        try:
            os.utime(folder)
        except FileNotFoundError:
            return False
        return True

    def _read(self, folder: Path) -> Job | None:
        try:
            job, quiet_s = read_job(folder), time.time() - folder.stat().st_mtime
        except FileNotFoundError:
            return None
        if job.status in UNFINISHED and quiet_s > _LOST_S:
            return job.failed(JobFailed("the process that had taken the job ended"))
        return job

    def _find(self, job_id: str) -> Path:
        """The folder of a job; only what is listed is looked at, so an id cannot lead elsewhere."""
        for folder in self._folders():
            if folder.name == job_id:
                return folder
        raise _not_found(job_id)

    def _folders(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if not path.suffix] if self._folder is not None else []

    def _make_folder(self) -> Path:
        if self._folder is None:
            self._own = TemporaryDirectory(prefix="twin-jobs-", ignore_cleanup_errors=True)
            self._folder = Path(self._own.name)
        return self._folder

    def _make_room(self) -> None:
        """Forget the oldest finished jobs where there are too many, or too much of their outputs."""
        room = _ROOM_BYTES
        finished = [job for job in self.all() if job.status not in UNFINISHED]
        for number, job in enumerate(finished, start=1):
            with suppress(FileNotFoundError, JobNotFound):
                folder = self._find(job.id)
                room -= sum(file.stat().st_size for file in folder.iterdir())
                if number >= _MOST_FINISHED or room < 0:
                    _remove(folder)


def _remove(folder: Path) -> None:
    """Take a job away in one step, whoever writes into its folder meanwhile."""
    gone = folder.with_suffix(".gone")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _not_found(job_id: str) -> JobNotFound:
    return JobNotFound(f"there is no job {job_id}")
