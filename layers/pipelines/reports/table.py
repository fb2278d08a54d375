"""The report on a delivery as people read it, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from twin.reporting.printed import CONFIDENCES, SEVERITIES, Printed, Table, tabulate_rules, tell_missing

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


def lay_out(report: Acceptance) -> Printed:
    """The report as people read it: what came of the delivery, the rules, and what breaks them."""
    judgement = report.judgement
    missing = tell_missing(sum(judgement.counts.values()) - len(judgement.findings))
    findings = Table(
        title="Findings 问题清单",
        columns=tuple(COLUMNS.values()),
        rows=list(_list_findings(report)),
        note="\n".join(filter(None, (*report.notices, missing))),
    )
    return Printed(
        title=f"Acceptance of pipelines 管线成果验收: {', '.join(report.projects)}",
        heads=_describe_outcome(report),
        tables=(tabulate_rules(judgement.book, judgement.counts), findings),
    )


def _describe_outcome(report: Acceptance) -> dict[str, str]:
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


def _list_findings(report: Acceptance) -> Iterator[tuple[Any, ...]]:
    """The findings that are kept, each with the values of `COLUMNS`."""
    for finding in report.judgement.findings:
        rule = report.judgement.rules[finding.rule]
        said = {
            "severity": SEVERITIES[finding.severity],
            "title": f"{rule.title} {rule.title_zh}",
            "confidence": CONFIDENCES[finding.confidence],
        }
        yield tuple(said[name] if name in said else getattr(finding, name) for name in COLUMNS)
