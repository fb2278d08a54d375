"""Reading CSV tables."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from twin.crs import parse_crs
from twin.errors import Fault, SourceError
from twin.ingest.arrow import frame_of
from twin.ingest.encoding import Hint, decide_encoding
from twin.ingest.faults import Faults
from twin.ingest.names import split_brackets
from twin.ingest.report import Decision
from twin.ingest.source import Source, Table
from twin.ingest.stage import Staged

#: How much of a table is looked at to find separator and header: bytes and rows.
_HEAD_BYTES, HEAD_ROWS = 65_536, 50

#: Longest row of a CSV, in bytes.
_ROW_BYTES = 16_000_000

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_DECIMAL = re.compile(r"[-+]?\d+\.\d+")
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?")


#: Byte order marks, the longer of two that begin alike first.
_MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


def open_csv(staged: Staged, *, encoding: str | None, faults: Faults) -> Source:
    """Open a delimited text file; rows with too many or too few values are faults.

    Raises
    ------
    SourceError
        Its encoding cannot be told, or it has no header.
    """
    decision = _decide_csv_encoding(staged.path, encoding)
    with staged.path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        rest = file.read(1)
    text = head.decode(decision.value, errors="ignore").lstrip("\ufeff")
    layout = _find_layout(text, staged.name, cut=bool(rest))
    prj = staged.path.with_suffix(".prj")

    def read(columns: Sequence[str]) -> Table:
        return _read_csv(staged, decision.value, layout, columns, faults)

    return Source(
        name=staged.name,
        format=f"CSV with {_SEPARATORS[layout.separator]}",
        columns=tuple(filter(None, layout.header)),
        crs=parse_crs(prj.read_text("utf-8", errors="replace")) if prj.exists() else None,
        crs_said="the .prj beside the table says so" if prj.exists() else "",
        has_geometry=False,
        encoding=decision,
        read=read,
        notices=(f"the header is line {layout.above + 1}",) if layout.above else (),
    )


def _decide_csv_encoding(path: Path, explicit: str | None) -> Decision:
    with path.open("rb") as file:
        start = file.read(4)
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return Decision(value=name, why="byte order mark")

    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while lines := file.readlines(_ROW_BYTES):
                yield b"".join(lines)

    hints = [Hint(encoding="utf-8", by="the byte order mark")] if start.startswith(b"\xef\xbb\xbf") else []
    return decide_encoding(path.name, chunks, explicit=explicit, hints=hints)


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How a table of text is laid out.

    Parameters
    ----------
    separator
        What stands between values.
    above
        Lines above the header.
    lines
        Lines down to the end of the header, whose names may have several.
    header
        Column names, one for each value of a row; empty where a column has none.
    """

    separator: str
    above: int
    lines: int
    header: tuple[str, ...]


