"""A model as rows: its elements with what the file says of them, as the layer `building_elements` has them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from bim.footprint import unite
from bim.model import Model, Shapes
from bim.placed import Placed
from twin.columns import typed_series
from twin.crs import CRS
from twin.ingest.settle import make_rows
from twin.layer import Layer

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

_KINDS = {"IfcSite": "site", "IfcBuilding": "building", "IfcBuildingStorey": "storey", "IfcSpace": "space"}
_OPENINGS = ("IfcOpeningElement", "IfcOpeningStandardCase", "IfcVoidingFeature")
_OTHERS = ("IfcAnnotation", "IfcGrid", "IfcPort", "IfcDistributionPort", "IfcVirtualElement", "IfcReferent")
#: What quantities are called that stand for the size of an element, the best first.
_SIZES = {
    "area_m2": ("NetArea", "NetFloorArea", "NetSideArea", "Area", "GrossArea", "GrossFloorArea", "GrossSideArea"),
    "volume_m3": ("NetVolume", "Volume", "GrossVolume"),
    "length_m": ("Length", "Height", "Perimeter"),
}
#: What stands beside others, not in the body of a building.
NOT_BUILT = ("site", "building", "storey", "space", "opening", "other")


def kind_of(name: str) -> str:
    """The kind of an element by its class."""
    if name in _OPENINGS:
        return "opening"
    return "other" if name in _OTHERS else _KINDS.get(name, "element")


def element_keys(model_id: str, model: Model) -> tuple[str, ...]:
    """Keys of the elements of a model, row by row."""
    return tuple(f"{model_id}.{name}" for name in model.elements["element_id"])


def tabulate_elements(
    model: Model,
    placed: Placed,
    seen: Geometries,
    properties: list[dict[str, dict[str, Any]]],
    layer: Layer,
    crs: CRS,
    *,
    model_id: str,
    buildings: Mapping[int, str],
) -> GeoDataFrame:
    """Write the elements of a model as rows of a layer, in key order.

    Parameters
    ----------
    model, placed
        The model, and its shapes in the county.
    seen
        What each instance covers from above: `bim.footprint.project_instances`.
    properties
        What each element says: `gather_properties`.
    layer
        `building_elements`.
    crs
        The storage CRS.
    model_id
        What the model is called.
    buildings
        The building that stands for each row of an IfcBuilding; for -1, of what is in none.
    """
    elements = model.elements
    keys = np.array([*placed.element_ids, None], dtype=object)  # the last one is nobody, at -1
    bottoms, tops, areas = measure_elements(placed, seen, len(elements), crs)
    sizes = {column: [_size_of(each, wanted) for each in properties] for column, wanted in _SIZES.items()}
    kinds = [kind_of(name) for name in elements["class"]]
    called = [_call(*row) for row in zip(kinds, elements["name"], elements["long_name"], strict=True)]
    names = np.array([*called, None], dtype=object)
    types = [*model.types["name"], None]
    columns: dict[str, Any] = {
        "element_id": placed.element_ids,
        "model_id": [model_id] * len(elements),
        "building_id": [buildings.get(int(row), buildings.get(-1)) for row in elements["building"]],
        "global_id": elements["global_id"],
        "parent_id": keys[elements["parent"]],
        "storey_id": keys[elements["storey"]],
        "storey": names[elements["storey"]],
        "kind": kinds,
        "class": elements["class"],
        "predefined_type": elements["predefined_type"],
        "name": called,
        "type_name": [types[row] for row in elements["type"]],
        "tag": elements["tag"],
        "material": _told(model, model.materials, _name_material),
        "classification": _told(model, model.classifications, _name_class),
        "elevation_m": [
            float(value) if kind == "storey" and not math.isnan(value) else None
            for kind, value in zip(kinds, elements["elevation_m"], strict=True)
        ],
        "bottom_m": bottoms,
        "top_m": tops,
        **sizes,
        "properties": [orjson.dumps(each).decode() if each else None for each in properties],
        "outcome": elements["outcome"],
        "shape_digest": digest_shapes(placed, len(elements)),
    }
    geometry = lay_out(_with_storeys(areas, elements, kinds), bottoms, placed, crs)
    typed = {
        field.name: typed_series([_plain(v) for v in columns.get(field.name, [None] * len(elements))], field)
        for field in layer.schema
    }
    return make_rows(typed, geometry, layer, crs).sort_index()


def measure_elements(
    placed: Placed, seen: Geometries, count: int, crs: CRS
) -> tuple[list[float | None], list[float | None], Geometries]:
    """Lowest and greatest heights of n elements (1985), and what they cover from above, in the plane."""
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    owners = placed.shapes.elements
    if len(owners):
        np.minimum.at(low, owners, placed.bounds_m[:, 0, 2])
        np.maximum.at(high, owners, placed.bounds_m[:, 1, 2])
    middle = placed.bounds_m.mean(axis=(0, 1)) if len(owners) else np.zeros(3)
    bottoms, tops = (_heights(side, middle, placed, crs) for side in (low, high))
    areas = np.full(count, None, dtype=object)
    for element in np.unique(owners):
        own = seen[owners == element]
        areas[element] = own[0] if len(own) == 1 else unite(own)
    return bottoms, tops, areas


def _heights(levels_m: Floats, middle: Floats, placed: Placed, crs: CRS) -> list[float | None]:
    """Heights of levels of the plane, below the middle of the model; None of what has none."""
    there = np.isfinite(levels_m)
    offsets = np.column_stack((np.broadcast_to(middle[:2], (len(levels_m), 2)), np.where(there, levels_m, 0.0)))
    heights = np.round(placed.locate(offsets, crs)[:, 2], 3)
    return [float(height) if known else None for height, known in zip(heights, there, strict=True)]


def lay_out(areas: Geometries, heights: list[float | None], placed: Placed, crs: CRS) -> Geometries:
    """Bring n areas of the plane into the storage CRS, at a height each; None where there is no area."""
    there = np.array([area is not None and not area.is_empty for area in areas], dtype=bool)
    out = np.full(len(areas), None, dtype=object)
    if not there.any():
        return out
    flat = np.array([_as_multi(area) for area in areas[there]], dtype=object)
    levels = np.array([0.0 if z is None else z for z in np.array(heights, dtype=object)[there]], dtype=np.float64)
    counts = shapely.get_num_coordinates(flat)
    z = np.repeat(levels, counts)
    offsets = np.column_stack((shapely.get_coordinates(flat), z - placed.origin[2]))
    placed_xy = placed.locate(offsets, crs)[:, :2]
    out[there] = shapely.set_coordinates(shapely.force_3d(flat), np.column_stack((placed_xy, z)))
    return out


def gather_properties(model: Model) -> list[dict[str, dict[str, Any]]]:
    """Property sets and quantities of each element: its own, and those of its type that it does not have."""
    of_types: list[dict[str, dict[str, Any]]] = [{} for _ in range(len(model.types))]
    own: list[dict[str, dict[str, Any]]] = [{} for _ in range(len(model.elements))]
    table = model.properties
    columns = (table[name].to_numpy() for name in ("row", "of_type", "set", "name", "value", "number", "measure"))
    for row, of_type, group, name, value, number, measure in zip(*columns, strict=True):
        known = _value(value, float(number), str(measure))
        if known is not None:
            (of_types if of_type else own)[row].setdefault(str(group), {}).setdefault(str(name), known)
    for each, kind in zip(own, model.elements["type"], strict=True):
        for group, values in of_types[kind].items() if kind >= 0 else ():
            each[group] = values | each.get(group, {})
    return own


def digest_shapes(placed: Placed, count: int) -> list[str | None]:
    """A digest of the shape of each element: meshes and where they stand, to a tenth of a millimetre."""
    shapes = placed.shapes
    meshes = [_digest_mesh(shapes, mesh) for mesh in range(len(shapes.vertex_offsets) - 1)]
    hashes: dict[int, Any] = {}
    base = np.array(placed.origin)
    for element, mesh, transform in zip(shapes.elements, shapes.meshes, shapes.transforms, strict=True):
        told = hashes.setdefault(int(element), hashlib.sha256())
        told.update(meshes[mesh])
        turned = np.round(transform[:3, :3], 5) + 0.0
        stands = np.round(np.append(transform[:3, 3], base), 3) + 0.0
        told.update(turned.tobytes() + stands.tobytes())
    return [hashes[row].hexdigest()[:32] if row in hashes else None for row in range(count)]


def _digest_mesh(shapes: Shapes, mesh: int) -> bytes:
    start, stop = shapes.vertex_offsets[mesh : mesh + 2]
    first, last = shapes.triangle_offsets[mesh : mesh + 2]
    looks = np.round(shapes.looks[shapes.surfaces[first:last]], 3)
    points = np.round(shapes.vertices[start:stop], 4) + 0.0
    return hashlib.sha256(points.tobytes() + shapes.triangles[first:last].tobytes() + looks.tobytes()).digest()


def _with_storeys(areas: Geometries, elements: pd.DataFrame, kinds: list[str]) -> Geometries:
    """The same, storeys covering what stands in them."""
    out = areas.copy()
    storeys = elements["storey"].to_numpy()
    built = np.array([kind in ("element", "space") for kind in kinds], dtype=bool)
    for storey in np.unique(storeys[storeys >= 0]):
        if out[storey] is None:
            out[storey] = unite(areas[(storeys == storey) & built])
    return out


def _as_multi(area: Any) -> Any:
    return (
        area
        if area.geom_type == "MultiPolygon"
        else shapely.MultiPolygon([part for part in shapely.get_parts(area) if part.geom_type == "Polygon"])
    )


def _told(model: Model, table: pd.DataFrame, name: Any) -> list[str | None]:
    """What a table says of each element, or else of its type, in one text."""
    texts: dict[tuple[bool, int], list[str]] = {}
    for row in table.to_dict("records"):
        words = texts.setdefault((bool(row["of_type"]), int(row["row"])), [])
        told = name(row)
        if told and told not in words:
            words.append(told)
    return [
        "; ".join(texts.get((False, row)) or texts.get((True, int(kind)), []))[:1000] or None
        for row, kind in enumerate(model.elements["type"])
    ]


def _name_material(row: dict[str, Any]) -> str:
    thickness = row["thickness_m"]
    said = "" if math.isnan(thickness) else f" {thickness * 1000:g} mm"
    return f"{row['name'] or row['part'] or ''}{said}".strip()


def _name_class(row: dict[str, Any]) -> str:
    return " ".join(str(row[part]) for part in ("system", "code", "name") if row.get(part))


def _call(kind: str, name: str | None, long: str | None) -> str | None:
    """The name and the long name, such as the number of a room and what it is for; of storeys the first there is."""
    both = [text for text in (name, long) if isinstance(text, str) and text]
    return " ".join(dict.fromkeys(both[:1] if kind == "storey" else both))[:500] or None


def _value(text: str | None, number: float, measure: str) -> Any:
    if measure in ("IfcBoolean", "IfcLogical") and text in ("true", "false"):
        return text == "true"
    if math.isfinite(number):
        return int(number) if measure in ("IfcInteger", "IfcCountMeasure") and number.is_integer() else number
    return text if isinstance(text, str) else None


def _size_of(properties: dict[str, dict[str, Any]], wanted: tuple[str, ...]) -> float | None:
    """The first of several quantities that an element has."""
    quantities = [values for group, values in properties.items() if group.startswith(("Qto_", "BaseQuantities"))]
    for name in wanted:
        for values in quantities:
            size = values.get(name)
            if isinstance(size, int | float) and not isinstance(size, bool) and size >= 0:
                return round(float(size), 6)
    return None


def _plain(value: Any) -> Any:
    """None for what pandas has for nothing."""
    return None if value is None or value != value else value  # noqa: PLR0124 - not a number is not itself
