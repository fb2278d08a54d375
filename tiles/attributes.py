"""Attributes of features as the keys and values of a vector tile layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.kernels.values import BOOL, DOUBLE, FLOAT, SINT, TEXT, find_values, gather_values, pack_integers, pack_values
from tiles.protobuf import bytes_field
from twin.columns import plain_values
from twin.frame import Frame
from twin.schema import FieldType

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


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

    @cached_property
    def key_fields(self) -> bytes:
        """The keys as the layer message holds them."""
        return b"".join(bytes_field(3, key.encode()) for key in self.keys)

    def key_of(self, feature: int) -> bytes:
        """The key of a feature, which is text, in UTF-8."""
        code = self.codes[feature, 0]
        message, at = self.values[self.begins[code] : self.begins[code + 1]], 0
        for _ in range(2):  # what stands before it: twice a tag of one byte and a length
            at += 2
            while message[at - 1] > 0x7F:
                at += 1
        return message[at:].tobytes()

    def take(self, rows: Integers) -> Attributes:
        """The attributes of the features at some positions, in that order, in memory of their own."""
        codes = self.codes[rows]
        present = codes >= 0
        used = codes[present]
        if len(used):
            import pandas as pd

            codes[present], used = pd.factorize(used)
        values, begins = gather_values(used, self.values, self.begins)
        return Attributes(keys=self.keys, codes=codes, values=values, begins=begins)

    def joined(self, others: Attributes) -> Attributes:
        """Put other features behind these; a value that one of these has in the same field is not held once more."""
        present = others.codes >= 0
        fields = np.zeros(len(others.begins) - 1, dtype=np.int64)
        fields[others.codes[present]] = np.nonzero(present)[1]
        found = find_values(self.codes, self.values, self.begins, fields, others.values, others.begins)
        place = np.where(found < 0, np.arange(len(found)) + len(self.begins) - 1, found).astype(np.int32)
        return Attributes(
            keys=self.keys,
            codes=np.concatenate((self.codes, np.where(present, place[others.codes], -1))),
            values=np.concatenate((self.values, others.values)),
            begins=np.concatenate((self.begins, others.begins[1:] + self.begins[-1])),
        )


def encode_attributes(frame: Frame, rows: Integers) -> Attributes:
    """Encode every attribute of some rows of a frame, in their order.

    Text stays text, integers and reals numbers, truth values boolean; dates and instants are ISO 8601 text, since a
    vector tile has no type for them. A missing value is absent.
    """
    import pandas as pd

    key, schema = frame.layer.key, frame.layer.schema
    columns = {key: frame.data.index.to_series()}
    columns |= {name: frame.data[name] for name in schema.names if name in frame.data and name != key}
    codes = np.empty((len(rows), len(columns)), dtype=np.int32)
    packed, sizes, known = [], [np.zeros(1, dtype=np.int64)], 0
    for column, (name, series) in enumerate(columns.items()):
        local, distinct = pd.factorize(series.iloc[rows])
        codes[:, column] = np.where(local < 0, -1, local + known)
        values, begins = encode_values(plain_values(pd.Series(distinct), schema[name]), schema[name].type)
        packed.append(values)
        sizes.append(np.diff(begins))
        known += len(distinct)
    return Attributes(
        keys=tuple(columns), codes=codes, values=np.concatenate(packed), begins=np.cumsum(np.concatenate(sizes))
    )


def encode_values(values: Sequence[Any], kind: FieldType) -> tuple[Bytes, Integers]:
    """Encode plain values of one type; a real is a short one where that loses nothing.

    Returns
    -------
    The ``values`` of a layer message one after the other, and where each begins, with the end of the last.
    """
    count = len(values)
    match kind:
        case "boolean":
            tags, bodies, begins = np.full(count, BOOL), np.array(values, dtype=np.uint8), np.arange(count + 1)
        case "integer":
            tags, (bodies, begins) = np.full(count, SINT), pack_integers(np.array(values, dtype=np.int64))
        case "real":
            doubles = np.array(values, dtype=np.float64)
            with np.errstate(over="ignore"):
                floats = doubles.astype(np.float32)
            short = floats == doubles
            width = np.where(short, 4, 8)
            padded = np.where(short, floats.view(np.uint32).astype(np.uint64), doubles.view(np.uint64))
            tags, begins = np.where(short, FLOAT, DOUBLE), np.concatenate(([0], np.cumsum(width)))
            # Numbers are little-endian in a tile, whatever they are in memory.
            eight = padded.astype("<u8").view(np.uint8).reshape(count, 8)
            bodies = eight[np.arange(8) < width[:, None]]
        case _:
            texts = [text.encode() for text in values]
            bodies = np.frombuffer(b"".join(texts), dtype=np.uint8)
            tags, begins = np.full(count, TEXT), np.zeros(count + 1, dtype=np.int64)
            np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=count), out=begins[1:])
    return pack_values(tags.astype(np.uint8), np.ascontiguousarray(bodies), begins.astype(np.int64))