def _find_layout(text: str, name: str, *, cut: bool) -> _Layout:
    """Find separator and header: the first row that is as wide as the table and names most columns in use, or two.

    Raises
    ------
    SourceError
        It is no table.
    """
    best: tuple[int, int, str, list[_Row]] = (0, 1, ",", [])
    for separator in _SEPARATORS:
        rows = _split(text, separator, name, cut=cut)
        widths = Counter(len(row.cells) for row in rows if len(row.cells) > 1)
        for width, count in widths.most_common(1):
            best = max(best, (count, width, separator, rows), key=lambda found: found[:2])
    # The separator is the one that divides most lines alike; commas may stand within values.
    _, width, separator, rows = best
    if width < 2:
        raise SourceError(f"{name} is not a table: no separator (comma, semicolon, tab, bar) divides its lines")
    # Spreadsheets write empty columns at the end, some in the rows only.
    used = max((number for row in rows if len(row.cells) == width for number in row.filled), default=width)
    heads = [[" ".join(cell.split()) for cell in row.cells] for row in rows]
    last, header = find_header(heads, lambda row: used <= len(row) <= width and sum(map(bool, row)) > used / 2) or (
        0,
        heads[0],
    )
    top = rows[last]
    require_header(header, name)
    padding = [""] * (width - len(header))
    return _Layout(separator=separator, above=top.above, lines=top.lines, header=(*header, *padding))


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A row of text: its values, which of them are filled (counted from 1), lines above it and to its end."""

    cells: list[str]
    filled: list[int]
    above: int
    lines: int


def _split(text: str, separator: str, name: str, *, cut: bool) -> list[_Row]:
    """The first rows of a text; of a text that is `cut`, without the last, which may be half a row."""
    rows: list[_Row] = []
    above = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in islice(reader, HEAD_ROWS):
            filled = [number for number, cell in enumerate(cells, start=1) if cell.strip()]
            rows.append(_Row(cells=cells, filled=filled, above=above, lines=reader.line_num))
            above = reader.line_num
    except csv.Error as error:
        raise SourceError(f"{name} cannot be read: line {reader.line_num}: {error}", cause=error) from error
    return rows[:-1] if cut and 1 < len(rows) < HEAD_ROWS else rows


def require_header(header: Sequence[str], name: str) -> None:
    """Refuse column names that are data.

    Raises
    ------
    SourceError
        One is a decimal number, or all are whole ones; years may head columns.
    """
    if any(_DECIMAL.fullmatch(cell) for cell in header) or all(cell.isdigit() for cell in header):
        raise SourceError(f"{name} has no header: its first row is {', '.join(header[:5])}; add a row of column names")


def find_header(
    rows: Sequence[Sequence[str]], fits: Callable[[Sequence[str]], bool]
) -> tuple[int, Sequence[str]] | None:
    """The first row that can be the header, or two that make one: position of the last of them, and the names."""
    for at, row in enumerate(rows):
        joined = join_heads(row, rows[at + 1]) if len(rows) > at + 1 and len(rows[at + 1]) == len(row) else None
        if fits(joined or row):
            return at + (joined is not None), joined or row
    return None


def join_heads(upper: Sequence[str], lower: Sequence[str]) -> list[str] | None:
    """The one header that two rows make where the lower one parts columns of the upper one; None where it does not.

    A name of the upper row stands above its own column and those without a name to its right, as cells of a spreadsheet
    that were merged: ``起点 | | 管径`` above ``点号 | 埋深 |`` is ``起点点号 | 起点埋深 | 管径``.
    The lower row names all of these and no other column; at least one column has its name from the upper row alone, so
    a title is no part of a header.
    """
    names, groups = [*upper], set[int]()
    leader: int | None = None
    for at, (above, below) in enumerate(zip(upper, lower, strict=True)):
        if above:
            leader = at
        elif below and leader is not None:
            groups |= {leader, at}
            names[at] = upper[leader]
    parted = {at for at, below in enumerate(lower) if below}
    alone = {at for at, above in enumerate(upper) if above} - groups
    if not groups or parted != groups or not alone or any(_NUMBER.fullmatch(lower[at]) for at in parted):
        return None
    for at in groups:
        name, unit = split_brackets(names[at])
        names[at] = f"{name}{lower[at]}" + (f"({unit})" if unit and split_brackets(lower[at])[1] is None else "")
    return names


def _read_csv(staged: Staged, encoding: str, layout: _Layout, columns: Sequence[str], faults: Faults) -> Table:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv as arrow_csv

    left_out: list[int] = []
    width = len(layout.header)

    def leave_out(row: Any) -> str:
        number = row.number - layout.lines
        left_out.append(number)
        if row.text.strip():
            what, limit = "the row has another number of values", f"{width} columns"
            faults.add(Fault(what=what, file=staged.name, row=number, value=str(row.actual_columns), limit=limit))
        return "skip"

    names = [str(index) for index in range(width)]
    try:
        table = arrow_csv.read_csv(
            staged.path,
            # One thread: only so are rows that are left out numbered.
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                encoding=encoding,
                skip_rows=layout.lines,
                column_names=names,
                block_size=_ROW_BYTES,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=leave_out,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeError) as error:
        said = "a row is longer than 16 MB" if "straddling" in str(error) else error
        raise SourceError(f"{staged.name} cannot be read: {said}", cause=error) from error
    number = np.setdiff1d(np.arange(1, table.num_rows + len(left_out) + 1), left_out)
    arrays = [table.column(layout.header.index(column)) for column in columns]
    whole = Table(
        columns=frame_of(columns, arrays, table.num_rows),
        geometry=None,
        number=number,
        unreadable=np.zeros(len(number), dtype=bool),
    )
    empty = [np.asarray(pc.equal(pc.utf8_trim_whitespace(column), "")) for column in table.columns]
    blank = np.logical_and.reduce(empty)
    return whole.take(~blank) if blank.any() else whole
