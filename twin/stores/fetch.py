"""What a statement gives, column by column: whole layers come this way, and no row becomes an object of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import CursorResult

from twin.bulk import many_objects
from twin.errors import StoreUnavailable

Geometries = npt.NDArray[np.object_]
Decoder = Callable[[Sequence[Any]], Geometries]
_Decoded = tuple[Geometries, list[int]]

#: What is said of a geometry that another program wrote and nobody here can read.
UNREADABLE = "a geometry that is damaged or of a kind that is not supported, such as a curve; mend it in QGIS"

#: Rows that are fetched while the geometries of those before them are decoded.
_BATCH = 20_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Fetched:
    """n rows.

    Parameters
    ----------
    geometries
        n geometries, decoded; None where there is none.
    columns
        The n values of each other column, as the driver gives them.
    unreadable
        Positions of the rows whose geometry cannot be read.
    """

    geometries: Geometries
    columns: tuple[list[Any], ...]
    unreadable: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.geometries)

    @classmethod
    def nothing(cls, columns: int) -> Fetched:
        """No rows of so many columns beside the geometry."""
        return cls(geometries=np.empty(0, dtype=object), columns=tuple([] for _ in range(columns)), unreadable=())

    def first(self, count: int) -> Fetched:
        """The first rows, at most so many."""
        return Fetched(
            geometries=self.geometries[:count],
            columns=tuple(column[:count] for column in self.columns),
            unreadable=tuple(row for row in self.unreadable if row < count),
        )


def fetch_columns(result: CursorResult[Any], decode: Decoder) -> Fetched:
    """Fetch all rows of a result whose first column is the geometry.

    Parameters
    ----------
    result
        Not fetched from yet.
    decode
        Makes geometries of what the driver gives; may leave Python's lock to others meanwhile.
    """
    cursor = result.cursor
    assert cursor is not None, "the statement gives rows"
    columns: tuple[list[Any], ...] = tuple([] for _ in cursor.description[1:])
    pieces: list[Future[_Decoded]] = []
    with many_objects(), ThreadPoolExecutor(max_workers=1) as beside:
        while rows := cursor.fetchmany(_BATCH):
            geometries, *values = zip(*rows, strict=True)
            pieces.append(beside.submit(_decode_readable, geometries, decode))
            for column, more in zip(columns, values, strict=True):
                column.extend(more)
    decoded = [piece.result() for piece in pieces]
    return Fetched(
        geometries=np.concatenate([np.empty(0, dtype=object), *(geometries for geometries, _ in decoded)]),
        columns=columns,
        unreadable=tuple(batch * _BATCH + position for batch, (_, lost) in enumerate(decoded) for position in lost),
    )


def fetch_batches(result: CursorResult[Any], decode: Decoder) -> Iterator[Fetched]:
    """Fetch the rows of such a result a batch at a time; executed with ``yield_per``, no more is in memory."""
    for rows in result.partitions():
        values, *columns = zip(*rows, strict=True)
        geometries, lost = _decode_readable(values, decode)
        yield Fetched(geometries=geometries, columns=tuple(map(list, columns)), unreadable=tuple(lost))


def _decode_readable(values: Sequence[Any], decode: Decoder) -> _Decoded:
    """Decode what can be, and find the positions of the rest, by halves since they are few."""
    try:
        return decode(values), []
    except StoreUnavailable:
        if len(values) == 1:
            return np.array([None], dtype=object), [0]
        half = len(values) // 2
        first, lost = _decode_readable(values[:half], decode)
        second, others = _decode_readable(values[half:], decode)
        return np.concatenate((first, second)), [*lost, *(half + position for position in others)]
