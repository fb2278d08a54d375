"""A report as a workbook: what came of it with its first table, and a sheet for each of the others."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from twin.reporting.printed import Printed


def draw_workbook(report: Printed) -> bytes:
    """Draw a report as an XLSX file."""
    import openpyxl

    book = openpyxl.Workbook()
    summary = book.active
    summary.title = "Summary 汇总"
    first, *others = report.tables
    for row in (*report.heads.items(), (), (" ".join(head) for head in first.columns), *first.rows):
        _write(summary, row)
    for table in others:
        if table.note:
            _write(summary, (table.note,))
    _set_widths(summary, (18, 18, 60, 12, 60, 12))
    for table in others:
        sheet = book.create_sheet(table.title)
        for row in ((" ".join(head) for head in table.columns), *table.rows):
            _write(sheet, row)
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = sheet.dimensions
        _set_widths(sheet, table.widths)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _set_widths(sheet: Any, widths: Iterable[int]) -> None:
    """Columns as wide as what usually stands in them; the rest is wrapped."""
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _write(sheet: Any, values: Iterable[Any]) -> None:
    """Add a row; what was delivered stays text, also where it looks like a formula or holds what no sheet can."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cells = [ILLEGAL_CHARACTERS_RE.sub("�", value) if isinstance(value, str) else value for value in values]
    sheet.append(cells)
    for cell in sheet[sheet.max_row] if cells else ():
        if isinstance(cell.value, str):
            cell.data_type = "s"
