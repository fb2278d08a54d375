"""Rows of buildings as city objects: a block over each footprint, closed, its faces saying what they are.

References
----------
OGC 20-072r5, CityJSON 2.0, §3.1 (solids: outer rings counter-clockwise seen from outside), §3.3 (semantics).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bim.cityjson.lods import write_lod
from twin.crs import CRS, find_way
from twin.errors import InvalidParameter
from twin.layer import Layer
from twin.solids import Blocks

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: A block with one roof at one height.
_BLOCK_LOD = 1.2
_SURFACES = [{"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}]
#: What fields are called that city models have a name for (CityGML 2.0, 3.0: module Building).
NAMES = {
    "height_m": "measuredHeight",
    "floors": "storeysAboveGround",
    "floors_below": "storeysBelowGround",
    "use": "function",
    "built_year": "yearOfConstruction",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Feature:
    """A building with its parts.

    Parameters
    ----------
    objects
        City objects by identifier, the building first; their boundaries name rows of `vertices`.
    vertices
        (n, 3) in the CRS of the document.
    modelled
        Whether they are shapes of a model, not a block.
    elements
        How many elements of models are among the objects.
    """

    objects: dict[str, dict[str, Any]]
    vertices: Floats
    modelled: bool = False
    elements: int = 0


def make_features(
    layer: Layer, rows: GeoDataFrame, storage: CRS, crs: CRS, *, fields: Collection[str] | None = None
) -> Iterator[Feature]:
    """Make a city object of every row of a layer whose features are blocks; one without a height has no geometry.

    Parameters
    ----------
    layer, rows
        The layer, and rows with all of its fields.
    storage, crs
        Of the rows, and of the city objects.
    fields
        Those that become attributes; all by default.

    Raises
    ------
    InvalidParameter
        Features of the layer are no blocks.
    """
    blocks = None if layer.solids is None else layer.solids(rows)
    if not isinstance(blocks, Blocks):
        raise InvalidParameter(f"{layer.id} has no buildings to be written as CityJSON", parameter="layer")
    way = find_way(storage, crs)
    places = np.column_stack((*way(blocks.bottoms[:, 0], blocks.bottoms[:, 1]), blocks.bottoms[:, 2]))
    tops_m = blocks.tops[:, 2]
    is_outer = _signed_areas(blocks) > 0
    number_of = dict(zip(blocks.rows.tolist(), range(len(blocks.rows)), strict=True))
    assumed = ~(rows["height_m"].to_numpy(dtype=float, na_value=np.nan) > 0)
    wanted = [name for name in rows.columns if name != rows.geometry.name and (fields is None or name in fields)]
    columns = {name: rows[name].tolist() for name in wanted}
    for row, key in enumerate(rows.index):
        attributes = _say({name: column[row] for name, column in columns.items() if name != layer.key})
        building = {"type": "Building", "attributes": attributes}
        block = number_of.get(row)
        if block is None:
            yield Feature(objects={str(key): building}, vertices=np.zeros((0, 3)))
            continue
        if assumed[row]:
            attributes["heightIsAssumed"] = True
        rings = range(int(blocks.starts[block]), int(blocks.starts[block + 1]))
        starts = [int(blocks.rings[ring]) for ring in (*rings, rings.stop)]
        first, last = starts[0], starts[-1]
        low = places[first:last]
        vertices = np.concatenate([low, np.column_stack((low[:, :2], tops_m[first:last]))])
        polygons = _group(starts, [bool(is_outer[ring]) for ring in rings])
        solids = [_raise(polygon, last - first) for polygon in polygons]
        yield Feature(objects=_build(str(key), building, solids), vertices=vertices)


def _group(starts: list[int], outer: list[bool]) -> list[list[range]]:
    """Rings as ranges of vertices of their own feature, those of a polygon together, its outer one first."""
    polygons: list[list[range]] = []
    for number, is_outer in enumerate(outer):
        ring = range(starts[number] - starts[0], starts[number + 1] - starts[0])
        if is_outer or not polygons:
            polygons.append([])
        polygons[-1].append(ring)
    return polygons


def _raise(rings: list[range], height: int) -> dict[str, Any]:
    """A solid over rings (outer ones counter-clockwise from above, holes clockwise); its upper corners come later."""
    ground = [list(reversed(ring)) for ring in rings]
    roof = [[corner + height for corner in ring] for ring in rings]
    walls = [
        [[one, other, other + height, one + height]]
        for ring in rings
        for one, other in zip(ring, (*ring[1:], ring[0]), strict=True)
    ]
    return {
        "type": "Solid",
        "lod": write_lod(_BLOCK_LOD),
        "boundaries": [[ground, roof, *walls]],
        "semantics": {"surfaces": _SURFACES, "values": [[0, 1, *[2] * len(walls)]]},
    }


def _build(key: str, building: dict[str, Any], solids: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A building of one solid, or of parts with a solid each."""
    if len(solids) == 1:
        return {key: building | {"geometry": solids}}
    parts = {
        f"{key}-{number}": {"type": "BuildingPart", "parents": [key], "geometry": [solid]}
        for number, solid in enumerate(solids, start=1)
    }
    return {key: building | {"children": list(parts)}, **parts}


def _signed_areas(blocks: Blocks) -> Floats:
    """(r,) twice the areas of rings, above 0 where they run counter-clockwise."""
    if len(blocks.rings) < 2:
        return np.zeros(0)
    starts, stops = blocks.rings[:-1], blocks.rings[1:]
    ends = np.arange(1, len(blocks.bottoms) + 1)
    ends[stops - 1] = starts
    local = blocks.bottoms[:, :2] - np.repeat(blocks.bottoms[starts, :2], np.diff(blocks.rings), axis=0)
    cross = local[:, 0] * local[ends, 1] - local[:, 1] * local[ends, 0]
    out: Floats = np.add.reduceat(cross, starts)
    return out


def _say(values: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes: what is known, by the names that city models have for it."""
    return {NAMES.get(name, name): _plain(value) for name, value in values.items() if _known(value)}


def _known(value: Any) -> bool:
    import pandas as pd

    return value is not None and not bool(pd.isna(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.item() if isinstance(value, np.generic) else value
