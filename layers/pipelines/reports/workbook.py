"""The report on a delivery as a workbook: what came of it, and a sheet of findings."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from layers.pipelines.reports.table import (
    COLUMNS,
    COUNT_COLUMNS,
    count_rules,
    describe_outcome,
    list_findings,
    tell_missing,
)

if TYPE_CHECKING:
    from layers.pipelines.report import Acceptance


def draw_workbook(report: Acceptance) -> bytes:
    """Draw the report as an XLSX file."""
    import openpyxl

    book = openpyxl.Workbook()
    summary = book.active
    summary.title = "Summary 汇总"
    for row in (*describe_outcome(report).items(), (), (" ".join(head) for head in COUNT_COLUMNS)):
        _write(summary, row)
    for counted in count_rules(report):
        _write(summary, counted)
    if tell_missing(report):
        _write(summary, (tell_missing(report),))
    for column, width in zip("ABCDEF", (18, 18, 60, 12, 60, 12), strict=True):
        summary.column_dimensions[column].width = width
    findings = book.create_sheet("Findings 问题清单")
    _write(findings, (" ".join(head) for head in COLUMNS.values()))
    for finding in list_findings(report):
        _write(findings, finding)
    findings.freeze_panes = "A2"
    findings.auto_filter.ref = findings.dimensions
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _write(sheet: Any, values: Iterable[Any]) -> None:
    """Add a row; what was delivered stays text, also where it looks like a formula or holds what no sheet can."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cells = [ILLEGAL_CHARACTERS_RE.sub("�", value) if isinstance(value, str) else value for value in values]
    sheet.append(cells)
    for cell in sheet[sheet.max_row] if cells else ():
        if isinstance(cell.value, str):
            cell.data_type = "s"
