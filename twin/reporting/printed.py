"""What a report shows, before it is a page or a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from twin.rules.book import RuleBook
from twin.rules.rule import Confidence, Severity

SEVERITIES: Mapping[Severity, str] = MappingProxyType(
    {"error": "error 错误", "warning": "warning 警告", "note": "note 提示"}
)

#: How sure it is that a source says so.
CONFIDENCES: Mapping[Confidence, str] = MappingProxyType({"high": "high 高", "medium": "medium 中", "low": "low 低"})


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of a report.

    Parameters
    ----------
    title
        What stands above it.
    columns
        English and Chinese heads.
    rows
        Values in the order of the columns.
    note
        What there is to tell before it.
    widths
        How wide its columns are in a workbook, in characters; what is longer is wrapped. Nothing for what fits.
    """

    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    widths: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A report: its title, what came of it by heads in both languages, and its tables, the summary first."""

    title: str
    heads: Mapping[str, str]
    tables: Sequence[Table]


def tabulate_rules(book: RuleBook, counts: Mapping[str, int]) -> Table:
    """The rules of a book, and how often each is broken."""
    return Table(
        title="Rules 规则",
        columns=(
            ("Rule", "规则"),
            ("Severity", "等级"),
            ("What is wrong", "问题"),
            ("Findings", "数量"),
            ("Source", "依据"),
            ("Confidence", "依据可信度"),
        ),
        rows=[
            (
                rule.id,
                SEVERITIES[book.severity(rule)],
                f"{rule.title} {rule.title_zh}",
                counts[rule.id],
                rule.source,
                CONFIDENCES[rule.confidence],
            )
            for rule in book.rules
        ],
    )


def tell_missing(count: int) -> str:
    """A line about findings that are counted and not listed; empty where there are none."""
    return f"{count:,} more are counted and not listed 另有 {count:,} 条未列出" if count else ""
