"""Reading XLSX workbooks."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from twin.errors import SourceError
from twin.ingest.delimited import HEAD_ROWS, find_header, require_header
from twin.ingest.faults import Faults, Rows
from twin.ingest.source import Source, Table
from twin.ingest.stage import Staged

#: Rows of each sheet with their numbers, empty ones left out.
Sheets = dict[str, list[tuple[int, tuple[Any, ...]]]]

#: What a spreadsheet shows where a formula failed.
_CELL_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}


def open_xlsx(staged: Staged, *, wanted: str | None, faults: Faults) -> Source:
    """Open one sheet of a workbook; the header is the first row in which most columns have a name.

    Cells in which a formula failed are faults.

    Raises
    ------
    SourceError
        It is not a workbook, or has several sheets with rows.
    """
    sheets, notices = _read_sheets(staged)
    name = _choose_sheet(sheets, staged.name, wanted)
    return _open_sheet(staged, name, sheets[name], notices, faults)


def open_workbook(staged: Staged, *, faults: Faults) -> list[Source]:
    """Open every visible sheet of a workbook that has rows below a header; see `open_xlsx`.

    Raises
    ------
    SourceError
        It is not a workbook.
    """
    sheets, notices = _read_sheets(staged)
    return [_open_sheet(staged, name, rows, notices, faults) for name, rows in sheets.items() if len(rows) > 1]


def _open_sheet(
    staged: Staged, name: str, rows: list[tuple[int, tuple[Any, ...]]], notices: list[str], faults: Faults
) -> Source:
    width = max((len(row) for _, row in rows), default=0)
    heads = [_head(row, width) for _, row in rows[: HEAD_ROWS + 1]]
    found = find_header(heads, lambda row: sum(map(bool, row)) > width / 2)
    if found is None:
        raise SourceError(f"sheet {name} of {staged.name} has no header row")
    skip, header = found
    require_header(header, staged.name)
    body = rows[skip + 1 :]
    first = rows[skip][0]

    def read(columns: Sequence[str]) -> Table:
        import pandas as pd

        number = np.array([line - first for line, _ in body], dtype=np.int64)
        rows_of_file = Rows.of(staged.name, number)
        cells = {column: [row[header.index(column)] for _, row in body] for column in columns}
        for column, values in cells.items():
            failed = np.array([isinstance(cell, str) and cell in _CELL_ERRORS for cell in values], dtype=bool)
            faults.add_rows("a formula failed in this cell", failed, rows_of_file, field=column, values=values)
        frame = pd.DataFrame({column: _column(values) for column, values in cells.items()}, index=range(len(body)))
        return Table(columns=frame, geometry=None, number=number, unreadable=np.zeros(len(body), dtype=bool))

    return Source(
        name=staged.name,
        format="XLSX",
        layer=name,
        columns=tuple(filter(None, header)),
        has_geometry=False,
        read=read,
        notices=(*notices, *([f"the header is row {first}"] if first > 1 else [])),
    )


def _head(row: Sequence[Any], width: int) -> list[str]:
    """A row as names of columns."""
    cells = [*row, *[None] * (width - len(row))]
    return ["" if cell is None else " ".join(str(cell).split()) for cell in cells]


def _choose_sheet(sheets: Sheets, file: str, wanted: str | None) -> str:
    filled = [name for name, rows in sheets.items() if len(rows) > 1]
    if wanted is None and len(filled) != 1:
        raise SourceError(
            f"{file} has {len(filled)} sheets with rows; choose one with --source-layer: {', '.join(sheets)}"
        )
    if wanted is not None and wanted not in sheets:
        raise SourceError(f"{file} has no sheet {wanted}; it has {', '.join(sheets)}")
    return filled[0] if wanted is None else wanted


def _read_sheets(staged: Staged) -> tuple[Sheets, list[str]]:
    """Rows of every visible sheet in which something stands, with their row numbers."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            book = openpyxl.load_workbook(staged.path, read_only=True, data_only=True)
            sheets = {
                sheet.title: [
                    (number, row)
                    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1)
                    if any(cell not in (None, "") for cell in row)
                ]
                for sheet in book.worksheets
                if sheet.sheet_state == "visible"
            }
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise SourceError(
            f"{staged.name} is not an XLSX workbook, or is locked with a password: {error}", cause=error
        ) from error
    return sheets, [str(w.message) for w in caught]


def _column(cells: list[Any]) -> Any:
    """A pandas column from cells; cells of several types become text."""
    import pandas as pd

    kind = pd.api.types.infer_dtype(cells, skipna=True)
    if kind in ("integer", "boolean"):
        return pd.Series(cells, dtype="Int64" if kind == "integer" else "boolean")
    if kind in ("floating", "mixed-integer-float"):
        return pd.Series(cells, dtype="float64")
    return pd.Series([_text(cell) for cell in cells], dtype="str")


def _text(cell: Any) -> str | None:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return None if cell is None else str(cell)
