"""A file is judged by the rules of a book: every finding with its severity, and whether the file is accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bim.checking.delivered import Delivered
from bim.checking.inspecting import inspect_ifc
from bim.finding import Finding
from bim.georeference.choosing import assess_levels, declare_place
from bim.georeference.declared import Declaration
from bim.ifc.reading import read_ifc
from bim.ifc.supervising import Limits
from twin.errors import SourceError
from twin.filenames import name_of
from twin.reporting.printed import SEVERITIES
from twin.rules.book import RuleBook
from twin.rules.rule import Severity

#: How many findings of a rule are kept one by one; the counts are always true.
KEPT_FINDINGS = 1_000


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What files are checked against.

    Parameters
    ----------
    book
        Rules of delivery.
    requirements
        IDS files.
    declaration
        Where the models stand, where that is said beside them.
    limits
        What a file may cost.
    """

    book: RuleBook
    requirements: Sequence[Path] = ()
    declaration: Declaration | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """What came of a file.

    Parameters
    ----------
    name
        The file as its deliverer calls it.
    book
        The rules.
    refused
        Why it cannot be read; nothing else is known then.
    delivered
        What was delivered.
    findings
        The first of each rule, with the rule that found each.
    counts
        How many there are by rule, with 0 of those that nothing breaks.
    severities
        How many there are by severity.
    """

    name: str
    book: RuleBook
    refused: str | None = None
    delivered: Delivered | None = None
    findings: tuple[tuple[str, Finding], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    severities: Mapping[Severity, int] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Whether it can be read and no error was found."""
        return self.refused is None and not self.severities["error"]


def check_file(path: Path, wishes: Wishes, *, watch: Callable[[str], None] = lambda _: None) -> Judgement:
    """Read a file, evaluate its schema and what is asked for, and judge all of it.

    Raises
    ------
    SourceError
        An IDS file cannot be read.
    """
    try:
        model = read_ifc(path, limits=wishes.limits, watch=watch)
    except SourceError as error:
        return Judgement(name=name_of(path.name), book=wishes.book, refused=error.detail)
    if wishes.declaration is None:
        place = assess_levels(model.levels)
    else:
        place = declare_place(model.levels, wishes.declaration)
    inspection = inspect_ifc(path, wishes.requirements, limits=wishes.limits, watch=watch)
    delivered = Delivered(model=model, place=place, inspection=inspection, size_bytes=path.stat().st_size)
    return judge(delivered, wishes.book)


def judge(delivered: Delivered, book: RuleBook) -> Judgement:
    """Judge what was delivered by the rules of a book."""
    findings: list[tuple[str, Finding]] = []
    counts: dict[str, int] = {}
    severities: dict[Severity, int] = dict.fromkeys(SEVERITIES, 0)
    for rule in book.rules:
        counts[rule.id] = 0
        for each in rule.find(delivered, book.limits.get(rule.id)):
            # What comes with a name of its own, from the report on the place, has a severity of its own.
            finding = each if each.id else replace(each, id=rule.id, severity=book.severity(rule))
            counts[rule.id] += 1
            severities[finding.severity] += 1
            if counts[rule.id] <= KEPT_FINDINGS:
                findings.append((rule.id, finding))
    return Judgement(
        name=delivered.model.source.name,
        book=book,
        delivered=delivered,
        findings=tuple(findings),
        counts=counts,
        severities=severities,
    )
