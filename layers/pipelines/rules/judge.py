"""Judging a survey by rules: every finding with its features, what was measured and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.rules.hits import Hits, Table
from layers.pipelines.rules.survey import Survey
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.errors import Fault
from twin.ingest.faults import Rows, cause_of
from twin.rules.book import RuleBook
from twin.rules.rule import CONFIDENCES, Confidence, Rule, Severity

if TYPE_CHECKING:
    import pandas as pd

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
                findings += [_of_fault(rule, book, found, survey)][:room]
            else:
                count += len(found.rows)
                findings += _of_hits(rule, book, found, survey, room)
        # Of faults only the first are kept one by one.
        counts[rule.id] = sum(survey.faults.causes[cause] for cause in causes) if causes else count
    return Judgement(findings=tuple(findings), counts=counts, book=book)


def _of_fault(rule: Rule, book: RuleBook, fault: Fault, survey: Survey) -> Finding:
    """The finding of a value that could not be read, with the feature that its row is."""
    feature: dict[str, Any] = {}
    tables: tuple[tuple[Table, Rows | None], ...] = (("nodes", survey.node_rows), ("segments", survey.segment_rows))
    for table, rows in tables:
        position = None if rows is None or fault.row is None else rows.find(fault.file, fault.row)
        if position is not None:
            x, y = _places(Hits(table=table, rows=np.array([position]), what=""), survey, 1)[0]
            layer, keys = _named(table, survey)
            feature = {"layer": layer, "key": _plain(keys.iloc[position]), "x": _plain(x), "y": _plain(y)}
    return Finding(
        **feature,
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
    layer, keys = _named(hits.table, table)
    origin = table.segment_rows if hits.table == "segments" else table.node_rows
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
                layer=layer,
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


def _named(table: Table, survey: Survey) -> tuple[str, pd.Series[str]]:
    """The layer of a table, and the keys of its rows."""
    if table == "segments":
        return PIPE_SEGMENTS.id, survey.segments[PIPE_SEGMENTS.key]
    return PIPE_NODES.id, survey.nodes[PIPE_NODES.key]


def _places(hits: Hits, survey: Survey, room: int) -> npt.NDArray[np.float64]:
    """Where the first hits are: where they say, else in the middle of their features; NaN where there is no place.

    A segment of which one end is missing is at the other.
    """
    if hits.places is not None:
        return hits.places[:room]
    rows = hits.rows[:room]
    if hits.table != "segments":
        return survey.places[rows]
    middles = shapely.centroid(survey.axes[rows])
    found = np.column_stack([shapely.get_x(middles), shapely.get_y(middles)])
    ends = np.vstack([survey.places, [[np.nan, np.nan]]])  # no point is at -1
    for end in (survey.from_row, survey.to_row):
        found = np.where(np.isnan(found), ends[end[rows]], found)
    return found


def _each(values: Any, at: int) -> Any:
    """A value of all, or of one of the hits."""
    return values if values is None or isinstance(values, str | int | float) else values[at]


def _plain(value: Any) -> Any:
    """A value as JSON has it; what is not there or no number is None."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if value is None or value != value else value  # noqa: PLR0124 - NaN


def _figure(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
