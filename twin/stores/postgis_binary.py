"""Rows in the binary format of COPY, made column by column.

References
----------
PostgreSQL manual, COPY, Binary Format: a row is the number of its values and the values, each after its length in
bytes; -1 is NULL. Numbers are in network order, days and instants are counted from 2000-01-01.
PostGIS manual, OpenGIS WKB and WKT: EWKB is WKB with a flag in its type, after which the SRID follows.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from twin.bulk import many_objects
from twin.stores.dialect import Values

if TYPE_CHECKING:
    import pyarrow as pa

#: What comes before the first row and after the last.
BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END: Final = struct.pack(">h", -1)

#: The bytes of a value of fixed length by the type of its field; `number` is a column of the twin's own.
_WIRE: Mapping[str, str] = {
    "number": ">i4",
    "integer": ">i8",
    "real": ">f8",
    "boolean": ">u1",
    "date": ">i4",
    "datetime": ">i8",
}
#: Where PostgreSQL begins to count, in the units of its days and instants since 1970.
_EPOCH = {"date": 10_957, "datetime": 10_957 * 86_400_000_000}
#: Bytes of a length.
_LENGTH = 4
#: In the last byte of the type of little-endian EWKB.
_HAS_SRID = 0x20


def pack_rows(kinds: Sequence[str], columns: Sequence[Values], srid: int) -> pa.Buffer:
    """Write n rows.

    Parameters
    ----------
    kinds
        Of each column: the type of its field, ``number`` or ``geometry``.
    columns
        n plain values, or geometries, for each.
    srid
        Of the geometries.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces: list[Any] = [pa.scalar(struct.pack(">h", len(kinds)), pa.large_binary())]
    with many_objects():
        for kind, values in zip(kinds, columns, strict=True):
            if kind in _WIRE:
                pieces.append(_pack_numbers(kind, values))
            else:
                pieces += _pack_texts(encode_ewkb(values, srid) if kind == "geometry" else values)
    nothing = pa.scalar(b"", pa.large_binary())
    rows = pc.binary_join_element_wise(*pieces, nothing, null_handling="replace", null_replacement="")
    return rows.buffers()[2]


def encode_ewkb(geometries: Values, srid: int) -> list[bytes | None]:
    """Write n geometries as little-endian EWKB; None stays None.

    The SRID is put into the bytes here: to give it to the geometries would make a copy of each.
    """
    marked = {last: bytes((last | _HAS_SRID,)) + struct.pack("<I", srid) for last in (0, 0x80)}
    plain = shapely.to_wkb(np.asarray(geometries, dtype=object), flavor="extended", byte_order=1)
    return [None if wkb is None else wkb[:4] + marked[wkb[4]] + wkb[5:] for wkb in plain.tolist()]


def _pack_numbers(kind: str, values: Values) -> pa.Array:
    """Lengths and values of fixed length, one piece a row."""
    import pyarrow as pa

    wire = np.dtype(_WIRE[kind])
    if kind in _EPOCH:
        instants = pa.date32() if kind == "date" else pa.timestamp("us", "UTC")
        given = pa.array(values, pa.string()).cast(instants).view(f"int{8 * wire.itemsize}")
    elif kind == "boolean":
        given = pa.array(values, pa.bool_()).cast(pa.uint8())
    else:
        given = pa.array(values, pa.float64() if kind == "real" else pa.int64())
    missing = np.asarray(given.is_null())
    rows = np.empty(len(given), dtype=[("length", ">i4"), ("value", wire)])
    rows["length"] = np.where(missing, -1, wire.itemsize)
    rows["value"] = np.asarray(given.fill_null(0)) - _EPOCH.get(kind, 0)
    raw = rows.view(np.uint8).reshape(len(rows), rows.itemsize)
    if missing.any():
        raw = raw[~missing[:, None] | (np.arange(rows.itemsize) < _LENGTH)]
    return _cut(raw, np.where(missing, _LENGTH, rows.itemsize))


def _pack_texts(values: Values) -> tuple[pa.Array, pa.Array]:
    """Lengths, and values of any length."""
    import pyarrow as pa

    given = pa.array(values, pa.large_binary())
    lengths = np.diff(np.frombuffer(given.buffers()[1], dtype=np.int64)[: len(given) + 1]).astype(">i4")
    lengths[np.asarray(given.is_null())] = -1
    return _cut(lengths, np.full(len(given), _LENGTH)), given


def _cut(data: npt.NDArray[Any], lengths: npt.NDArray[np.int64]) -> pa.Array:
    """Cut bytes into n pieces of these lengths."""
    import pyarrow as pa

    ends = np.cumsum(np.append(0, lengths))
    return pa.Array.from_buffers(pa.large_binary(), len(lengths), [None, pa.py_buffer(ends), pa.py_buffer(data)])
