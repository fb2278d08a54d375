"""A process that may crash, hang or be killed at any time: how it begins and speaks, and how it is watched.

It gets a job in JSON as its input and tells what it finds in lines of JSON, each as soon as it is known. What libraries
print goes nowhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from twin.errors import TwinError

#: What a process ends with where the limit of memory was met.
OUT_OF_MEMORY = 3


class Journal:
    """Lines of JSON on a pipe, each as soon as it is told."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def tell(self, event: str, **said: Any) -> None:
        """Write one line."""
        line = (json.dumps({"event": event, **said}) + "\n").encode()
        while line:
            line = line[os.write(self._pipe, line) :]


def serve(work: Callable[[dict[str, Any], Journal], None]) -> None:
    """Do the job that stands in the input; never returns.

    The job names its limits, `memory_bytes` and `processor_s`. What is refused is told as an event of that name.
    """
    job = json.load(sys.stdin)
    journal = Journal(os.dup(1))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    _limit(job["memory_bytes"], job["processor_s"])
    code = 0
    try:
        work(job, journal)
    except TwinError as error:
        journal.tell("refused", detail=error.detail)
    except MemoryError:
        code = OUT_OF_MEMORY
    # The kernel's threads do not survive an ordinary end of Python, which would be a crash.
    sys.stderr.flush()
    os._exit(code)


def watch_child(
    program: Sequence[str],
    job: dict[str, Any],
    folder: Path,
    *,
    take: Callable[[dict[str, Any]], None],
    patience_s: Callable[[], float],
) -> str | None:
    """Run a process to its end.

    Parameters
    ----------
    program
        What is run: a program that serves.
    job
        Its job.
    folder
        Where it may write; its temporary files stand there too, so that none is left when it is killed.
    take
        Takes each event.
    patience_s
        Seconds that the next event is waited for.

    Returns
    -------
    str
        Why it ended before its work was done; None where it was done.

    Raises
    ------
    queue.Empty
        The next event did not come in time; the process is killed.
    """
    errors = folder / "errors.txt"
    with errors.open("wb") as stderr, _start(program, folder, stderr) as process:
        try:
            _feed(process, job)
            for event in _listen(process, patience_s):
                take(event)
        finally:
            process.kill()
    return _explain(process.wait(), errors, job["memory_bytes"])


def _start(program: Sequence[str], folder: Path, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        # Threads of linear algebra cost more to start than they would spare.
        env={**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "OPENBLAS_NUM_THREADS": "1"},
    )


def _feed(process: subprocess.Popen[bytes], job: dict[str, Any]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:  # why it died already is told by its end
            stdin.write(json.dumps(job).encode())


def _listen(process: subprocess.Popen[bytes], patience_s: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """Events as they come, until the process ends; `queue.Empty` when the next one takes too long."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def pump() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put(b"")

    threading.Thread(target=pump, daemon=True).start()
    while (line := lines.get(timeout=patience_s())).endswith(b"\n"):
        yield json.loads(line)


def _explain(code: int, errors: Path, memory_bytes: int) -> str | None:
    """Why a process ended before its work was done; None where it was done."""
    if code == 0:
        return None
    with errors.open("rb") as file:
        file.seek(max(0, errors.stat().st_size - 4096))
        said = file.read().decode(errors="replace").strip().splitlines()
    if code == OUT_OF_MEMORY or any("bad_alloc" in line or "MemoryError" in line for line in said):
        return f"more memory is needed than the limit, {memory_bytes / 2**30:.1f} GiB"
    if code < 0:
        return f"the geometry kernel crashed ({signal.Signals(-code).name})"
    return f"the kernel failed: {said[-1] if said else code}"


def _limit(memory_bytes: int, processor_s: int) -> None:
    """Limit this process, also for the case that nobody watches it any more."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (processor_s, processor_s))
        if sys.platform != "darwin":
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
