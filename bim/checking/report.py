"""The report on a file that was checked: for people, for programs, as a page, a workbook, or topics (BCF)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from bim.checking.judging import Judgement
from bim.finding import Finding
from bim.georeference.report import describe_place, render_place
from bim.report import bound_model, list_storeys
from twin.bcf import Topic, topic_id, write_bcf
from twin.errors import InvalidParameter, SourceError
from twin.reporting.page import draw_page
from twin.reporting.printed import CONFIDENCES, SEVERITIES, Printed, Table, tabulate_rules, tell_missing
from twin.reporting.workbook import draw_workbook

#: Formats of reports, by what the name of the file ends in.
FORMATS = (".html", ".xlsx", ".json", ".bcf", ".bcfzip")

#: How many findings of a rule a terminal shows.
_SHOWN = 3

_COLUMNS = (
    ("Rule", "规则"),
    ("Severity", "等级"),
    ("What is wrong", "问题"),
    ("Entity", "实体"),
    ("GlobalId", "构件标识"),
    ("Finding", "说明"),
    ("Found", "实测值"),
    ("Expected", "要求"),
    ("Unit", "单位"),
    ("What to do", "处理建议"),
    ("Source", "依据"),
    ("Confidence", "依据可信度"),
)


def describe_check(judgement: Judgement) -> dict[str, Any]:
    """The report for programs."""
    book = judgement.book
    told: dict[str, Any] = {"file": judgement.name, "accepted": judgement.accepted, "refused": judgement.refused}
    if judgement.delivered is None:
        return told
    model = judgement.delivered.model
    rules = [
        {
            "id": rule.id,
            "title": rule.title,
            "title_zh": rule.title_zh,
            "severity": book.severity(rule),
            "source": rule.source,
            "confidence": rule.confidence,
            "count": judgement.counts[rule.id],
        }
        for rule in book.rules
    ]
    return told | {
        "sha256": model.source.sha256,
        "schema": model.source.schema,
        "application": model.source.application,
        "products": len(model.elements),
        "counts": {severity: judgement.severities[severity] for severity in SEVERITIES},
        "rules": rules,
        "findings": [{"rule": rule} | asdict(finding) for rule, finding in judgement.findings],
        "place": describe_place(judgement.delivered.place),
    }


def render_check(judgement: Judgement) -> str:
    """The report for people."""
    return "\n".join(_lines(judgement))


def write_check(judgement: Judgement, path: Path) -> None:
    """Write the report in the format that the name of the file ends in; a file that is there is replaced.

    Raises
    ------
    InvalidParameter
        It ends in none of `FORMATS`.
    SourceError
        The file cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise InvalidParameter(f"a report ends in {', '.join(FORMATS)}, not {path.name}", parameter="report")
    try:
        path.write_bytes(_draw(judgement, kind))
    except OSError as error:
        raise SourceError(f"the report {path} cannot be written: {error.strerror}", cause=error) from error


def _draw(judgement: Judgement, kind: str) -> bytes:
    match kind:
        case ".html":
            return draw_page(lay_out(judgement)).encode()
        case ".xlsx":
            return draw_workbook(lay_out(judgement))
        case ".json":
            return json.dumps(describe_check(judgement), ensure_ascii=False, indent=2).encode()
    topics = list(_topics(judgement))
    return write_bcf(
        topics, None, edition="3.0" if kind == ".bcf" else "2.1", project=judgement.name, at=datetime.now(UTC)
    )


