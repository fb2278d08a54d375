"""Collecting what is wrong with delivered rows, and saying where they came from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.errors import Fault

#: How many faults are kept one by one; the count is always true.
KEPT_FAULTS = 1_000

#: How much of an offending value is shown, in characters.
SHOWN_CHARACTERS = 60


#: Characters that a terminal would obey instead of showing them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def shorten(value: object) -> str:
    """A value as text, cut to `SHOWN_CHARACTERS`, with control characters escaped."""
    text = value[: SHOWN_CHARACTERS + 1] if isinstance(value, str) else str(value)
    text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Where n rows come from: the file and, counted from 1, the row in it."""

    files: tuple[str | None, ...]
    file: npt.NDArray[np.intp]
    number: npt.NDArray[np.int64]

    @classmethod
    def of(cls, file: str | None, number: npt.NDArray[np.int64]) -> Rows:
        """Rows of one file."""
        return cls(files=(file,), file=np.zeros(len(number), dtype=np.intp), number=number)

    @classmethod
    def concat(cls, parts: Iterable[Rows]) -> Rows:
        """The rows of several files, one after the other."""
        parts = list(parts)
        return cls(
            files=tuple(name for part in parts for name in part.files),
            file=np.concatenate([np.full(len(part), index) for index, part in enumerate(parts)]).astype(np.intp),
            number=np.concatenate([part.number for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.number)

    def where(self, position: int) -> tuple[str | None, int]:
        """File and row number of one row."""
        return self.files[self.file[position]], int(self.number[position])

    def find(self, file: str | None, number: int) -> int | None:
        """The first of the rows with a number in a file, whose rows stand together and in order; None if none has."""
        for index in (i for i, name in enumerate(self.files) if name == file):
            start, stop = np.searchsorted(self.file, [index, index + 1])
            position = int(start + np.searchsorted(self.number[start:stop], number))
            if position < stop and self.number[position] == number:
                return position
        return None

    def describe(self, position: int) -> str:
        """File and row number of one row, in words."""
        file, row = self.where(position)
        return f"row {row}" if file is None else f"{file} row {row}"


#: What is wrong, in which field, and what is allowed there.
Cause = tuple[str, str | None, str | None]


def cause_of(fault: Fault) -> Cause:
    """What a fault has in common with those of other rows."""
    return fault.what, fault.field, fault.limit


@dataclass(kw_only=True)
class Faults:
    """Collects every fault of an ingest: counts all, together and by cause, keeps the first `KEPT_FAULTS`."""

    kept: list[Fault] = field(default_factory=list)
    count: int = 0
    causes: Counter[Cause] = field(default_factory=Counter)

    def add(self, fault: Fault) -> None:
        """Add one fault."""
        self.count += 1
        self.causes[cause_of(fault)] += 1
        if len(self.kept) < KEPT_FAULTS:
            self.kept.append(fault)

    def sort(self) -> None:
        """Put the faults in the order of the rows, file by file."""
        files = list(dict.fromkeys(fault.file for fault in self.kept))
        self.kept.sort(key=lambda fault: (files.index(fault.file), fault.row or 0))

    def add_rows(
        self,
        what: str,
        bad: npt.NDArray[np.bool_],
        rows: Rows,
        *,
        field: str | None = None,
        values: Any = None,
        limit: str | None = None,
    ) -> None:
        """Add the same fault for every row where `bad` is true; `values` holds what was found, row by row."""
        positions = np.flatnonzero(bad)
        if not len(positions):
            return
        values = getattr(values, "iloc", values)
        self.count += len(positions)
        self.causes[what, field, limit] += len(positions)
        for position in positions[: max(0, KEPT_FAULTS - len(self.kept))].tolist():
            value = None if values is None else shorten(values[position])
            file, row = rows.where(position)
            self.kept.append(Fault(what=what, file=file, row=row, field=field, value=value, limit=limit))


def summarise(faults: Faults, layer: str) -> str:
    """One sentence for the error that carries the faults."""
    first = f"; the first: {faults.kept[0]}" if faults.kept else ""
    plural = "" if faults.count == 1 else "s"
    return f"{faults.count:,} fault{plural} in rows for {layer}, nothing was written{first}"
