"""Judging a survey by rules: every finding with its features, what was measured and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.rules.hits import Hits
from layers.pipelines.rules.survey import Survey
from twin.errors import Fault
from twin.ingest.faults import cause_of
from twin.rules.book import RuleBook
from twin.rules.rule import CONFIDENCES, Confidence, Rule, Severity

#: How many findings of a rule are kept one by one; the counts are always true.
KEPT_FINDINGS = 1_000

#: How many findings of a rule a terminal shows.
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that breaks a rule.

    Parameters
    ----------
    rule, severity
        The rule, and how severe it is.
    layer, key
        The feature; None where only a row of a file is known.
    other
        Another feature or row that belongs to it.
    file, row, field
        Where it was delivered.
    what, measured, limit, unit
        What is wrong, what was found, and what is allowed.
    source, confidence
        What the limit rests on, and how sure that is.
    x, y
        Where it is, in the storage CRS.
    """

    rule: str
    severity: Severity
    what: str
    layer: str | None = None
    key: str | None = None
    other: str | None = None
    file: str | None = None
    row: int | None = None
    field: str | None = None
    measured: float | str | None = None
    limit: float | str | None = None
    unit: str | None = None
    source: str
    confidence: Confidence
    x: float | None = None
    y: float | None = None

    def __str__(self) -> str:
        row, field = self.row and f"row {self.row}", self.field and f"field {self.field}"
        place = ", ".join(str(part) for part in (self.file, row, self.key, field) if part)
        unit = f" {self.unit}" if self.unit else ""
        measured = "" if self.measured is None else f" (found {_figure(self.measured)}{unit})"
        limit = "" if self.limit is None else f"; allowed: {_figure(self.limit)}{unit}"
        other = f"; see {self.other}" if self.other else ""
        return f"{place}: {self.what}{measured}{limit}{other}"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What came of judging a survey.

    Parameters
    ----------
    findings
        The first of each rule.
    counts
        How many there are, by rule, with 0 of those that nothing breaks.
    book
        The rules, and how severe each is.
    """

    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    book: RuleBook

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """The rules by their id."""
        return {rule.id: rule for rule in self.book.rules}

    def count(self, severity: Severity) -> int:
        """How many findings are so severe."""
        return sum(self.counts[rule.id] for rule in self.book.rules if self.book.severity(rule) == severity)

    def to_dict(self) -> dict[str, Any]:
        """The judgement as plain JSON values."""
        rules = [
            {
                "id": rule.id,
                "title": rule.title,
                "title_zh": rule.title_zh,
                "severity": self.book.severity(rule),
                "source": rule.source,
                "confidence": rule.confidence,
                "count": self.counts[rule.id],
            }
            for rule in self.book.rules
        ]
        return {"rules": rules, "findings": [asdict(finding) for finding in self.findings]}

    def render(self) -> str:
        """The judgement as text for a terminal: the rules that are broken, each with its first findings."""
        lines = []
        for rule, count in self.counts.items():
            if not count:
                continue
            of = self.rules[rule]
            lines.append(f"{self.book.severity(of)} {rule} {of.title} {of.title_zh}: {count:,}")
            shown = [finding for finding in self.findings if finding.rule == rule][:_SHOWN]
            lines += [f"  {finding}" for finding in shown]
            lines += ["  …"] if count > len(shown) else []
        return "\n".join(lines)


def judge(survey: Survey, book: RuleBook, *, watch: Callable[[str], None] = lambda _: None) -> Judgement:
    """Judge a survey by the rules of a book."""
    findings: list[Finding] = []
    counts = {}
    for rule in book.rules:
        watch(f"judging by {rule.id}")
        count = 0
        causes = set()
        for found in rule.find(survey, book.limits.get(rule.id)):
            room = max(0, KEPT_FINDINGS - count)
            if isinstance(found, Fault):
                count += 1
                causes.add(cause_of(found))
                findings += [_of_fault(rule, book, found)][:room]
            else:
                count += len(found.rows)
                findings += _of_hits(rule, book, found, survey, room)
        # Of faults only the first are kept one by one.
        counts[rule.id] = sum(survey.faults.causes[cause] for cause in causes) if causes else count
    return Judgement(findings=tuple(findings), counts=counts, book=book)


def _of_fault(rule: Rule, book: RuleBook, fault: Fault) -> Finding:
    return Finding(
        rule=rule.id,
        severity=book.severity(rule),
        what=fault.what,
        file=fault.file,
        row=fault.row,
        field=fault.field,
        measured=fault.value,
        limit=fault.limit,
        source=rule.source,
        confidence=rule.confidence,
    )


def _of_hits(rule: Rule, book: RuleBook, hits: Hits, survey: Survey, room: int) -> list[Finding]:
    """The first findings of hits, with the names, rows and places of their features."""
    positions = hits.rows[:room]
    table = survey.beyond if hits.table == "beyond" and survey.beyond is not None else survey
    is_node = hits.table != "segments"
    keys = table.nodes["node_id"] if is_node else table.segments["segment_id"]
    origin = table.node_rows if is_node else table.segment_rows
    by = hits.by if hits.by is not None or len(rule.limits) != 1 else next(iter(rule.limits))
    findings = []
    for at, (position, place) in enumerate(zip(positions.tolist(), _places(hits, table, room), strict=True)):
        file, row = origin.where(position) if origin is not None else (None, None)
        source, confidence = book.source(rule, _each(by, at))
        findings.append(
            Finding(
                rule=rule.id,
                severity=book.severity(rule),
                what=str(_each(hits.what, at)),
                layer="pipe_nodes" if is_node else "pipe_segments",
                key=_plain(keys.iloc[position]),
                other=_plain(_each(hits.others, at)),
                file=file,
                row=row,
                field=hits.field,
                measured=_plain(_each(hits.measured, at)),
                limit=_plain(_each(hits.limit, at)),
                unit=hits.unit,
                source=source,
                confidence=confidence if hits.confidence is None else CONFIDENCES[_each(hits.confidence, at)],
                x=_plain(place[0]),
                y=_plain(place[1]),
            )
        )
    return findings


def _places(hits: Hits, survey: Survey, room: int) -> npt.NDArray[np.float64]:
    """Where the first hits are: where they say, else in the middle of their features; NaN where there is no place."""
    if hits.places is not None:
        return hits.places[:room]
    shapes = survey.axes if hits.table == "segments" else survey.nodes.geometry.to_numpy()
    middles = shapely.centroid(shapes[hits.rows[:room]])
    return np.column_stack([shapely.get_x(middles), shapely.get_y(middles)])


def _each(values: Any, at: int) -> Any:
    """A value of all, or of one of the hits."""
    return values if values is None or isinstance(values, str | int | float) else values[at]


def _plain(value: Any) -> Any:
    """A value as JSON has it; what is not there or no number is None."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if value is None or value != value else value  # noqa: PLR0124 - NaN


def _figure(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
