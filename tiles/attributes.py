"""Attributes of features as the keys and values of a vector tile layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tiles.protobuf import bytes_field, double_field, pack_varints, varint_field
from twin.columns import plain_values
from twin.frame import Frame


@dataclass(frozen=True, kw_only=True, eq=False)
class Attributes:
    """The attributes of all features of a frame, encoded once and ready for any tile.

    Parameters
    ----------
    keys
        Field names, the layer's key first.
    values
        Every distinct value there is, as an encoded ``Value`` message.
    codes
        (n features, f fields) positions in `values`; -1 where a feature has no value.
    """

    keys: tuple[str, ...]
    values: tuple[bytes, ...]
    codes: npt.NDArray[np.int64]


def encode_attributes(frame: Frame) -> Attributes:
    """Encode every attribute of a frame.

    Text stays text, integers and reals numbers, truth values boolean; dates and instants are ISO 8601 text, since a
    vector tile has no type for them. A missing value is absent.
    """
    key = frame.layer.key
    columns = {key: frame.data.index.to_series()}
    columns |= {name: frame.data[name] for name in frame.layer.schema.names if name in frame.data and name != key}
    position: dict[bytes, int] = {}
    codes = np.empty((len(frame), len(columns)), dtype=np.int64)
    for column, (name, series) in enumerate(columns.items()):
        plain = plain_values(series, frame.layer.schema[name])
        local, distinct = pd.factorize(np.array(plain, dtype=object))
        shared = [position.setdefault(encode_value(value), len(position)) for value in distinct]
        codes[:, column] = np.array([*shared, -1], dtype=np.int64)[local]
    return Attributes(keys=tuple(columns), values=tuple(position), codes=codes)


def encode_value(value: str | float | bool) -> bytes:
    """Write one value as a ``Value`` message (MVT 2.1, 4.4)."""
    match value:
        case bool():
            return varint_field(7, int(value))
        case int():
            return varint_field(6, 2 * value if value >= 0 else -2 * value - 1)
        case float():
            return double_field(3, value)
        case _:
            return bytes_field(1, value.encode())


def tags_of(attributes: Attributes, rows: npt.NDArray[np.int64]) -> tuple[list[bytes], list[bytes]]:
    """Tag some features with their attributes.

    Returns
    -------
    The packed key and value positions of each feature, and the values of the tile in the order of those positions.
    """
    codes = attributes.codes[rows]
    there = codes >= 0
    used, local = np.unique(codes[there], return_inverse=True)
    pairs = np.column_stack((np.nonzero(there)[1], local)).astype(np.uint64)
    tags = pack_varints(pairs.ravel(), 2 * there.sum(axis=1))
    return tags, [attributes.values[code] for code in used]
