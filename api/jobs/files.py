"""The record of a job: a file in the folder of the job, which every process of the service can read."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from api.jobs.execution import Execution
from twin.errors import TwinError

JobStatus = Literal["accepted", "running", "successful", "failed", "dismissed"]
#: Jobs in these states go on.
UNFINISHED = ("accepted", "running")

_RECORD = "job.json"


@dataclass(frozen=True, kw_only=True)
class Job:
    """How a job stands.

    Parameters
    ----------
    id, execution
        Its name, and what was asked.
    status, message
        Its state, in a word and in a line.
    created, started, finished, updated
        Instants; those that have not come yet are None.
    problem
        Of a failed one: status, title, detail and slug of the error.
    """

    id: str
    execution: Execution
    status: JobStatus = "accepted"
    message: str = "waits for its turn"
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    updated: datetime
    problem: Mapping[str, Any] | None = None

    def moved(self, status: JobStatus, message: str, problem: Mapping[str, Any] | None = None) -> Job:
        """The same job in another state, now."""
        now = datetime.now(UTC)
        ended = None if status in UNFINISHED else now
        started = self.started or (now if status == "running" else None)
        return replace(
            self, status=status, message=message, started=started, finished=ended, updated=now, problem=problem
        )

    def failed(self, error: TwinError) -> Job:
        """The same job, failed."""
        problem = {"status": error.status, "title": error.title, "detail": error.detail, "slug": error.slug}
        return self.moved("failed", error.detail, problem)


def read_job(folder: Path) -> Job:
    """Read the record of a job.

    Raises
    ------
    FileNotFoundError
        There is none.
    """
    record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    record["execution"] = Execution(**record["execution"] | {"outputs": tuple(record["execution"]["outputs"])})
    for name in ("created", "started", "finished", "updated"):
        record[name] = record[name] and datetime.fromisoformat(record[name])
    return Job(**record)


def write_job(folder: Path, job: Job) -> None:
    """Write the record of a job in one step, into a folder that stands.

    Raises
    ------
    FileNotFoundError
        The job was dismissed.
    """
    draft = folder / f"{_RECORD}.{uuid.uuid4().hex}"
    draft.write_text(json.dumps(asdict(job), default=datetime.isoformat), encoding="utf-8")
    draft.replace(folder / _RECORD)
