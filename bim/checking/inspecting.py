"""Schema and IDS of a file, evaluated by a process that is watched."""

from __future__ import annotations

import importlib.util
import queue
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bim.ifc.child import watch_child
from bim.ifc.supervising import Limits
from twin.errors import SourceError, TwinError

#: The program that is run and watched.
WORKER = (sys.executable, "-m", "bim.checking.worker")

#: What IDS files are evaluated with.
_FOR_IDS = "ifctester"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Something that breaks the schema or an IDS file.

    Parameters
    ----------
    part
        ``header``, ``schema``, ``guid``, ``rule`` or ``ids``.
    entity, element
        The instance, and its GlobalId where it has one.
    what, about
        What is wrong, and the rule, attribute or specification that says so.
    """

    part: str
    entity: str
    element: str | None
    what: str
    about: str | None


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What came of evaluating the schema and IDS files.

    Parameters
    ----------
    statements
        What breaks them, the first of each kind.
    unfinished
        Parts that came to no end, and why: ``schema`` or the name of an IDS file.
    """

    statements: tuple[Statement, ...] = ()
    unfinished: tuple[tuple[str, str], ...] = ()


@dataclass(kw_only=True)
class _Told:
    """What processes told."""

    statements: list[Statement] = field(default_factory=list)
    ended: int = 0

    def take(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "refused":
                raise SourceError(event["detail"])
            case "found":
                part = event["kind"].partition(" ")[0]
                said = {name: event[name] for name in ("entity", "element", "what", "about")}
                self.statements.append(Statement(part=part, **said))
            case "end":
                self.ended += 1
                for kind, count in event["more"].items():
                    part, _, about = kind.partition(" ")
                    what = f"{count:,} more of the same kind, {about or 'of the file'}"
                    self.statements.append(
                        Statement(part=part, entity="the file", element=None, what=what, about=about)
                    )


def inspect_ifc(
    path: Path, requirements: Sequence[Path] = (), *, limits: Limits | None = None, watch: Callable[[str], None]
) -> Inspection:
    """Evaluate the schema and IDS files over a file; whatever they do, this process survives it.

    Parameters
    ----------
    path
        A file that can be opened.
    requirements
        IDS files.
    limits
        What each of them may cost.
    watch
        Told what is going on.

    Raises
    ------
    SourceError
        An IDS file cannot be read.
    TwinError
        What evaluates them is not installed.
    """
    if requirements and importlib.util.find_spec(_FOR_IDS) is None:
        raise TwinError(f"IDS files are read with {_FOR_IDS}, which is not installed: pip install 'county-twin[check]'")
    limits = limits or Limits()
    steps = ["schema", *(str(each.resolve()) for each in requirements)]
    told = _Told()
    unfinished = []
    while steps:
        watch(f"evaluating {Path(steps[0]).name}")
        before = told.ended
        stopped = _run(path, steps, limits, told)
        steps = steps[told.ended - before :]
        if steps:
            unfinished.append((Path(steps.pop(0)).name, stopped or "it came to no end"))
    return Inspection(statements=tuple(told.statements), unfinished=tuple(unfinished))


def _run(path: Path, steps: list[str], limits: Limits, told: _Told) -> str | None:
    """Run one process; say what stopped it."""
    job = {
        "path": str(path.resolve()),
        "steps": steps,
        "memory_bytes": limits.memory_bytes,
        "processor_s": int(limits.file_s * len(steps)) + 60,
    }
    until = time.monotonic() + limits.file_s

    def take(event: dict[str, Any]) -> None:
        nonlocal until
        until = time.monotonic() + limits.file_s
        told.take(event)

    with tempfile.TemporaryDirectory(prefix="twin-bim-", ignore_cleanup_errors=True) as folder:
        try:
            return watch_child(
                WORKER, job, Path(folder), take=take, patience_s=lambda: max(0.0, until - time.monotonic())
            )
        except queue.Empty:
            return f"the time for it, {limits.file_s:g} s, was over"
