"""Reading CSV and XLSX tables."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import Fault, SourceError
from twin.ingest.arrow import frame_of
from twin.ingest.encoding import Hint, decide_encoding
from twin.ingest.faults import Faults
from twin.ingest.report import Decision
from twin.ingest.source import Source, Table
from twin.ingest.stage import Staged

#: How much of a table is looked at to find separator and header, in bytes.
_HEAD_BYTES = 65_536

#: Longest row of a CSV, in bytes.
_ROW_BYTES = 16_000_000

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_NUMBER = re.compile(r"\s*[-+]?\d+([.,]\d+)?\s*")

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def open_csv(staged: Staged, *, encoding: str | None, faults: Faults) -> Source:
    """Open a delimited text file; rows with too many or too few values are faults.

    Raises
    ------
    SourceError
        Its encoding cannot be told, or it has no header.
    """
    decision = _decide_csv_encoding(staged.path, encoding)
    with staged.path.open("rb") as file:
        head = file.read(_HEAD_BYTES).decode(decision.value, errors="ignore").lstrip("\ufeff")
    separator, skip, header = _find_header(head, staged.name)

    def read(columns: Sequence[str]) -> Table:
        return _read_csv(staged, decision.value, separator, skip, header, columns, faults)

    return Source(
        name=staged.name,
        format=f"CSV with {_SEPARATORS[separator]}",
        columns=tuple(header),
        has_geometry=False,
        encoding=decision,
        read=read,
        notices=(f"the header is line {skip + 1}",) if skip else (),
    )


def _decide_csv_encoding(path: Path, explicit: str | None) -> Decision:
    with path.open("rb") as file:
        start = file.read(3)
    if start[:2] in _UTF16:
        return Decision(value="utf-16", why="byte order mark")

    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while lines := file.readlines(_ROW_BYTES):
                yield b"".join(lines)

    hints = [Hint(encoding="utf-8", by="the byte order mark")] if start == b"\xef\xbb\xbf" else []
    return decide_encoding(chunks, explicit=explicit, hints=hints)


def _find_header(head: str, name: str) -> tuple[str, int, list[str]]:
    """Separator, lines above the header, column names: the header is the first line that is as wide as the table."""
    candidates: list[tuple[int, int, str, list[list[str]]]] = []
    for separator in _SEPARATORS:
        rows = list(csv.reader(io.StringIO(head), delimiter=separator))[:50]
        widths = Counter(len(row) for row in rows if len(row) > 1)
        candidates += [(count, width, separator, rows) for width, count in widths.most_common(1)]
    # The separator is the one that divides most lines alike; commas may stand within values.
    _, width, separator, rows = max(candidates, default=(0, 1, ",", []))
    if width < 2:
        raise SourceError(f"{name} is not a table: no separator (comma, semicolon, tab, bar) divides its lines")
    skip = next(index for index, row in enumerate(rows) if len(row) == width and sum(map(bool, row)) > width / 2)
    header = [cell.strip() for cell in rows[skip]]
    _require_header(header, name)
    return separator, skip, header


def _require_header(header: Sequence[str], name: str) -> None:
    if sum(bool(_NUMBER.fullmatch(cell)) for cell in header) > len(header) / 2:
        raise SourceError(f"{name} has no header: its first row is {', '.join(header[:5])}; add a row of column names")


def _read_csv(
    staged: Staged,
    encoding: str,
    separator: str,
    skip: int,
    header: list[str],
    columns: Sequence[str],
    faults: Faults,
) -> Table:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv as arrow_csv

    uneven: list[tuple[int, int]] = []

    def remember(row: Any) -> str:
        uneven.append((row.number - skip - 1, row.actual_columns))
        return "skip"

    names = [str(index) for index in range(len(header))]
    try:
        table = arrow_csv.read_csv(
            staged.path,
            # One thread: only so are uneven rows numbered.
            read_options=arrow_csv.ReadOptions(
                use_threads=False, encoding=encoding, skip_rows=skip + 1, column_names=names, block_size=_ROW_BYTES
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=remember,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeError) as error:
        said = "a row is longer than 16 MB" if "straddling" in str(error) else error
        raise SourceError(f"{staged.name} cannot be read: {said}", cause=error) from error
    limit = f"{len(header)} columns"
    what = "the row has another number of values"
    for row, width in uneven:
        faults.add(Fault(what=what, file=staged.name, row=row, value=str(width), limit=limit))
    number = np.setdiff1d(np.arange(1, table.num_rows + len(uneven) + 1), [row for row, _ in uneven])
    arrays = [table.column(header.index(column)) for column in columns]
    whole = Table(
        columns=frame_of(columns, arrays, table.num_rows),
        geometry=None,
        number=number,
        unreadable=np.zeros(len(number), dtype=bool),
    )
    blank = np.logical_and.reduce([np.asarray(pc.equal(column, "")) for column in table.columns])
    return whole.take(~blank) if blank.any() else whole


def open_xlsx(staged: Staged, *, wanted: str | None) -> Source:
    """Open one sheet of a workbook; the header is the first row in which most columns have a name.

    Raises
    ------
    SourceError
        It is not a workbook, or has several sheets with rows.
    """
    sheets, notices = _read_sheets(staged)
    filled = {name: rows for name, rows in sheets.items() if len(rows) > 1}
    if wanted is not None and wanted not in sheets:
        raise SourceError(f"{staged.name} has no sheet {wanted}; it has {', '.join(sheets)}")
    if wanted is None and len(filled) != 1:
        raise SourceError(
            f"{staged.name} has {len(filled)} sheets with rows; choose one with --source-layer: {', '.join(sheets)}"
        )
    name = wanted if wanted is not None else next(iter(filled))
    rows = sheets[name]
    width = max((len(row) for _, row in rows), default=0)
    skip = next((i for i, (_, row) in enumerate(rows) if sum(cell is not None for cell in row) > width / 2), None)
    if skip is None:
        raise SourceError(f"sheet {name} of {staged.name} has no header row")
    header = ["" if cell is None else str(cell).strip() for cell in rows[skip][1]]
    _require_header(header, staged.name)
    body = rows[skip + 1 :]
    first = rows[skip][0]

    def read(columns: Sequence[str]) -> Table:
        import pandas as pd

        frame = pd.DataFrame({column: _column([row[header.index(column)] for _, row in body]) for column in columns})
        number = np.array([line - first for line, _ in body], dtype=np.int64)
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


def _read_sheets(staged: Staged) -> tuple[dict[str, list[tuple[int, tuple[Any, ...]]]], list[str]]:
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
