"""Layers in memory from which pages of features are answered without the store, as the store would answer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from api.crs import NamedCrs
from api.features.area import AskedArea
from api.features.places import Places
from api.features.splice import Splice
from api.features.texts import Texts
from api.forms.geojson import encode_geometries, replace_geometry
from tiles.columns import is_among
from twin.columns import plain_values
from twin.crs import CRS84
from twin.errors import TwinError
from twin.expressions import Scalar
from twin.frame import Frame
from twin.renewal import Renewal
from twin.schema import Field
from twin.stores.where import stored

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Values:
    """The n values of a field.

    Parameters
    ----------
    codes
        n numbers of values; -1 where there is none.
    known
        The number of each value, as `twin.columns.plain_values` gives it.
    """

    codes: npt.NDArray[np.int32]
    known: dict[Any, int]

    @classmethod
    def of(cls, column: pd.Series[Any], field: Field) -> Values:
        """Number the values of a column."""
        codes, distinct = pd.factorize(column)
        values = plain_values(pd.Series(distinct), field)
        return cls(codes=codes.astype(np.int32), known={value: code for code, value in enumerate(values)})

    def equal(self, value: Any) -> Flags:
        """Whether each of the n values is a certain one."""
        same: Flags = self.codes == self.known.get(value, -2)
        return same

    def spliced(self, come: Values, splice: Splice) -> Values:
        """Follow an edit by which the values of some features come."""
        known = dict(self.known)
        number = np.array([*(known.setdefault(value, len(known)) for value in come.known), -1], dtype=np.int32)
        return Values(codes=splice.of(self.codes, number[come.codes]), known=known)


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadyItems:
    """n features in the order of their keys.

    Parameters
    ----------
    fid
        n numbers of the features inside the store.
    opened
        n revisions that wrote them.
    texts
        As GeoJSON.
    places
        Where they are.
    values
        Of the fields that were asked for.
    """

    fid: Integers
    opened: Integers
    texts: Texts
    places: Places
    values: dict[str, Values] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: Frame) -> ReadyItems | None:
        """Make the features of a whole layer ready; takes some seconds for 300,000.

        None where a feature cannot be shown, which the store says when it is asked for one.
        """
        try:
            texts = None if frame.unreadable else Texts.of(frame)
        except TwinError:
            return None
        if texts is None or frame.opened is None:
            return None
        return cls(fid=frame.fid, opened=frame.opened, texts=texts, places=Places.of(frame.geometry, frame.crs))

    def find(self, frame: Frame, wanted: Mapping[str, Scalar], asked: AskedArea | None) -> Integers | None:
        """Find the features with certain values that share a point with an area.

        Parameters
        ----------
        frame
            Of which they were made.
        wanted
            The values that fields must have.
        asked
            The area.

        Returns
        -------
        Their positions, ascending; None for all.
        """
        masks = [self._equal(frame, name, stored(value)) for name, value in wanted.items()]
        reach = None if asked is None else self.places.reach(asked.named)
        area = None if asked is None or reach is None else reach.find(asked)
        if area is not None:
            rows = self.places.meeting(area)
            return reduce(lambda left, mask: left[mask[left]], masks, rows)
        return np.flatnonzero(np.logical_and.reduce(masks)) if masks else None

    def written(self, rows: Integers, named: NamedCrs) -> list[bytes]:
        """Write some features in a CRS; all but the places stands in the text as it is."""
        texts = self.texts.cut(rows)
        if named.crs is not CRS84:
            moved = encode_geometries(self.places.geometries[rows], self.places.crs, named)
            texts = [replace_geometry(text, place) for text, place in zip(texts, moved, strict=True)]
        return texts

    def joined(self, rows: Integers, named: NamedCrs) -> bytes:
        """The same with commas between them."""
        return self.texts.joined(rows) if named.crs is CRS84 else b",".join(self.written(rows, named))

    def knows(self, frame: Frame, wanted: Mapping[str, Scalar]) -> bool:
        """Whether the values of fields are numbered already, which takes longer than a moment."""
        return all(name in self.values or name == frame.layer.key for name in wanted)

    def _equal(self, frame: Frame, name: str, value: Any) -> Flags:
        if name != frame.layer.key:
            return self._values(frame, name).equal(value)
        same = np.zeros(len(self.fid), dtype=np.bool_)
        same[self.texts.count_before(value) : self.texts.count_until(value)] = True
        return same

    def _values(self, frame: Frame, name: str) -> Values:
        if name not in self.values:
            self.values[name] = Values.of(frame.data[name], frame.layer.schema[name])
        return self.values[name]

    def renewed(self, renewal: Renewal) -> ReadyItems | None:
        """Follow an edit; see `twin.renewal.Renewable`."""
        frame = renewal.come
        come = ReadyItems.of(frame)
        if come is None:
            return None
        gone = np.flatnonzero(is_among(self.fid, renewal.gone))
        places = np.array([self.texts.count_before(key) for key in frame.data.index], dtype=np.int64)
        splice = Splice(gone=gone, places=places - np.searchsorted(gone, places))
        return ReadyItems(
            fid=splice.of(self.fid, come.fid),
            opened=splice.of(self.opened, come.opened),
            texts=self.texts.spliced(come.texts, splice),
            places=self.places.spliced(come.places.geometries, splice),
            values={name: values.spliced(come._values(frame, name), splice) for name, values in self.values.items()},
        )


def ready_items(frame: Frame) -> ReadyItems | None:
    """The features of a frame, made ready once; see `ReadyItems.of`."""
    if not frame.keeps("items"):
        made = ReadyItems.of(frame)  # outside of the frame's lock, because it takes long
        return frame.keep("items", lambda: made)
    return frame.keep("items", lambda: None)