def lay_out(judgement: Judgement) -> Printed:
    """The report as people read it on paper."""
    outcome = "accepted 接收" if judgement.accepted else "not accepted 不接收"
    heads = {"Outcome 结论": outcome, "File 文件": judgement.name}
    title = f"Check of a building model 建筑信息模型检查: {judgement.name}"
    if judgement.delivered is None:
        heads["Cannot be read 无法读取"] = judgement.refused or ""
        return Printed(title=title, heads=heads, tables=(Table(title="Findings 问题清单", columns=_COLUMNS, rows=[]),))
    model = judgement.delivered.model
    used = next(line for line in render_place(judgement.delivered.place).splitlines() if line.startswith("used: "))
    heads |= {
        "SHA-256": model.source.sha256,
        "Schema 模式": model.source.schema,
        "Program 软件": model.source.application,
        "Products 构件": f"{len(model.elements):,}",
        "Storeys 楼层": ", ".join(name for name, _ in list_storeys(model)),
        "Place 位置": used.removeprefix("used: "),
        **{f"{word} (count 数量)": f"{judgement.severities[name]:,}" for name, word in SEVERITIES.items()},
    }
    findings = Table(
        title="Findings 问题清单",
        columns=_COLUMNS,
        rows=[_row(judgement, rule, finding) for rule, finding in judgement.findings],
        note=tell_missing(sum(judgement.counts.values()) - len(judgement.findings)),
    )
    return Printed(title=title, heads=heads, tables=(tabulate_rules(judgement.book, judgement.counts), findings))


def _row(judgement: Judgement, rule_id: str, finding: Finding) -> Sequence[Any]:
    rule = next(each for each in judgement.book.rules if each.id == rule_id)
    source, confidence = judgement.book.source(rule, next(iter(rule.limits), None))
    return (
        finding.id,
        SEVERITIES[finding.severity],
        f"{rule.title} {rule.title_zh}",
        finding.entity,
        finding.element,
        finding.what,
        finding.measured,
        finding.limit,
        finding.unit,
        finding.advice,
        source,
        CONFIDENCES[confidence],
    )


def _lines(judgement: Judgement) -> Iterator[str]:
    if judgement.delivered is None:
        yield f"{judgement.name}: not accepted: {judgement.refused}"
        return
    for rule in judgement.book.rules:
        count = judgement.counts[rule.id]
        if count:
            yield f"{rule.id} {rule.title} {rule.title_zh}: {count:,}"
            kept = [finding for name, finding in judgement.findings if name == rule.id]
            yield from (f"  {finding}" for finding in kept[:_SHOWN])
            yield from ["  …"] if count > _SHOWN else []
    counts = ", ".join(f"{judgement.severities[name]:,} {name}s" for name in SEVERITIES)
    outcome = "accepted" if judgement.accepted else "not accepted"
    yield f"{judgement.name}: {outcome}: {counts}"


def _topics(judgement: Judgement) -> Iterator[Topic]:
    """A topic for each finding about an element, at the middle of its shape; the same whenever it is found again."""
    if judgement.delivered is None:
        return
    delivered = judgement.delivered
    rows = {str(each): row for row, each in enumerate(delivered.model.elements["global_id"])}
    box = bound_model(delivered.model)
    middle = np.zeros(3) if box is None else box.mean(axis=0)
    rules = {rule.id: rule for rule in judgement.book.rules}
    for rule_id, finding in judgement.findings:
        if finding.element is None:
            continue
        rule = rules[rule_id]
        own = delivered.boxes_m[rows[finding.element]] if finding.element in rows else np.full((2, 3), np.nan)
        place, size = (own.mean(axis=0), np.ptp(own, axis=0)) if np.isfinite(own).all() else (middle, np.zeros(3))
        yield Topic(
            id=topic_id(judgement.name, finding.id, finding.element, finding.what),
            title=f"{finding.id} {rule.title} {rule.title_zh}: {finding.entity}",
            description=str(finding),
            kind={"error": "Error", "warning": "Warning", "note": "Remark"}[finding.severity],
            priority={"error": "Major", "warning": "Normal", "note": "Minor"}[finding.severity],
            labels=(rule_id,),
            components=(),
            guids=(finding.element,),
            place=shapely.Point(place),
            away_m=max(5.0, 2.0 * float(np.linalg.norm(size))),
        )
