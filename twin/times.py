"""Temporal predicates said as comparisons of instants.

References
----------
OGC 21-065r2, 7.8 (Temporal Functions); W3C, Time Ontology in OWL, 4.2 (intervals with both ends included).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from twin.errors import InvalidParameter
from twin.expressions import FALSE, TRUE, Expression, Operation, Value, comparison
from twin.moments import CHINA

#: The steps in which instants are kept.
_STEP = timedelta(milliseconds=1)

#: Comparisons of the starts and ends of two spans; each must hold.
_RELATIONS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "t_after": (("start", ">", "end"),),
    "t_before": (("end", "<", "start"),),
    "t_intersects": (("start", "<=", "end"), ("end", ">=", "start")),
    "t_equals": (("start", "=", "start"), ("end", "=", "end")),
    "t_contains": (("start", "<", "start"), ("end", ">", "end")),
    "t_during": (("start", ">", "start"), ("end", "<", "end")),
    "t_finishedby": (("start", "<", "start"), ("end", "=", "end")),
    "t_finishes": (("start", ">", "start"), ("end", "=", "end")),
    "t_meets": (("end", "=", "start"),),
    "t_metby": (("start", "=", "end"),),
    "t_overlappedby": (("start", ">", "start"), ("start", "<", "end"), ("end", ">", "end")),
    "t_overlaps": (("start", "<", "start"), ("end", ">", "start"), ("end", "<", "end")),
    "t_startedby": (("start", "=", "start"), ("end", ">", "end")),
    "t_starts": (("start", "=", "start"), ("end", "<", "end")),
}
TEMPORAL = frozenset({*_RELATIONS, "t_disjoint"})
#: Those that are for instants as well as for intervals.
OF_INSTANTS = frozenset({"t_after", "t_before", "t_disjoint", "t_equals", "t_intersects"})


@dataclass(frozen=True)
class Span:
    """From one instant to another, both included; None for an end that is open."""

    start: Expression | None
    end: Expression | None
    kind: Literal["date", "datetime"]


def relate_times(op: str, first: Span, second: Span) -> Expression:
    """Say a temporal predicate as comparisons; both spans are of the same kind."""
    if op == "t_disjoint":
        return Operation("not", (relate_times("t_intersects", first, second),))
    parts = [
        _compare(_end_of(first, mine), compared, _end_of(second, theirs)) for mine, compared, theirs in _RELATIONS[op]
    ]
    return parts[0] if len(parts) == 1 else Operation("and", tuple(parts))


def relate_to_day(op: str, instant: Expression, day: date) -> Expression:
    """Compare an instant with a day: before or after all of it, or within."""
    first, last = (Value(end) for end in _instants_of(day))
    if op in {"=", "<>"}:
        within = Operation("and", (comparison(">=", instant, first), comparison("<=", instant, last)))
        return within if op == "=" else Operation("not", (within,))
    return comparison(op, instant, first if op in {"<", ">="} else last)


def lift(span: Span) -> Span:
    """Say a span of days as one of instants: from the first one of its first day in China to the last of its last.

    Raises
    ------
    InvalidParameter
        A day depends on the feature: nobody could use an index to compare it.
    """
    return Span(_lift_end(span.start, 0), _lift_end(span.end, 1), "datetime") if span.kind == "date" else span


def _lift_end(end: Expression | None, which: int) -> Expression | None:
    if end is None:
        return None
    if not isinstance(end, Value) or not isinstance(end.value, date):
        raise InvalidParameter("a property that is a date is compared with timestamps; use dates", parameter="filter")
    return Value(_instants_of(end.value)[which], at=end.at)


def _instants_of(day: date) -> tuple[datetime, datetime]:
    """The first and the last instant of a day in China, as far as the calendar goes."""
    start = datetime.combine(day, time(), tzinfo=CHINA)
    try:
        first = start.astimezone(UTC)
    except OverflowError:
        first = datetime.min.replace(tzinfo=UTC)
    return first, first + timedelta(days=1) - _STEP if day < date.max else datetime.max.replace(tzinfo=UTC)


#: An end of a span, and the side of all instants on which it lies if it is open.
_End = tuple[Expression | None, int]


def _end_of(span: Span, which: str) -> _End:
    return (span.start, -1) if which == "start" else (span.end, 1)


def _compare(first: _End, op: str, second: _End) -> Expression:
    (one, here), (other, there) = first, second
    if one is not None and other is not None:
        return comparison(op, one, other)
    # What is open lies before or after everything, but what is missing is not known to be anywhere.
    side, told = (here - there, None) if one is other else (here, other) if one is None else (-there, one)
    holds = {"<": side < 0, ">": side > 0, "=": side == 0, "<=": side <= 0, ">=": side >= 0}[op]
    if told is None:
        return TRUE if holds else FALSE
    return comparison("=" if holds else "<>", told, told)
