"""The report on a delivery as people read it, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from twin.crs import is_metric
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
        "row": ("Row below the head", "表头下行号"),
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
        note=missing,
        widths=(14, 12, 40, 26, 26, 50, 12, 24, 8, 40, 12, 18, 28, 10, 14, 14),
    )
    read = Table(
        title="Tables 数据表",
        columns=TABLE_COLUMNS,
        rows=list(_list_tables(report)),
        widths=(28, 12, 10, 24, 40, 40, 80, 30, 80),
    )
    return Printed(
        title=f"Acceptance of pipelines 管线成果验收: {', '.join(report.projects)}",
        heads=_describe_outcome(report),
        tables=(tabulate_rules(judgement.book, judgement.counts), findings, read),
    )


#: What a report tells of each table that was read.
TABLE_COLUMNS = (
    ("Table", "表"),
    ("Read as", "识别为"),
    ("Rows", "行数"),
    ("Encoding", "编码"),
    ("CRS", "坐标系"),
    ("Coordinates", "坐标列"),
    ("Fields", "字段对应"),
    ("Not used", "未用列"),
    ("Notes", "说明"),
)

_LAYERS = {"pipe_nodes": "Points 管线点", "pipe_segments": "Segments 管线段"}
_CHANGES = {"inserted": "new 新增", "updated": "changed 变更", "deleted": "retired 注销", "unchanged": "untouched 未变"}


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
        **{
            _LAYERS[layer]: ", ".join(f"{counts[what]:,} {said}" for what, said in _CHANGES.items())
            for layer, counts in report.counts.items()
        },
        "Revisions 版本": ", ".join(f"{layer} {number}" for layer, number in report.revisions.items()),
        "Notes on the whole 总体说明": "; ".join(report.notices),
    }


def _list_tables(report: Acceptance) -> Iterator[tuple[Any, ...]]:
    """For each table that was read the values of `TABLE_COLUMNS`."""
    for table in report.tables:
        decided = (str(value) if value else "" for value in (table.encoding, table.crs, table.coordinates))
        fields = ", ".join(f"{match.field} ← {match.column}" for match in table.matches)
        yield table.name, table.kind, table.rows, *decided, fields, ", ".join(table.unused), "; ".join(table.notices)


def _list_findings(report: Acceptance) -> Iterator[tuple[Any, ...]]:
    """The findings that are kept, each with the values of `COLUMNS`."""
    digits = 3 if is_metric(report.crs) else 8
    for finding in report.judgement.findings:
        rule = report.judgement.rules[finding.rule]
        said = {
            "severity": SEVERITIES[finding.severity],
            "title": f"{rule.title} {rule.title_zh}",
            "confidence": CONFIDENCES[finding.confidence],
            **{name: _shorten(getattr(finding, name)) for name in ("measured", "limit")},
            **{name: None if at is None else round(at, digits) for name, at in (("x", finding.x), ("y", finding.y))},
        }
        yield tuple(said[name] if name in said else getattr(finding, name) for name in COLUMNS)


def _shorten(value: float | str | None) -> float | str | None:
    """A number with the six digits that anybody measures."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
