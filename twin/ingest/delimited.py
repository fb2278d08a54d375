"""Reading CSV tables."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
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

_DECIMAL = re.compile(r"[-+]?\d+\.\d+")


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
        columns=tuple(filter(None, header)),
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
    skip = next((i for i, row in enumerate(rows) if len(row) == width and sum(map(bool, row)) > width / 2), 0)
    header = [cell.strip() for cell in rows[skip]]
    require_header(header, name)
    return separator, skip, header


def require_header(header: Sequence[str], name: str) -> None:
    """Refuse column names that are data.

    Raises
    ------
    SourceError
        One is a decimal number, or all are whole ones; years may head columns.
    """
    if any(_DECIMAL.fullmatch(cell) for cell in header) or all(cell.isdigit() for cell in header):
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
