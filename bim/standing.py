"""Buildings of a model among those that the twin knows: on whose outline they stand, and what they add to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bim.levels import CimLevel
from bim.model import Model
from bim.placed import Placed
from bim.rows import lay_out
from bim.summary import Summary
from twin.columns import typed_series
from twin.crs import BBox
from twin.ingest.settle import make_rows
from twin.layer import Layer
from twin.query import Query
from twin.store import Store

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: A building stands on an outline that it shares this much of the smaller of both with.
_SHARED = 0.5
#: What is worth a look: outlines that have less in common, and heights that are farther from each other.
_ALIKE, _APART_M = 0.8, 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """Buildings of a model as rows of `buildings`.

    Parameters
    ----------
    names
        The building for each row of an IfcBuilding.
    rows, stored
        Those rows as they shall be, and those of them that are there.
    notices
        Where the model contradicts what is known.
    """

    names: Mapping[int, str]
    rows: GeoDataFrame
    stored: GeoDataFrame
    notices: tuple[str, ...]


def stand_buildings(
    store: Store,
    layer: Layer,
    model: Model,
    placed: Placed,
    summaries: Mapping[int, Summary],
    names: Mapping[int, str],
    levels: Mapping[int, CimLevel],
) -> Standing:
    """Find or make the rows of the buildings of a model.

    Parameters
    ----------
    store, layer
        The twin, and `buildings`.
    model, placed, summaries
        The model, its shapes, and its buildings by the rows of their IfcBuildings.
    names
        What they are called where they stand on no outline that is known.
    levels
        Their CIM levels.
    """
    outlines = [summary.outline for summary in summaries.values()]
    grounds = [round(placed.origin[2] + summary.ground_m, 3) for summary in summaries.values()]
    laid = lay_out(np.array([*outlines, None], dtype=object)[:-1], list(grounds), placed, store.crs)
    known = set(store.read(layer, Query(ids=tuple(names.values()), fields=())).data.index)
    asked = [row for row in summaries if names[row] not in known]
    by_row = dict(zip(summaries, laid, strict=True))
    stands = _find_outlines(store, layer, [by_row[row] for row in asked])
    found = dict(names) | {row: key for row, key in zip(asked, stands, strict=True) if key is not None}
    stored = store.read(layer, Query(ids=tuple(dict.fromkeys(found.values())))).data
    before_of = dict(zip(stored.index, stored.to_dict("records"), strict=True))
    values: dict[str, list[Any]] = {field.name: [] for field in layer.schema}
    geometries: list[Any] = []
    notices: list[str] = []
    called = _call_buildings(model)
    for (row, summary), geometry, ground_m in zip(summaries.items(), laid, grounds, strict=True):
        before = before_of.get(found[row], {})
        said = _say(called[row], summary, ground_m, levels[row]) | {layer.key: found[row]}
        shape = geometry
        if before:
            shape, said = _add(before, geometry, said)
            notices.extend(_compare(found[row], before, geometry, summary, ground_m))
        geometries.append(shape)
        for name, column in values.items():
            column.append(said.get(name))
    columns = {field.name: typed_series(values[field.name], field) for field in layer.schema}
    rows = make_rows(columns, np.array([*geometries, None], dtype=object)[:-1], layer, store.crs)
    return Standing(names=found, rows=rows, stored=stored, notices=tuple(notices))


def _find_outlines(store: Store, layer: Layer, geometries: list[Any]) -> list[str | None]:
    """The building whose outline each geometry shares the most with; read once, however many there are."""
    own = shapely.force_2d(np.array([*geometries, None], dtype=object)[:-1])
    best, most = np.full(len(own), None, dtype=object), np.zeros(len(own))
    if not any(geometry is not None for geometry in own):
        return best.tolist()
    tree, areas = shapely.STRtree(own), shapely.area(own)
    for frame in store.scan(layer, Query(bbox=BBox(*shapely.total_bounds(own)), fields=())):
        others = shapely.force_2d(frame.data.geometry.to_numpy())
        there, here = tree.query(others, predicate="intersects")
        common = shapely.area(shapely.intersection(others[there], own[here]))
        share = common / np.minimum(shapely.area(others[there]), areas[here])
        for position, row, value in zip(there, here, share, strict=True):
            key = str(frame.data.index[position])
            # Pieces come in no order: of several that share as much it is the first by its key.
            if value >= _SHARED and (value > most[row] or (value == most[row] and key < best[row])):
                best[row], most[row] = key, value
    return best.tolist()


def _call_buildings(model: Model) -> list[str | None]:
    """What the file calls each element: its long name, or else its name."""
    pairs = zip(model.elements["long_name"].tolist(), model.elements["name"].tolist(), strict=True)
    return [next((name for name in pair if isinstance(name, str) and name), None) for pair in pairs]


def _say(name: str | None, summary: Summary, ground_m: float, level: CimLevel) -> dict[str, Any]:
    """What the model says of the building."""
    return {
        "name": name and name[:200],
        "height_m": round(summary.height_m, 3),
        "floors": summary.storeys,
        "floors_below": summary.storeys_below,
        "cim_level": level.level,
        "ground_m": ground_m,
        "footprint_m2": round(summary.outline.area, 3),
        "floor_area_m2": summary.floor_area_m2,
        "footprint_basis": summary.basis,
    }


def _add(before: dict[str, Any], geometry: Any, said: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """What is known, with what the model adds: all, where what is known came from a model too."""
    own = before.get("footprint_basis") in ("section", "projection")
    if own and not (before["footprint_basis"] == "section" and said["footprint_basis"] == "projection"):
        kept = {name: value for name, value in before.items() if said.get(name) is None and _there(value)}
        return geometry, said | kept
    kept = {name: value for name, value in before.items() if _there(value) and name not in ("cim_level", "geometry")}
    out = {name: value for name, value in said.items() if name not in ("footprint_basis", "footprint_m2")} | kept
    return before["geometry"], out | {"cim_level": max([said["cim_level"], *filter(_there, [before.get("cim_level")])])}


def _compare(building: str, before: dict[str, Any], geometry: Any, summary: Summary, ground_m: float) -> Iterator[str]:
    """Say where a model contradicts what is known of its building."""
    if geometry is not None and before["geometry"] is not None:
        one, other = shapely.force_2d(geometry), shapely.force_2d(before["geometry"])
        alike = one.intersection(other).area / max(one.union(other).area, 1e-9)
        if alike < _ALIKE:
            yield f"building {building}: the model's outline and the known one have {alike:.0%} in common"
    for name, value, what in (("ground_m", ground_m, "ground"), ("height_m", summary.height_m, "height")):
        known = before[name]
        if _there(known) and abs(known - value) > _APART_M:
            yield f"building {building}: the {what} of the model is {value:.2f} m, the known one {known:.2f} m"


def _there(value: Any) -> bool:
    """Whether there is a value: pandas has several for nothing."""
    import pandas as pd

    return value is not None and not (pd.api.types.is_scalar(value) and bool(pd.isna(value)))
