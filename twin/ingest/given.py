"""Features as somebody gives them one by one, made rows of a layer by the rules of the way in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from twin.crs import CRS, horizontal, reproject
from twin.errors import Fault
from twin.ingest.convert import convert_field
from twin.ingest.delivery import convert_columns
from twin.ingest.faults import Faults, Rows, shorten
from twin.ingest.mapping import FieldRule
from twin.ingest.match import FieldSource
from twin.ingest.settle import make_rows, settle_shapes
from twin.ingest.source import Geometries
from twin.layer import Layer
from twin.nearest import suggest
from twin.schema import Field

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

#: Largest relative change of area that the repair of an invalid polygon may make, as of deliveries.
_REPAIR_TOLERANCE = 1e-6
#: What is given within this of where it stands has not moved: texts of coordinates are rounded, to 0.1 mm in degrees.
_STILL_DEG, _STILL_M = 1.5e-9, 1.5e-4
#: JSON has numbers of any size.
_HUGE = 1e300


@dataclass(frozen=True, kw_only=True)
class GivenFeature:
    """A feature, or what is to change of one.

    Parameters
    ----------
    key
        Of the feature; None where one is to be made.
    values
        By field: text, numbers, booleans and None, as JSON has them.
    geometry
        In the CRS of whoever gives it; None where there is none.
    keeps_geometry
        Whether none is given, because it stays what it is.
    unreadable
        Why what was given as geometry cannot be read.
    """

    key: str | None
    values: Mapping[str, Any]
    geometry: BaseGeometry | None = None
    keeps_geometry: bool = False
    unreadable: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How given features become rows.

    Parameters
    ----------
    layer
        What they are for.
    crs
        Of their coordinates, x east and y north.
    target
        The storage CRS.
    faults
        Gets what is wrong.
    """

    layer: Layer
    crs: CRS
    target: CRS
    faults: Faults

    def whole(self, given: Sequence[GivenFeature], stored: GeoDataFrame, origin: Rows) -> GeoDataFrame:
        """Make rows of features that are given whole: a field that is not given gets its default.

        Parameters
        ----------
        given
            n features.
        stored
            Those of them that are there already, indexed by key; of these a place that has not moved stays bit for bit.
        origin
            Where the n features come from.
        """
        import pandas as pd

        if not given:
            return stored.iloc[:0]
        layer = self.layer
        table = pd.DataFrame({field.name: self._column(field, given, origin) for field in layer.schema})
        sources = [FieldSource(field=f, column=f.name, rule=FieldRule(), how="given") for f in layer.schema]
        self._refuse_unknown(given, origin)
        columns, _ = convert_columns(layer, sources, table, origin, self.faults, delivered=layer.schema.names)
        return make_rows(columns, self._places(given, stored, origin), layer, self.target)

    def patched(self, given: Sequence[GivenFeature], stored: GeoDataFrame, origin: Rows) -> GeoDataFrame:
        """Change stored rows by what is given of them; all else stays bit for bit, whatever it is.

        Parameters
        ----------
        given
            n features that are there, each once.
        stored
            Their rows, indexed by key.
        origin
            Where the n features come from.
        """
        if not given:
            return stored.iloc[:0]
        rows = stored.loc[[feature.key for feature in given]].copy()
        self._refuse_unknown(given, origin)
        for field in self.layer.schema:
            who = np.array([field.name in feature.values for feature in given], dtype=bool)
            if field.name != self.layer.key and who.any():
                source = FieldSource(field=field, column=field.name, rule=FieldRule(), how="given")
                some, part = _choose(given, who), _take(origin, who)
                values, _ = convert_field(source, self._column(field, some, part), part, self.faults)
                column = rows[field.name].copy()
                column.iloc[np.flatnonzero(who)] = values.array
                rows[field.name] = column
        moved = np.array([not feature.keeps_geometry for feature in given], dtype=bool)
        if moved.any():
            places = np.asarray(rows.geometry.to_numpy(), dtype=object).copy()
            places[moved] = self._places(_choose(given, moved), stored, _take(origin, moved))
            rows = rows.set_geometry(places, crs=self.target)
        return rows

    def _column(self, field: Field, given: Sequence[GivenFeature], origin: Rows) -> pd.Series[Any]:
        """The values of a field as a delivery would have them."""
        import pandas as pd

        values = [feature.key if field.name == self.layer.key else feature.values.get(field.name) for feature in given]
        nested = np.array([isinstance(value, list | dict) for value in values], dtype=bool)
        what = "the value is a list or an object"
        self.faults.add_rows(what, nested, origin, field=field.name, values=values, limit=field.limit)
        values = [None if bad else value for value, bad in zip(values, nested, strict=True)]
        if all(value is None or _is_number(value) for value in values):
            return pd.Series([np.nan if value is None else float(value) for value in values], dtype="float64")
        return pd.Series(values, dtype=object)

    def _places(self, given: Sequence[GivenFeature], stored: GeoDataFrame, origin: Rows) -> Geometries:
        """Bring the geometry of features into the storage CRS; what has not moved stays where it is."""
        for position, feature in enumerate(given):
            if feature.unreadable is not None:
                file, row = origin.where(position)
                what = f"the geometry cannot be read: {feature.unreadable}"
                self.faults.add(Fault(what=what, file=file, row=row, field="geometry"))
        faulty = np.array([feature.unreadable is not None for feature in given], dtype=bool)
        geometry = np.empty(len(given), dtype=object)
        geometry[:] = [feature.geometry for feature in given]
        before = stored.geometry.reindex([feature.key for feature in given]).to_numpy()
        before = np.asarray(before, dtype=object)
        flat = shapely.has_z(before) & ~shapely.has_z(geometry) & ~shapely.is_missing(geometry)
        what = "the geometry has no heights, and the feature has: give each vertex its height, or it is lost"
        self.faults.add_rows(what, flat, origin, field="geometry")
        still = self._stands_still(geometry, before)
        places = before.copy()
        if not still.all():
            settled = settle_shapes(
                geometry[~still],
                self.layer,
                self.crs,
                self.target,
                _take(origin, ~still),
                self.faults,
                faulty=faulty[~still],
                tolerance=_REPAIR_TOLERANCE,
            )
            places[~still] = settled.geometry
        return places

    def _stands_still(self, geometry: Geometries, before: Geometries) -> npt.NDArray[np.bool_]:
        """Which geometries are those that stand there, as far as the numbers of a text can tell."""
        still = np.zeros(len(geometry), dtype=bool)
        there = np.flatnonzero(~shapely.is_missing(before) & ~shapely.is_missing(geometry))
        if len(there):
            tolerance = _STILL_DEG if horizontal(self.crs).is_geographic else _STILL_M
            seen = shapely.orient_polygons(reproject(before[there], self.target, self.crs))
            given = shapely.orient_polygons(geometry[there])
            same = shapely.equals_exact(given, seen, tolerance)
            still[there] = same & (shapely.has_z(given) == shapely.has_z(seen))
            for row, one, other in zip(there[same], given[same], seen[same], strict=True):
                still[row] &= np.allclose(_heights(one), _heights(other), rtol=0, atol=_STILL_M, equal_nan=True)
        return still

    def _refuse_unknown(self, given: Sequence[GivenFeature], origin: Rows) -> None:
        known = self.layer.schema.names
        for position, feature in enumerate(given):
            file, row = origin.where(position)
            for name in feature.values:
                if name not in known:
                    what = f"{self.layer.id} has no field {shorten(name)}; {suggest(name, known)}"
                    self.faults.add(
                        Fault(what=what, file=file, row=row, field=shorten(name), value=shorten(feature.values[name]))
                    )


def make_keys(given: Sequence[GivenFeature], layer: Layer) -> list[GivenFeature]:
    """Give features the keys they lack, where the layer makes keys."""
    if not layer.makes_keys:
        return list(given)
    return [replace(feature, key=str(uuid.uuid4())) if feature.key is None else feature for feature in given]


def _is_number(value: Any) -> bool:
    """Whether a value is a number that has a place among the real ones."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE


def _choose(given: Sequence[GivenFeature], who: npt.NDArray[np.bool_]) -> list[GivenFeature]:
    return [feature for feature, chosen in zip(given, who, strict=True) if chosen]


def _take(origin: Rows, who: npt.NDArray[np.bool_]) -> Rows:
    return replace(origin, file=origin.file[who], number=origin.number[who])


def _heights(geometry: BaseGeometry) -> npt.NDArray[np.float64]:
    heights: npt.NDArray[np.float64] = shapely.get_coordinates(geometry, include_z=True)[:, 2]
    return heights
