"""The report on a delivery: its tables, what the rules found, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from layers.pipelines.delivery.delivery import TableReport
from layers.pipelines.reports import write_report
from layers.pipelines.rules.judge import Judgement
from twin.crs import CRS


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """What became of a delivery.

    Parameters
    ----------
    projects, classes
        The areas and the classes that it delivers anew.
    tables
        The tables of its files.
    judgement
        What the rules found.
    crs
        Of its places.
    counts
        Of each layer: rows inserted, updated, deleted and unchanged; empty where the delivery is refused.
    revisions
        The revisions that were written, by layer.
    notices
        What else there is to tell.
    """

    accepted: bool
    dry_run: bool
    projects: tuple[str, ...]
    classes: tuple[str, ...]
    files: tuple[str, ...]
    sha256: str
    tables: tuple[TableReport, ...]
    judgement: Judgement
    crs: CRS
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    revisions: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        own = {
            "accepted": self.accepted,
            "dry_run": self.dry_run,
            "projects": list(self.projects),
            "classes": list(self.classes),
            "files": list(self.files),
            "sha256": self.sha256,
            "tables": [asdict(table) for table in self.tables],
            "counts": {layer: dict(counts) for layer, counts in self.counts.items()},
            "revisions": dict(self.revisions),
            "notices": list(self.notices),
        }
        return own | self.judgement.to_dict()

    def render(self) -> str:
        """The report as text for a terminal."""
        parts = [*(table.render() for table in self.tables), self.judgement.render()]
        parts += [f"note: {notice}" for notice in self.notices]
        parts += [
            f"{layer}: {', '.join(f'{count:,} {what}' for what, count in counts.items())}"
            for layer, counts in self.counts.items()
        ]
        return "\n".join(filter(None, (*parts, self._outcome())))

    def write(self, path: Path) -> None:
        """Write the report to a file, as `write_report` does."""
        write_report(self, path)

    def _outcome(self) -> str:
        named = f"{', '.join(self.projects)} ({', '.join(self.classes)})"
        found = f"{self.judgement.count('error'):,} errors, {self.judgement.count('warning'):,} warnings"
        if not self.accepted:
            return f"delivery {named} is refused: {found}; nothing was written"
        if self.dry_run:
            return f"delivery {named} would be accepted: {found}; dry run, nothing was written"
        if not self.revisions:
            return f"delivery {named} is accepted: {found}; nothing changed, no revision was made"
        numbers = " and ".join(f"{number}" for number in self.revisions.values())
        return f"delivery {named} is accepted: {found}; revision {numbers}"
