"""Workers run under watch: what they tell is gathered, those that stand still or crash are told apart by product."""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bim.ifc.child import watch_child
from twin.errors import SourceError
from twin.filenames import name_of

#: The program that is run and watched.
WORKER = (sys.executable, "-m", "bim.ifc.worker")

#: After a stop that no single product explains, so many of those left are drawn alone; after the next, four times more.
_ALONE = 16


def _physical_bytes() -> int:
    """The memory of this machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * 2**30


def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the reading of one file may cost.

    Parameters
    ----------
    product_s
        Seconds without a new shape after which the product at work is given up.
    file_s
        Seconds for the whole file; what was not reached then is named.
    memory_bytes
        Address space of the worker; half of the machine's memory, and 4 GiB at least, by default.
    threads
        Threads of the geometry kernel; all processors by default.
    """

    product_s: float = 60.0
    file_s: float = 3600.0
    memory_bytes: int = field(default_factory=lambda: max(4 * 2**30, _physical_bytes() // 2))
    threads: int = field(default_factory=_processors)


@dataclass(kw_only=True)
class Gathered:
    """What workers told, run by run.

    Parameters
    ----------
    tables
        The event that tells about source, units and notes; None until it came.
    folder
        Of the run that wrote the tables.
    shapes
        Events of shapes with the folder of the run that they stand in.
    looks
        Events of looks by folder, in order.
    failures
        Why products have no shape, or not all of it, by number.
    unreached
        Products whose turn did not come.
    notes
        What the kernel complained of that is about no product, or what its stops may have cost.
    drawn
        Products that have a shape.
    started
        Whether the kernel was started before the tables were there.
    begun, ended
        How many batches the last run began and ended.
    """

    tables: dict[str, Any] | None = None
    folder: Path = Path()
    shapes: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    looks: dict[Path, list[dict[str, Any]]] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)
    unreached: set[int] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)
    drawn: set[int] = field(default_factory=set)
    started: bool = False
    begun: int = 0
    ended: int = 0

    def take(self, event: dict[str, Any], folder: Path) -> None:
        """Take one event of a run."""
        match event["event"]:
            case "refused":
                raise SourceError(event["detail"])
            case "tables":
                self.tables, self.folder = event, folder
            case "start":
                self.started = True
            case "begin":
                self.begun += 1
            case "shape":
                self.shapes.append((folder, event))
                self.drawn.add(event["step"])
            case "look":
                self.looks.setdefault(folder, []).append(event)
            case "end":
                self.ended += 1
                self.failures |= {int(step): why for step, why in event["failures"].items()}
                self.notes |= dict.fromkeys(event["notes"])


def gather(path: Path, folder: Path, *, limits: Limits, watch: Callable[[str], None]) -> Gathered:
    """Read a file by as many workers as it takes.

    The first one takes everything, on all processors, and reads the tables while the kernel draws. When it stops before
    these are there, the next one reads them first. When one stops later, some of the products left are drawn alone, so
    that the one that stops again is known by name; the others go on together.

    Parameters
    ----------
    path
        The file.
    folder
        Where the workers write; each run a folder.
    limits
        What it may cost.
    watch
        Told what is going on, for people.

    Raises
    ------
    SourceError
        The file is refused, or its parsing stopped.
    """
    gathered = Gathered()
    until = time.monotonic() + limits.file_s
    pending: list[list[int]] | None = None
    alone, runs, careful = _ALONE, 0, False
    while pending is None or pending:
        place = folder / str(runs)
        place.mkdir()
        gathered.begun = gathered.ended = 0
        job = {"batches": pending, "careful": careful}
        stopped = _run(path, place, job, gathered, limits=limits, until=until, watch=watch)
        runs += 1
        if gathered.tables is None and gathered.started and not careful and time.monotonic() < until:
            careful = True
            continue
        if gathered.tables is None:
            raise SourceError(f"{name_of(path.name)} cannot be read: {stopped}; export it anew, or raise the limits")
        if stopped is None:
            break
        batch, *pending = (pending or [gathered.tables["represented"]])[gathered.ended :]
        left = [step for step in batch if step not in gathered.drawn]
        if not gathered.begun or time.monotonic() >= until:
            gathered.unreached.update(left, *pending)
            break
        if len(batch) == 1:
            gathered.failures[batch[0]] = stopped
        else:
            gathered.notes["it stopped among several products: those with several bodies may lack one of them"] = None
            pending = [each for each in (*([step] for step in left[:alone]), left[alone:], *pending) if each]
            alone *= 4
    return gathered


def _run(
    path: Path,
    folder: Path,
    what: dict[str, Any],
    gathered: Gathered,
    *,
    limits: Limits,
    until: float,
    watch: Callable[[str], None],
) -> str | None:
    """Run one worker to its end; say what stopped it, None where nothing did."""
    job = {
        **what,
        "path": str(path.resolve()),
        "folder": str(folder),
        "threads": limits.threads,
        "memory_bytes": limits.memory_bytes,
        "processor_s": int(limits.file_s * limits.threads) + 60,
    }
    patience = _Patience(limits=limits, until=until)

    def take(event: dict[str, Any]) -> None:
        gathered.take(event, folder)
        patience.take(event)
        if event["event"] == "shape":
            watch(f"{len(gathered.drawn):,} of {len((gathered.tables or event).get('represented', ())):,} shapes")

    try:
        return watch_child(WORKER, job, folder, take=take, patience_s=lambda: patience.seconds)
    except queue.Empty:
        return patience.lost


@dataclass(kw_only=True)
class _Patience:
    """How long the next event is waited for: a product's time while shapes are drawn, otherwise the file's."""

    limits: Limits
    until: float
    drawing: bool = False

    def take(self, event: dict[str, Any]) -> None:
        self.drawing = event["event"] in ("start", "begin", "shape", "look")

    @property
    def seconds(self) -> float:
        left = max(0.0, self.until - time.monotonic())
        return min(left, self.limits.product_s) if self.drawing else left

    @property
    def lost(self) -> str:
        if time.monotonic() >= self.until:
            return f"the time for the file, {self.limits.file_s:g} s, was over"
        return f"its shape was not done in {self.limits.product_s:g} s"
