"""Buildings of a model among those that the twin knows: on whose outline they stand, and what they add to it.

Of several models of a building one describes it: that which has most of what encloses rooms. Models of its structure or
its services add what nobody knew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bim.identity import Names, first_name
from bim.levels import CimLevel
from bim.model import Model
from bim.placed import Placed
from bim.rows import lay_out
from bim.summary import ENCLOSING, Summary
from twin.columns import typed_series
from twin.crs import BBox
from twin.expressions import among, both, compare
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
#: Outlines that models gave; others were surveyed.
_BY_MODELS = ("section", "projection")


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
    layers: tuple[Layer, Layer],
    model: Model,
    placed: Placed,
    summaries: Mapping[int, Summary],
    names: Names,
    levels: Mapping[int, CimLevel],
) -> Standing:
    """Find or make the rows of the buildings of a model.

    Parameters
    ----------
    store, layers
        The twin; `buildings` and `building_elements`.
    model, placed, summaries
        The model, its shapes, and its buildings by the rows of their IfcBuildings.
    names
        What they are called, and of which model.
    levels
        Their CIM levels.
    """
    layer, elements = layers
    outlines = [summary.outline for summary in summaries.values()]
    grounds = [round(placed.origin[2] + summary.ground_m, 3) for summary in summaries.values()]
    laid = lay_out(np.array([*outlines, None], dtype=object)[:-1], list(grounds), placed, store.crs)
    known = set(store.read(layer, Query(ids=tuple(names.buildings.values()), fields=())).data.index)
    by_row = dict(zip(summaries, laid, strict=True))
    asked = [row for row in summaries if names.buildings[row] not in known and not names.fixed]
    stands = _find_outlines(store, layer, [by_row[row] for row in asked])
    found = {row: names.buildings[row] for row in summaries}
    found |= {row: key for row, key in zip(asked, stands, strict=True) if key is not None}
    stored = store.read(layer, Query(ids=tuple(dict.fromkeys(found.values())))).data
    before_of = dict(zip(stored.index, stored.to_dict("records"), strict=True))
    most = _count_others(store, elements, names.model, before_of)
    # Of several IfcBuildings on one outline the largest tells what the building is.
    order = sorted(zip(summaries, laid, grounds, strict=True), key=lambda each: -summaries[each[0]].outline.area)
    rows: dict[str, dict[str, Any]] = {}
    notices: list[str] = []
    called = _call_buildings(model)
    for row, geometry, ground_m in order:
        name, summary = found[row], summaries[row]
        if name in rows:
            continue
        before = before_of.get(name, {})
        said = _say(called[row], summary, ground_m, levels[row]) | {layer.key: name}
        shape = geometry
        if before:
            describes = _describes(model, row, summary, before, most.get(name))
            if summary.services:
                said = {key: said[key] for key in (layer.key, "cim_level")} if not describes else said
            shape, said = _add(before, geometry, said, describes=describes)
        notices.extend(_tell(name, before, geometry, summary, ground_m, asked=names.fixed))
        rows[name] = said | {"geometry": shape}
    kept = list(rows.values())
    columns = {field.name: typed_series([row.get(field.name) for row in kept], field) for field in layer.schema}
    shapes = np.array([*(row["geometry"] for row in kept), None], dtype=object)[:-1]
    made = make_rows(columns, shapes, layer, store.crs)
    return Standing(names=found, rows=made, stored=stored, notices=tuple(notices))


def _count_others(store: Store, elements: Layer, model_id: str, known: Mapping[str, dict[str, Any]]) -> dict[str, int]:
    """How much encloses rooms in the best other model of each building that models describe; read once for all."""
    asked = [name for name, before in known.items() if before.get("footprint_basis") in _BY_MODELS]
    if not asked:
        return {}
    others = both(among("building_id", tuple(asked)), compare("model_id", "<>", model_id))
    fields = ("building_id", "model_id")
    rows = store.read(elements, Query(where=both(others, compare("kind", "=", "building")), fields=fields)).data
    if not len(rows):
        return {}
    theirs = store.read(elements, Query(where=both(others, among("class", ENCLOSING)), fields=fields)).data
    counted = Counter(zip(theirs["building_id"], theirs["model_id"], strict=True))
    most = dict.fromkeys(rows["building_id"].tolist(), 0)
    for (name, _), count in counted.items():
        most[name] = max(most.get(name, 0), count)
    return most


def _describes(model: Model, row: int, summary: Summary, before: dict[str, Any], most: int | None) -> bool:
    """Whether a model tells what a building is: not where it was surveyed, or another model has more that encloses."""
    if before.get("footprint_basis") not in _BY_MODELS:
        return False
    if most is None:
        return True
    members = (model.elements["building"] == row) | (model.elements["building"] < 0)
    mine = int((model.elements["class"].isin(ENCLOSING) & members).sum())
    if before["footprint_basis"] == "section" and summary.basis == "projection":
        return False
    known_m2 = before["footprint_m2"] if _there(before.get("footprint_m2")) else 0.0
    return mine > most or (mine == most and summary.outline.area > known_m2)


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
        enough = common >= _SHARED * np.minimum(shapely.area(others[there]), areas[here])
        for position, row, value in zip(there[enough], here[enough], common[enough], strict=True):
            key = str(frame.data.index[position])
            # Pieces come in no order: of several that share as much it is the first by its key.
            if (value > most[row] or (value == most[row] and key < best[row])) and value > 0:
                best[row], most[row] = key, value
    return best.tolist()


def _call_buildings(model: Model) -> list[str | None]:
    """What the file calls each element: its long name, or else its name."""
    pairs = zip(model.elements["long_name"].tolist(), model.elements["name"].tolist(), strict=True)
    return [first_name(*pair) for pair in pairs]


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


def _add(before: dict[str, Any], geometry: Any, said: dict[str, Any], *, describes: bool) -> tuple[Any, dict[str, Any]]:
    """What is known, with what the model adds: all, where it describes the building."""
    if describes:
        kept = {name: value for name, value in before.items() if said.get(name) is None and _there(value)}
        return geometry, said | kept
    kept = {name: value for name, value in before.items() if _there(value) and name not in ("cim_level", "geometry")}
    out = {name: value for name, value in said.items() if name not in ("footprint_basis", "footprint_m2")} | kept
    return before["geometry"], out | {"cim_level": max([said["cim_level"], *filter(_there, [before.get("cim_level")])])}


def _tell(
    building: str, before: dict[str, Any], geometry: Any, summary: Summary, ground_m: float, *, asked: bool
) -> Iterator[str]:
    """Say where a model contradicts what is known of its building, and what was taken for granted."""
    if not before:
        if asked:
            yield f"there was no building {building}: it is made from the model; a name that is known adds to it"
        if summary.services:
            yield (
                f"building {building}: the model shows services, nothing that encloses rooms, and stands on no known "
                "outline; the building has the hull of the services until a model of its walls comes"
            )
        return
    if summary.services:
        if geometry is not None and not geometry.intersects(before["geometry"]):
            yield f"building {building}: the services of the model lie beside the known outline"
        return
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
