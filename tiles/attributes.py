"""Attributes of features as the keys and values of a vector tile layer."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import isinf

import numpy as np
import numpy.typing as npt
import pandas as pd

from tiles.protobuf import bytes_field, double_field, varint_field
from twin.columns import plain_values
from twin.frame import Frame

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

#: What a 32-bit float can hold.
_LARGEST_SHORT = 3.4e38


@dataclass(frozen=True, kw_only=True, eq=False)
class Attributes:
    """The attributes of all features of a frame, encoded once and ready for any tile.

    Parameters
    ----------
    keys
        Field names, the layer's key first.
    codes
        (n features, f fields) positions of values; -1 where a feature has none.
    values
        Every distinct value of every field, as the layer message holds it, one after the other.
    begins
        Where each value begins in `values`, with the end of the last.
    """

    keys: tuple[str, ...]
    codes: Codes
    values: Bytes
    begins: Integers


def encode_attributes(frame: Frame, rows: Integers) -> Attributes:
    """Encode every attribute of some rows of a frame, in their order.

    Text stays text, integers and reals numbers, truth values boolean; dates and instants are ISO 8601 text, since a
    vector tile has no type for them. A missing value is absent.
    """
    key, schema = frame.layer.key, frame.layer.schema
    columns = {key: frame.data.index.to_series()}
    columns |= {name: frame.data[name] for name in schema.names if name in frame.data and name != key}
    codes = np.empty((len(rows), len(columns)), dtype=np.int32)
    messages: list[bytes] = []
    for column, (name, series) in enumerate(columns.items()):
        local, distinct = pd.factorize(series.iloc[rows])
        codes[:, column] = np.where(local < 0, -1, local + len(messages))
        messages += [bytes_field(4, encode_value(value)) for value in plain_values(pd.Series(distinct), schema[name])]
    begins = np.zeros(len(messages) + 1, dtype=np.int64)
    np.cumsum([len(message) for message in messages], out=begins[1:])
    values = np.frombuffer(b"".join(messages), dtype=np.uint8)
    return Attributes(keys=tuple(columns), codes=codes, values=values, begins=begins)


def encode_value(value: str | float | bool) -> bytes:
    """Write one value as a ``Value`` message (MVT 2.1, 4.4); a real is a short one where that loses nothing."""
    match value:
        case bool():
            return varint_field(7, int(value))
        case int():
            return varint_field(6, 2 * value if value >= 0 else -2 * value - 1)
        case float():
            short = struct.pack("<f", value) if abs(value) < _LARGEST_SHORT or isinf(value) else b""
            exact = short and struct.unpack("<f", short)[0] == value
            return b"\x15" + short if exact else double_field(3, value)
        case _:
            return bytes_field(1, value.encode())
