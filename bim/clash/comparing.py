"""Bodies are compared by a process that is watched, so that whatever its kernels do, this one goes on."""

from __future__ import annotations

import queue
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bim.clash.bodies import Bodies, Flags, Meetings, Numbers
from bim.clash.worker import FOUND, GIVEN
from bim.ifc.child import watch_child
from bim.ifc.supervising import Limits
from twin.errors import TwinError

#: The program that is run and watched.
WORKER = (sys.executable, "-m", "bim.clash.worker")


def compare_bodies(
    bodies: Bodies,
    first: Flags,
    second: Flags,
    apart: Numbers,
    *,
    tolerance_m: float,
    clearance_m: float,
    limits: Limits,
) -> Meetings:
    """Find all pairs that share room thicker than a tolerance, or are nearer than a clearance.

    Parameters
    ----------
    bodies, first, second, apart, tolerance_m, clearance_m
        See `bim.clash.measuring.find_meetings`.
    limits
        What it may cost: the time for a file is that for all of it.

    Raises
    ------
    TwinError
        It took too long, or the kernels crashed: nothing is known then.
    """
    with tempfile.TemporaryDirectory(prefix="twin-clash-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        np.savez(folder / GIVEN, **asdict(bodies), first=first, second=second, apart=apart)
        stopped = _run(folder, tolerance_m, clearance_m, limits)
        if stopped is not None:
            raise TwinError(f"the clashes were not found: {stopped}; ask for less, a building or a model")
        return _read(folder / FOUND)


def _run(folder: Path, tolerance_m: float, clearance_m: float, limits: Limits) -> str | None:
    """Run one process to its end; say what stopped it."""
    job = {
        "folder": str(folder),
        "tolerance_m": tolerance_m,
        "clearance_m": clearance_m,
        "memory_bytes": limits.memory_bytes,
        "processor_s": int(limits.file_s * limits.threads) + 60,
    }
    until = time.monotonic() + limits.file_s
    try:
        return watch_child(
            WORKER, job, folder, take=lambda _: None, patience_s=lambda: max(0.0, until - time.monotonic())
        )
    except queue.Empty:
        return f"the time for it, {limits.file_s:g} s, was over"


def _read(path: Path) -> Meetings:
    with np.load(path) as found:
        return Meetings(**{name: found[name] for name in found.files})
