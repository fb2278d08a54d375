"""A file of a city model becomes a model of its buildings: the one door of this room.

Coordinates are those of the file in metres. Where it names a CRS, they are those of a map: the model says so as IFC
would by a rigid operation, so that its place is judged, declared and reported as that of every other model.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bim.cityjson.drawing import Drawn, Meshes, has_finer_parts, list_geometries
from bim.cityjson.lods import write_lod
from bim.cityjson.measures import measure_areas, measure_volumes
from bim.cityjson.objects import Objects, tabulate
from bim.cityjson.opening import Floats, Header, Part, open_cityjson
from bim.georeference.levels import Conversion, Levels, NamedCrs
from bim.georeference.naming import find_crs
from bim.model import Model, Shapes, Source, Units
from twin.crs import CRS, horizontal
from twin.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd

_TOLD_EVERY = 5_000
#: The set in which areas and volumes are told.
MEASURES = "CityJSON geometry"


def read_cityjson(path: Path, *, watch: Callable[[str], None] | None = None) -> Model:
    """Read the buildings of a city model; a sequence line by line.

    Parameters
    ----------
    path
        A file of CityJSON 1.0, 1.1, 2.0, or a CityJSONSeq.
    watch
        Told what is going on, for people.

    Returns
    -------
    Model
        Its elements are buildings, their parts, storeys, rooms, installations; each has an `outcome` (see
        `bim.ifc.elements.OUTCOMES`) and the shape of its highest level of detail that can be drawn. The name of a look
        is the type of its surfaces (`RoofSurface`), where the file says it.

    Raises
    ------
    SourceError
        It is no CityJSON, damaged, of an unknown version, in degrees, or has no building; the detail says what to do.
    """
    began = time.monotonic()
    header, parts = open_cityjson(path)
    crs = find_crs(_name_crs(header))
    metres = _metres_of(crs, header)
    objects, meshes = Objects(), Meshes(header=header)
    drawn: list[Drawn] = []
    outcomes: list[tuple[str, str | None]] = []
    lods: Counter[str] = Counter()
    for number, part in enumerate(parts, start=1):
        for identifier, row in objects.add(part, header.name).items():
            said = part.objects[identifier]
            one, outcome, why = _draw_one(said, row, part, meshes)
            drawn.append(one)
            outcomes.append((outcome, why))
            lods.update(_describe_lods(objects, row, said, one, meshes))
        if watch is not None and number % _TOLD_EVERY == 0:
            watch(f"{len(objects):,} objects of buildings")
    if not len(objects):
        others = ", ".join(f"{count:,} {kind}" for kind, count in objects.left_out.most_common(5)) or "no objects"
        raise SourceError(f"{header.name} has no building: it has {others}; city models enter by their buildings")
    shapes, turned = _outwards(meshes.collect(metres), meshes.solid_rows)
    _describe_measures(objects, shapes)
    elements, properties = tabulate(objects)
    elements["representations"] = _name_representations(properties, len(elements))
    elements["represented"] = elements["representations"] != ""
    elements["outcome"] = [outcome for outcome, _ in outcomes]
    elements["lod"] = np.array([one.lod if one.lod >= 0 else np.nan for one in drawn], np.float64)
    elements["why"] = np.array([why for _, why in outcomes], dtype=object)
    elements["origin_z_m"] = _lowest(shapes, len(elements))
    return Model(
        source=_source_of(header),
        units=Units(length_m=float(metres[0]), factors={}, offsets={}, notes=()),
        elements=elements,
        **_no_tables(),
        properties=properties,
        shapes=shapes,
        levels=_place_of(header, shapes),
        notes=tuple(_notes_of(objects, lods, turned)),
        seconds=time.monotonic() - began,
    )


# --- the place -------------------------------------------------------------------------------------------------------


def _name_crs(header: Header) -> NamedCrs | None:
    if not header.crs_name:
        return None
    return NamedCrs(entity="metadata.referenceSystem", kind="referenceSystem", name=header.crs_name)


def _metres_of(crs: CRS | None, header: Header) -> Floats:
    """(3,) metres in the units of the coordinates."""
    if crs is None:
        return np.ones(3)
    flat = horizontal(crs)
    if not flat.is_projected:
        raise SourceError(
            f"{header.name}: metadata.referenceSystem {header.reference_system} is in degrees: write it in metres: "
            f"cjio {header.name} crs_reproject 4548 save {header.name}"
        )
    unit_m = float(flat.axis_info[0].unit_conversion_factor)
    up = crs.sub_crs_list[1].axis_info if crs.is_compound else crs.axis_info[2:]
    return np.array([unit_m, unit_m, float(up[0].unit_conversion_factor) if up else unit_m])


def _place_of(header: Header, shapes: Shapes) -> Levels:
    """What the file says of its place: coordinates of a map are a rigid operation without an offset."""
    named = _name_crs(header)
    crs = find_crs(named)
    if named is not None and crs is not None and not crs.is_compound and len(crs.axis_info) == 3:
        named = replace(named, vertical_datum="the ellipsoid")
    conversions: tuple[Conversion, ...] = ()
    if named is not None:
        conversion = Conversion(
            entity=named.entity,
            kind="referenceSystem",
            crs=named,
            eastings=0.0,
            northings=0.0,
            height=0.0,
            measures=("IfcLengthMeasure",) * 2,
            is_rigid=True,
        )
        conversions = (conversion,)
    middle = np.median(shapes.transforms[:, :3, 3] + _anchors(shapes), axis=0) if len(shapes.meshes) else None
    return Levels(schema=f"CityJSON {header.version}", length_unit_m=1.0, conversions=conversions, shapes_m=middle)


def _anchors(shapes: Shapes) -> Floats:
    """(s, 3) the first vertex of each instance, turned and scaled by it."""
    first = shapes.vertices[shapes.vertex_offsets[shapes.meshes]]
    out: Floats = np.einsum("sij,sj->si", shapes.transforms[:, :3, :3], first)
    return out


# --- objects ---------------------------------------------------------------------------------------------------------


def _draw_one(said: dict[str, object], row: int, part: Part, meshes: Meshes) -> tuple[Drawn, str, str | None]:
    """Draw an object; what came of it, and why."""
    geometries = list_geometries(said)
    if not geometries:
        return Drawn(lod=-1.0), "none", None
    if has_finer_parts(said, part, meshes):
        return Drawn(lod=-1.0), "empty", "its parts have more detail"
    one = meshes.draw(row, geometries, part)
    if one.lod >= 0 or any(shown == row for shown, _, _ in meshes.shown[-len(geometries) :]):
        return one, "shape", one.why
    if one.why:
        return one, "failed", one.why
    kinds = ", ".join(sorted({str(each.get("type")) for each in geometries}))
    return one, "empty", f"it has {kinds}"


def _describe_lods(objects: Objects, row: int, said: dict[str, object], one: Drawn, meshes: Meshes) -> Iterator[str]:
    """Tell the levels of an object, which was drawn, and what its surfaces say of themselves."""
    told = [(meshes.lod_of(each), str(each.get("type"))) for each in list_geometries(said)]
    if told:
        names = [f"LoD {write_lod(lod)} ({kind})" if lod >= 0 else f"no LoD ({kind})" for lod, kind in sorted(told)]
        drawn = {"lod": write_lod(one.lod)} if one.lod >= 0 else {}
        objects.describe(row, MEASURES, {"lods": ", ".join(names), **drawn})
    for surface in one.surfaces:
        rest = {name: value for name, value in surface.semantics.items() if name not in {"type", "parent", "children"}}
        if rest:
            objects.describe(row, f"{surface.semantics.get('type')} {surface.number}", rest)
    yield from (f"LoD {write_lod(lod)}" if lod >= 0 else "no LoD" for lod in {lod for lod, _ in told})


def _describe_measures(objects: Objects, shapes: Shapes) -> None:
    """Tell the areas of what surfaces are, and volumes of what is closed."""
    areas, volumes = measure_areas(shapes), measure_volumes(shapes)
    rotations = shapes.transforms[:, :3, :3]
    rigid = np.isclose(rotations @ rotations.transpose(0, 2, 1), np.eye(3), atol=1e-9).all(axis=(1, 2))
    for instance in np.flatnonzero(rigid):
        mesh, row = int(shapes.meshes[instance]), int(shapes.elements[instance])
        by_name: Counter[str] = Counter()
        for name, area in zip(shapes.look_names, areas[mesh], strict=True):
            if name.endswith("Surface") and area:
                by_name[f"{name}.area_m2"] += float(area)  # type: ignore[assignment]
        if not np.isnan(volumes[mesh]):
            by_name["volume_m3"] = float(volumes[mesh])  # type: ignore[assignment]
        objects.describe(row, MEASURES, {name: round(value, 6) for name, value in by_name.items()}, kind="quantity")


def _outwards(shapes: Shapes, solids: set[int]) -> tuple[Shapes, int]:
    """The same with the faces of solids looking outside; how many did not."""
    volumes = measure_volumes(shapes)
    of_solids = np.zeros(len(volumes), bool)
    of_solids[shapes.meshes[np.isin(shapes.elements, list(solids))]] = True
    inside_out = of_solids & (np.nan_to_num(volumes) < 0)
    of = np.repeat(np.arange(len(volumes)), np.diff(shapes.triangle_offsets))
    flipped = np.where(inside_out[of][:, None], shapes.triangles[:, ::-1], shapes.triangles)
    return replace(shapes, triangles=flipped), int(inside_out.sum())


def _lowest(shapes: Shapes, count: int) -> Floats:
    """(count,) the lowest height of each element; not a number where it has no shape."""
    lowest = np.full(count, np.inf)
    for instance, row in enumerate(shapes.elements):
        points, _ = shapes.place(instance)
        lowest[row] = min(lowest[row], float(points[:, 2].min()))
    lowest[np.isinf(lowest)] = np.nan
    return lowest


def _name_representations(properties: pd.DataFrame, count: int) -> list[str]:
    told = properties[(properties["set"] == MEASURES) & (properties["name"] == "lods")]
    names = dict(zip(told["row"].tolist(), told["value"].tolist(), strict=True))
    return [names.get(row, "") for row in range(count)]


# --- the model -------------------------------------------------------------------------------------------------------


def _source_of(header: Header) -> Source:
    kind = "CityJSONSeq" if header.is_sequence else "CityJSON"
    said = f"{kind} {header.version}"
    return Source(
        name=header.name,
        sha256=header.sha256,
        schema=said,
        read_as=said,
        normalised=header.normalised,
        faults=(),
        application=str(header.metadata.get("title", "")),
    )


def _notes_of(objects: Objects, lods: Counter[str], turned: int) -> Iterator[str]:
    yield f"levels of detail: {', '.join(f'{name} of {count:,}' for name, count in sorted(lods.items()))} objects"
    if objects.left_out:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in objects.left_out.most_common())
        yield f"left out, being no buildings: {kinds}"
    if turned:
        yield f"{turned:,} solids were inside out: their faces were turned"
    yield from (f"{count:,} {what}" for what, count in objects.notes.items())


def _no_tables() -> dict[str, pd.DataFrame]:
    """Tables that a model has and a city model says nothing for, with their columns."""
    import pandas as pd

    columns = {
        "types": ("type_id", "step", "class", "predefined_type", "name", "description", "tag"),
        "materials": (),
        "classifications": (),
    }
    return {name: pd.DataFrame({column: pd.Series(dtype="str") for column in of}) for name, of in columns.items()}
