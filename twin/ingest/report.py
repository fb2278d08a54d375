"""What an ingest says about itself: files, decisions, counts and faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from twin.errors import Fault


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Something an ingest had to decide about a file, and what it rests on."""

    value: str
    why: str

    def __str__(self) -> str:
        return f"{self.value} ({self.why})"


@dataclass(frozen=True, kw_only=True)
class Match:
    """Where a field of the layer comes from: a column of the file, or nothing but the mapping."""

    field: str
    column: str | None
    how: str


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """One delivered file: what it is, what was decided about it, which of its columns were used."""

    name: str
    sha256: str
    format: str = ""
    source_layer: str | None = None
    rows: int = 0
    encoding: Decision | None = None
    crs: Decision | None = None
    datum: Decision | None = None
    coordinates: Decision | None = None
    matches: tuple[Match, ...] = ()
    unused: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def render(self) -> str:
        """The file's part of the report as text for a terminal."""
        source = f", layer {self.source_layer}" if self.source_layer else ""
        lines = [f"{self.name}: {self.format}{source}, {self.rows:,} rows, sha256 {self.sha256[:12]}…"]
        for name in ("encoding", "crs", "datum", "coordinates"):
            decision = getattr(self, name)
            if decision is not None:
                lines.append(f"  {name}: {decision}")
        lines += [f"  {match.field} ← {match.column or '-'} ({match.how})" for match in self.matches]
        if self.unused:
            lines.append(f"  not used: {', '.join(self.unused)}")
        lines += [f"  note: {notice}" for notice in self.notices]
        return "\n".join(lines)


#: Told what an ingest is about to do, and of each file what came of reading it.
Watch = Callable[[str | FileReport], None]


def watch_nothing(step: str | FileReport) -> None:
    """For those who do not watch."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an ingest did, or would do, or why it did nothing."""

    layer: str
    mode: str
    dry_run: bool = False
    files: tuple[FileReport, ...] = ()
    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    repaired: int = 0
    notices: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    fault_count: int = 0
    revision: int | None = None
    source: str | None = None
    sha256: str | None = None
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return asdict(self)

    def render(self) -> str:
        """The report as text for a terminal."""
        return "\n".join((*(file.render() for file in self.files), self.render_outcome()))

    def render_outcome(self) -> str:
        """What became of the files together, as text for a terminal."""
        lines = [f"note: {notice}" for notice in self.notices]
        lines += [f"fault: {fault}" for fault in self.faults[:20]]
        if self.fault_count > 20:
            lines.append(f"… {self.fault_count - 20:,} more faults")
        return "\n".join((*lines, self._outcome()))

    def _outcome(self) -> str:
        if self.fault_count:
            return f"{self.layer}: {self.fault_count:,} faults in {self.read:,} rows; nothing was written"
        counts = (
            f"{self.read:,} read, {self.inserted:,} inserted, {self.updated:,} updated, {self.deleted:,} deleted, "
            f"{self.unchanged:,} unchanged, {self.repaired:,} repaired"
        )
        if self.revision is not None:
            end = f"revision {self.revision}"
        elif self.dry_run:
            end = "dry run, nothing was written"
        else:
            end = "nothing changed, no revision was made"
        return f"{self.layer}: {counts}; {end} ({self.seconds:.1f} s)"
