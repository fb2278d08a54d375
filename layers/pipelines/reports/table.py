"""What reports say about findings, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layers.pipelines.report import Acceptance

#: What a report tells of each finding, in the order of its columns.
COLUMNS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "rule": ("Rule", "规则"),
        "severity": ("Severity", "等级"),
        "title": ("What is wrong", "问题"),
        "key": ("Feature", "要素"),
        "other": ("Other feature", "相关要素"),
        "what": ("Finding", "说明"),
        "measured": ("Found", "实测值"),
        "limit": ("Allowed", "限值"),
        "unit": ("Unit", "单位"),
        "source": ("Source of the limit", "依据"),
        "confidence": ("Confidence", "依据可信度"),
        "field": ("Field", "字段"),
        "file": ("File", "文件"),
        "row": ("Row", "行号"),
        "x": ("East", "东坐标"),
        "y": ("North", "北坐标"),
    }
)

SEVERITIES: Mapping[str, str] = MappingProxyType(
    {"error": "error 错误", "warning": "warning 警告", "note": "note 提示"}
)

#: How sure it is that a source says so.
CONFIDENCES: Mapping[str, str] = MappingProxyType({"high": "high 高", "medium": "medium 中", "low": "low 低"})

#: Heads of the counts of rules.
COUNT_COLUMNS = (
    ("Rule", "规则"),
    ("Severity", "等级"),
    ("What is wrong", "问题"),
    ("Findings", "数量"),
    ("Source", "依据"),
    ("Confidence", "依据可信度"),
)


def describe_outcome(report: Acceptance) -> dict[str, str]:
    """What came of a delivery, by heads in both languages."""
    outcome = "accepted 接收" if report.accepted else "refused 拒收"
    return {
        "Outcome 结论": outcome + (", dry run 试运行" if report.dry_run else ""),
        "Areas 测区": ", ".join(report.projects),
        "Classes 管类": ", ".join(report.classes),
        "Files 文件": ", ".join(report.files),
        "SHA-256": report.sha256,
        "Errors 错误": f"{report.judgement.count('error'):,}",
        "Warnings 警告": f"{report.judgement.count('warning'):,}",
        "Notes 提示": f"{report.judgement.count('note'):,}",
        "Revisions 版本": ", ".join(f"{layer} {number}" for layer, number in report.revisions.items()),
    }


def count_rules(report: Acceptance) -> Iterator[tuple[Any, ...]]:
    """For each rule the values of `COUNT_COLUMNS`."""
    judgement = report.judgement
    for rule in judgement.book.rules:
        severity, title = SEVERITIES[judgement.book.severity(rule)], f"{rule.title} {rule.title_zh}"
        yield rule.id, severity, title, judgement.counts[rule.id], rule.source, CONFIDENCES[rule.confidence]


def list_findings(report: Acceptance) -> Iterator[tuple[Any, ...]]:
    """The findings that are kept, each with the values of `COLUMNS`."""
    for finding in report.judgement.findings:
        rule = report.judgement.rules[finding.rule]
        said = {
            "severity": SEVERITIES[finding.severity],
            "title": f"{rule.title} {rule.title_zh}",
            "confidence": CONFIDENCES[finding.confidence],
        }
        yield tuple(said[name] if name in said else getattr(finding, name) for name in COLUMNS)


def tell_missing(report: Acceptance) -> str:
    """A line about findings that are counted and not listed; empty where there are none."""
    rest = sum(report.judgement.counts.values()) - len(report.judgement.findings)
    return f"{rest:,} more are counted and not listed 另有 {rest:,} 条未列出" if rest else ""
