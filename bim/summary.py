"""What a model says of a building as a whole: outline, height, storeys, floor area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from bim.footprint import areas_of, cut_instances, outline_building, unite
from bim.georeference.georeference import Georeference
from bim.ifc.classes import serves
from bim.model import Model
from bim.placed import Placed
from bim.placing import place_points
from bim.rows import kind_of
from bim.section import cut_triangles
from twin.crs import CRS

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]
Rows = npt.NDArray[np.intp]

#: Above the ground, where outer walls are cut: above plinths and sills of doors, below sills of windows.
_CUT_M = 0.6
#: Storeys count as below the ground when their floor is deeper than this.
_BELOW_M = 1.0
#: Floors are at least this far apart; less is a foundation, a landing, a plinth.
_STOREY_M = 2.2
#: Above its floor a storey is built: parapets and railings end below.
_BUILT_M = 2.0
#: A part of the outline that what is cut there must span.
_BUILT_SHARE = 0.25
#: A part of its projection that the section must cover to be believed: in an open hall columns alone are cut.
_LEAST_SHARE = 0.3
_WALLS = ("IfcWall", "IfcWallStandardCase", "IfcWallElementedCase", "IfcCurtainWall", "IfcColumn", "IfcSpace")
#: What encloses rooms. Rooms are not among it: models of services have them too.
ENCLOSING = (
    "IfcWall",
    "IfcWallStandardCase",
    "IfcWallElementedCase",
    "IfcCurtainWall",
    "IfcSlab",
    "IfcSlabStandardCase",
    "IfcSlabElementedCase",
    "IfcRoof",
    "IfcDoor",
    "IfcDoorStandardCase",
    "IfcWindow",
    "IfcWindowStandardCase",
)

_GROSS = ("GrossFloorArea", "GFA", "GrossArea")
_OF_SPACES = ("GrossFloorArea", "NetFloorArea", "Area")


@dataclass(frozen=True, kw_only=True, eq=False)
class Summary:
    """A building of a model; areas are in the plane of the placed model.

    Parameters
    ----------
    outline, basis
        What it stands on, by ``section`` above the ground or, where that shows too little, by ``projection``.
    seen
        What it covers from above, above the ground.
    ground_m, top_m
        Heights in the plane: of the floor of the storey nearest to the zero of the project, and of the highest part.
    storeys, storeys_below
        Those with walls, columns or spaces, above and below the ground, that are 2.2 m apart, and where anything that
        encloses rooms is drawn, built 2 m above their floor over a quarter of the outline; where the file has no
        storeys at all, as many as it says, or None.
    floor_area_m2
        Gross floor area as the file says; None where it does not. Rooms of storeys that are not built 2 m above their
        floor, such as roofs that can be walked on, are none.
    services
        Whether more than half of what is shown are services, and nothing encloses rooms: the outline is their hull.
    """

    outline: BaseGeometry
    basis: str
    seen: BaseGeometry
    ground_m: float
    top_m: float
    storeys: int | None
    storeys_below: int | None
    floor_area_m2: float | None
    services: bool = False

    @property
    def height_m(self) -> float:
        """From the ground to the highest part."""
        return max(0.0, self.top_m - self.ground_m)


def summarise_buildings(
    model: Model,
    placed: Placed,
    seen: Geometries,
    properties: list[dict[str, dict[str, Any]]],
    by: Georeference,
    storage: CRS,
) -> dict[int, Summary]:
    """Summarise every building of a model, by the row of its IfcBuilding; one alone takes what is in none as well.

    Buildings of which nothing is drawn are absent, as are models without any building: bridges, terrain.

    Parameters
    ----------
    model, placed
        The model, and its shapes in the county.
    seen
        What each instance covers from above: `bim.footprint.project_instances`.
    properties
        What each element says: `bim.rows.gather_properties`.
    by
        What placed it.
    storage
        The CRS of the county.
    """
    elements = model.elements
    kinds = np.array([kind_of(name) for name in elements["class"]], dtype=object)
    buildings = np.flatnonzero(kinds == "building")
    if not len(buildings):
        return {}
    shown = _Shown.of(placed, seen, kinds)
    levels_m = _find_levels(model, placed, by, storage)
    owners = elements["building"].to_numpy().copy()
    if len(buildings) == 1:
        owners[owners < 0] = buildings[0]
    said = _Said.of(model, levels_m, properties)
    members, shapes_of = _group(owners), _group(owners[shown.owners])
    out = {}
    for building in buildings.tolist():
        if building in shapes_of:
            out[building] = _summarise(placed, shown, shapes_of[building], said, members[building], building)
    return out


def _group(owners: npt.NDArray[np.integer]) -> dict[int, Rows]:
    """The positions of each owner, in order: one look at all of them, not one for each."""
    order = np.argsort(owners, kind="stable")
    found, starts = np.unique(owners[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts)[1:], strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Said:
    """What the file says of its elements, row by row."""

    classes: npt.NDArray[np.object_]
    storeys: npt.NDArray[np.int32]
    levels_m: Floats
    properties: list[dict[str, dict[str, Any]]]

    @classmethod
    def of(cls, model: Model, levels_m: Floats, properties: list[dict[str, dict[str, Any]]]) -> _Said:
        elements = model.elements
        return cls(
            classes=elements["class"].to_numpy(dtype=object),
            storeys=elements["storey"].to_numpy(),
            levels_m=levels_m,
            properties=properties,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Shown:
    """Instances that are built, with what each covers from above."""

    instances: npt.NDArray[np.int64]
    owners: npt.NDArray[np.int32]
    areas: npt.NDArray[np.object_]

    @classmethod
    def of(cls, placed: Placed, seen: Geometries, kinds: npt.NDArray[np.object_]) -> _Shown:
        owners = placed.shapes.elements
        # Buildings of city models have shapes themselves.
        built = np.flatnonzero(np.isin(kinds[owners], ("element", "building")))
        return cls(instances=built, owners=owners[built], areas=seen[built])


def _summarise(placed: Placed, shown: _Shown, own: Rows, said: _Said, members: Rows, building: int) -> Summary:
    instances = shown.instances[own]
    bounds = placed.bounds_m[instances]
    storeys = members[said.classes[members] == "IfcBuildingStorey"]
    levels = {int(row): float(said.levels_m[row]) for row in storeys if np.isfinite(said.levels_m[row])}
    zero_m = said.levels_m[building] if np.isfinite(said.levels_m[building]) else bounds[:, 0, 2].min()
    ground_m = min(levels.values(), key=lambda level: abs(level - zero_m)) if levels else float(zero_m)
    above = bounds[:, 1, 2] > ground_m + 0.1
    seen = unite(shown.areas[own][above])
    cut = cut_instances(placed, instances[above], ground_m + _CUT_M)
    outline = outline_building(cut, seen) if not seen.is_empty else shapely.MultiPolygon()
    basis = "section"
    if outline.area < _LEAST_SHARE * seen.area:
        outline, basis = seen, "projection"
    drawn = said.classes[np.unique(shown.owners[own])]
    services = not np.isin(drawn, ENCLOSING).any() and sum(map(serves, drawn)) > len(drawn) / 2
    if services:
        outline, basis = areas_of(seen.convex_hull), "projection"
    built = sorted(set(levels.values()))
    if np.isin(drawn, ENCLOSING).any():
        least_m2 = _BUILT_SHARE * outline.area
        built = [level for level in built if _spans(placed, instances, level + _BUILT_M, least_m2)]
    open_to_sky = [storey for storey, level in levels.items() if level not in built]
    roofs = np.isin(said.storeys[members], open_to_sky) | np.isin(members, open_to_sky)
    lived = {levels[storey] for storey in _lived_in(said, members) if storey in levels}
    floors, floors_below = _count_floors(sorted(lived.intersection(built)), ground_m)
    own_words = said.properties[building]
    return Summary(
        outline=outline,
        basis=basis,
        seen=seen,
        ground_m=ground_m,
        top_m=float(bounds[:, 1, 2].max()),
        storeys=floors if levels else _count_said(own_words, "storeysAboveGround"),
        storeys_below=floors_below if levels else _count_said(own_words, "storeysBelowGround"),
        floor_area_m2=_floor_area(said, members[~roofs]),
        services=bool(services),
    )


def _find_levels(model: Model, placed: Placed, by: Georeference, storage: CRS) -> Floats:
    """The level in the plane of each site, building and storey, by its placement or its declared elevation."""
    heights = model.elements["origin_z_m"].fillna(model.elements["elevation_m"]).to_numpy(dtype=np.float64)
    known = np.isfinite(heights)
    points = np.column_stack((np.tile(model.levels.typical_m[:2], (len(heights), 1)), np.where(known, heights, 0.0)))
    levels: Floats = np.where(known, place_points(points, by, storage)[:, 2] - placed.origin[2], np.nan)
    return levels


def _lived_in(said: _Said, members: Rows) -> list[int]:
    """Rows of the storeys in which there are walls, columns or spaces: roofs and foundations are none."""
    storeys = said.storeys[members[np.isin(said.classes[members], _WALLS)]]
    return sorted(set(storeys[storeys >= 0].tolist()))


def _count_floors(levels: list[float], ground_m: float) -> tuple[int, int]:
    """How many levels are floors, from the ground upwards and from there downwards."""
    above = [level for level in levels if level >= ground_m - _BELOW_M]
    below = [level for level in levels if level < ground_m - _BELOW_M]
    floors: list[float] = []
    for level in sorted(above, key=lambda level: (level < ground_m, abs(level - ground_m))):
        if all(abs(level - other) >= _STOREY_M for other in floors):
            floors.append(level)
    cellars = [min(floors, default=ground_m)]
    for level in reversed(below):
        if cellars[-1] - level >= _STOREY_M:
            cellars.append(level)
    return len(floors), len(cellars) - 1


def _spans(placed: Placed, instances: Rows, height_m: float, least_m2: float) -> bool:
    """Whether the hull of all that a level cuts has an area; what is wide is cut first, and often enough."""
    low, high = placed.bounds_m[instances].transpose(1, 0, 2)
    met = instances[(low[:, 2] < height_m) & (high[:, 2] > height_m)]
    wide = np.ptp(placed.bounds_m[met][:, :, :2], axis=1).max(axis=1)
    corners = np.empty((0, 2))
    for instance in met[np.argsort(-wide, kind="stable")].tolist():
        points, triangles = placed.shapes.place(instance)
        lines = cut_triangles(points[triangles], height_m)
        hull = shapely.convex_hull(shapely.multipoints(np.concatenate([corners, lines.reshape(-1, 2)])))
        if shapely.area(hull) >= least_m2:
            return True
        corners = shapely.get_coordinates(hull)
    return least_m2 <= 0


def _floor_area(said: _Said, members: Rows) -> float | None:
    """Gross floor area: of the building, or the sum of its storeys, or of its spaces."""
    classes = said.classes[members]
    for name, wanted in (("IfcBuilding", _GROSS), ("IfcBuildingStorey", _GROSS), ("IfcSpace", _OF_SPACES)):
        rows = members[classes == name]
        found = [area for row in rows if (area := _quantity(said.properties[row], wanted)) is not None]
        if found:
            return round(sum(found), 3)
    return None


def _count_said(properties: Mapping[str, Mapping[str, Any]], name: str) -> int | None:
    """How many storeys a city model says that a building has."""
    said = properties.get("CityJSON", {}).get(name)
    return int(said) if isinstance(said, int | float) and not isinstance(said, bool) and said >= 0 else None


def _quantity(properties: Mapping[str, Mapping[str, Any]], wanted: tuple[str, ...]) -> float | None:
    for name in wanted:
        for values in properties.values():
            value = values.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
                return float(value)
    return None
