"""Buildings that have models as city objects: storeys, rooms and elements with the shapes that are kept of them.

A building of which a model shows something has no block: its objects have the shapes. What came in as CityJSON goes out
by the level of detail that was drawn; elements of other models are LoD 3 from CIM level 4 on, else LoD 2. What is
closed is a Solid, everything else a MultiSurface, of triangles.

References
----------
OGC 20-072r5, CityJSON 2.0, §2.2 (first- and second-level city objects), §3.3 (semantics of surfaces of buildings).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from bim.cityjson.features import Feature
from bim.cityjson.lods import write_lod
from bim.cityjson.measures import measure_volumes
from bim.cityjson.objects import ATTRIBUTES, CLASSES
from bim.cityjson.reading import MEASURES
from bim.packing import unpack_placed
from bim.placed import Placed
from twin.catalog import Catalog
from twin.crs import CRS, find_way
from twin.expressions import among
from twin.query import AsOf, Query
from twin.store import Store

if TYPE_CHECKING:
    from collections.abc import Hashable

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Row = dict["Hashable", Any]

MODELS, ELEMENTS = "building_models", "building_elements"
#: As many buildings have their elements read at once, and as many models are in memory.
BATCH, _MODELS = 200, 4
#: Vertices nearer than the grid of a document are one.
_GRID_M = 0.0001
_FINE_CIM, _FINE_LOD, _COARSE_LOD = 4, 3.0, 2.0
_DEEPEST = 64
#: Types of city objects by class of element; of IFC, what is not here and is built is an installation.
_TYPES = {class_: kind for kind, class_ in CLASSES.items()} | dict.fromkeys(
    ("IfcFurnishingElement", "IfcSystemFurnitureElement"), "BuildingFurniture"
)
_CONSTRUCTIVE = (
    *("IfcWall", "IfcWallStandardCase", "IfcWallElementedCase", "IfcCurtainWall", "IfcSlab", "IfcSlabStandardCase"),
    *("IfcSlabElementedCase", "IfcRoof", "IfcColumn", "IfcColumnStandardCase", "IfcBeam", "IfcBeamStandardCase"),
    *("IfcMember", "IfcMemberStandardCase", "IfcPlate", "IfcPlateStandardCase", "IfcDoor", "IfcDoorStandardCase"),
    *("IfcWindow", "IfcWindowStandardCase", "IfcStair", "IfcStairFlight", "IfcRamp", "IfcRampFlight", "IfcRailing"),
    *("IfcFooting", "IfcPile", "IfcCovering", "IfcChimney", "IfcShadingDevice", "IfcBuildingElementPart"),
)
_LEFT_OUT = ("site", "opening", "other")
#: Types of surfaces that buildings may have.
_SURFACES = (
    *("RoofSurface", "GroundSurface", "WallSurface", "ClosureSurface", "OuterCeilingSurface", "OuterFloorSurface"),
    *("Window", "Door", "InteriorWallSurface", "CeilingSurface", "FloorSurface"),
)
_FIELDS = {
    "global_id": "globalId",
    "class": "ifcClass",
    "name": "name",
    "predefined_type": "predefinedType",
    "type_name": "typeName",
    **{each: each for each in ("tag", "material", "classification", "elevation_m", "area_m2", "volume_m3", "length_m")},
}
_READ = (*_FIELDS, "model_id", "building_id", "parent_id", "storey_id", "kind", "properties")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Kept:
    """The shapes of a model, by element."""

    placed: Placed

    @cached_property
    def instances(self) -> dict[str, Integers]:
        owners = self.placed.shapes.elements
        order = np.argsort(owners, kind="stable")
        found, starts = np.unique(owners[order], return_index=True)
        parts = np.split(order, starts[1:]) if len(found) else []
        return {self.placed.element_ids[row]: part for row, part in zip(found.tolist(), parts, strict=True)}

    @cached_property
    def solids(self) -> npt.NDArray[np.bool_]:
        """(m,) which meshes are closed, with something inside."""
        return np.nan_to_num(measure_volumes(self.placed.shapes)) > 0


class Modelled:
    """Models of the buildings of a twin, as of a date; a few of them are in memory at a time.

    Parameters
    ----------
    store, catalog
        The twin and its layers.
    crs
        Of the city objects: projected.
    as_of
        The state; now by default.
    """

    def __init__(self, store: Store, catalog: Catalog, crs: CRS, as_of: AsOf | None = None) -> None:
        self.store, self.crs, self.as_of = store, crs, as_of
        self.elements = catalog.layer(ELEMENTS)
        rows = store.read(catalog.layer(MODELS), Query(as_of=as_of, fields=("placed", "schema", "cim_level"))).data
        self.models: dict[Any, Row] = {
            key: dict(row) for key, row in zip(rows.index, rows.to_dict("records"), strict=True)
        }
        self._open = lru_cache(maxsize=_MODELS)(lambda digest: _Kept(placed=unpack_placed(store.kept(digest))))

    def elements_of(self, buildings: Sequence[str]) -> dict[str, dict[str, Row]]:
        """Elements of each of the buildings that have some, by their keys."""
        if not self.models or not buildings:
            return {}
        where = among("building_id", tuple(buildings))
        rows = self.store.read(self.elements, Query(where=where, as_of=self.as_of, fields=_READ)).data
        out: dict[str, dict[str, Row]] = {}
        for key, row in zip(rows.index.tolist(), rows.drop(columns=rows.geometry.name).to_dict("records"), strict=True):
            if row["kind"] not in _LEFT_OUT:
                out.setdefault(row["building_id"], {})[key] = row
        return out

    def fill(self, feature: Feature, elements: Mapping[str, Row]) -> Feature:
        """Give a building its elements; without its block where they show something.

        Parameters
        ----------
        feature
            The building, as a block.
        elements
            Rows of `building_elements` by their keys.
        """
        building = next(iter(feature.objects))
        own = {key: building if row["class"] == "IfcBuilding" else key for key, row in elements.items()}
        vertices, geometries = self._draw(elements)
        objects = {name: dict(said) for name, said in feature.objects.items()}
        if geometries:
            attributes = {
                name: value for name, value in objects[building]["attributes"].items() if name != "heightIsAssumed"
            }
            objects = {building: {"type": "Building", "attributes": attributes}}
        else:
            vertices = feature.vertices
        for key, row in elements.items():
            if own[key] == building:
                objects[building]["attributes"] = _say(row) | objects[building]["attributes"]
            else:
                objects[key] = {"type": _type_of(row["class"]), "attributes": _say(row)}
            if key in geometries:
                objects[own[key]].setdefault("geometry", []).extend(geometries[key])
        for key in elements:
            if own[key] != building:
                whole = _climb(key, elements)
                above = building if whole is None else own[whole]
                objects[key]["parents"] = [above]
                objects[above].setdefault("children", []).append(key)
        inside = sum(name != building for name in own.values())
        return Feature(objects=objects, vertices=vertices, modelled=bool(geometries), elements=inside)

    def _draw(self, elements: Mapping[str, Row]) -> tuple[Floats, dict[str, list[dict[str, Any]]]]:
        """Vertices of a building, and the geometries of its elements between them."""
        drawn: list[_Drawn] = []
        for model_id in dict.fromkeys(row["model_id"] for row in elements.values()):
            model = self.models.get(model_id)
            if model is not None and isinstance(model["placed"], str):
                mine = {key: row for key, row in elements.items() if row["model_id"] == model_id}
                drawn.extend(self._draw_model(self._open(model["placed"]), model, mine))
        if not drawn:
            return np.zeros((0, 3)), {}
        points = np.concatenate([each.points for each in drawn])
        grid, rows = np.unique(np.round(points / _GRID_M).astype(np.int64), axis=0, return_inverse=True)
        first = 0
        kept: list[tuple[_Drawn, Integers, npt.NDArray[np.bool_]]] = []
        for each in drawn:
            corners = rows.reshape(-1)[first + each.triangles]
            first += len(each.points)
            whole = (corners != np.roll(corners, 1, axis=1)).all(axis=1)
            kept.append((each, corners[whole], whole))
        used, numbers = np.unique(np.concatenate([corners.ravel() for _, corners, _ in kept]), return_inverse=True)
        out: dict[str, list[dict[str, Any]]] = {}
        at = 0
        for each, corners, whole in kept:
            own = numbers[at : at + corners.size].reshape(-1, 3)
            at += corners.size
            if len(own):
                out.setdefault(each.key, []).append(each.write(own, whole))
        return grid[used] * _GRID_M, out

    def _draw_model(self, kept: _Kept, model: Row, elements: Mapping[str, Row]) -> Iterator[_Drawn]:
        """Instances of elements of one model, all of them placed at once."""
        shapes = kept.placed.shapes
        instances = [(key, int(one)) for key in elements for one in kept.instances.get(key, ())]
        if not instances:
            return
        placed = [shapes.place(one) for _, one in instances]
        located = kept.placed.locate(np.concatenate([points for points, _ in placed]), self.store.crs)
        way = find_way(self.store.crs, self.crs)
        places = np.column_stack((*way(located[:, 0], located[:, 1]), located[:, 2]))
        is_city = str(model["schema"]).startswith("CityJSON")
        fine = isinstance(model["cim_level"], int | float) and model["cim_level"] >= _FINE_CIM
        first = 0
        for (key, one), (points, triangles) in zip(instances, placed, strict=True):
            mesh = shapes.meshes[one]
            looks = shapes.surfaces[shapes.triangle_offsets[mesh] : shapes.triangle_offsets[mesh + 1]]
            yield _Drawn(
                key=key,
                points=places[first : first + len(points)],
                triangles=triangles.astype(np.int64),
                names=tuple(shapes.look_names[look] for look in looks) if is_city else (),
                lod=_lod_said(elements[key]) if is_city else write_lod(_FINE_LOD if fine else _COARSE_LOD),
                is_solid=bool(kept.solids[mesh]),
            )
            first += len(points)


def furnish(features: Iterable[Feature], modelled: Modelled | None) -> Iterator[Feature]:
    """Give buildings the elements of their models, some buildings at a time; without models they stay as they are."""
    if modelled is None or not modelled.models:
        yield from features
        return
    coming = iter(features)
    while batch := tuple(islice(coming, BATCH)):
        elements = modelled.elements_of([next(iter(feature.objects)) for feature in batch])
        for feature in batch:
            own = elements.get(next(iter(feature.objects)))
            yield modelled.fill(feature, own) if own else feature


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drawn:
    """An instance of an element in the CRS of the document."""

    key: str
    points: Floats
    triangles: Integers
    names: tuple[str, ...]
    lod: str
    is_solid: bool

    def write(self, corners: Integers, whole: npt.NDArray[np.bool_]) -> dict[str, Any]:
        """A geometry of triangles between vertices of the feature; `whole` are those that are left of it."""
        faces = corners[:, None, :].tolist()
        said = {"type": "MultiSurface", "lod": self.lod, "boundaries": faces}
        if self.is_solid:
            said |= {"type": "Solid", "boundaries": [faces]}
        kinds = [name for name in dict.fromkeys(self.names) if name in _SURFACES]
        if kinds:
            values = [
                kinds.index(name) if name in kinds else None
                for name, there in zip(self.names, whole, strict=True)
                if there
            ]
            surfaces = [{"type": kind} for kind in kinds]
            said["semantics"] = {"surfaces": surfaces, "values": [values] if self.is_solid else values}
        return said


def _type_of(class_: str) -> str:
    if class_ in _CONSTRUCTIVE:
        return "BuildingConstructiveElement"
    return _TYPES.get(class_, "BuildingInstallation")


def _climb(key: str, elements: Mapping[str, Row]) -> str | None:
    """The nearest element of the building that another one is part of, or else its storey."""
    at = elements[key]["parent_id"]
    if isinstance(at, str) and at in elements and _is_above(key, at, elements):
        return at
    storey = elements[key]["storey_id"]
    return storey if isinstance(storey, str) and storey in elements and storey != key else None


def _is_above(key: str, above: str, elements: Mapping[str, Row]) -> bool:
    """Tell that wholes do not go round in a ring."""
    at: Any = above
    for _ in range(_DEEPEST):
        if at == key:
            return False
        if at not in elements:
            return True
        at = elements[at]["parent_id"]
    return False


def _sets_of(row: Row) -> dict[str, Any]:
    said = row["properties"]
    sets: dict[str, Any] = orjson.loads(said) if isinstance(said, str) else {}
    return sets


def _lod_said(row: Row) -> str:
    """The level of detail that was drawn of an object of a city model."""
    said = _sets_of(row).get(MEASURES, {}).get("lod")
    return write_lod(float(said)) if isinstance(said, str | int | float) else write_lod(_COARSE_LOD)


def _say(row: Row) -> dict[str, Any]:
    """Attributes of an element: its own, what the city model said, property sets by their names."""
    sets = _sets_of(row)
    own = {name: row[field] for field, name in _FIELDS.items()}
    known = {name: value for name, value in own.items() if value is not None and value == value}  # noqa: PLR0124
    if not str(row["class"]).startswith("Ifc"):
        known.pop("ifcClass")
    rest = {name: values for name, values in sets.items() if name not in (ATTRIBUTES, MEASURES)}
    said: dict[str, Any] = rest | sets.get(ATTRIBUTES, {}) | known
    return said
