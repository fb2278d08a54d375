"""Where delivered coordinates are: the CRS, the datum behind it, and the way into the storage CRS."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import (
    CRS,
    CRS84,
    BBox,
    crs_label,
    datum_note,
    horizontal,
    parse_crs,
    reproject,
    same_grid,
    to_geodetic,
    usable_area,
)
from twin.densify import TOLERANCE_M, densify
from twin.errors import CrsError, InvalidParameter
from twin.grids import check_crs_fits, in_domain, recognise_grid
from twin.ingest.faults import Faults, Rows
from twin.ingest.report import Decision
from twin.ingest.source import Geometries
from twin.layer import Layer

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]

#: What is recorded of rows that came in an offset datum: its name and the accuracy of taking the offset off, in metres.
#: The formula is reverse-engineered and agrees with the map services to 1-5 m.
OFFSET_DATUMS = {"gcj02": ("GCJ-02", 5.0), "bd09": ("BD-09", 5.0)}

#: Words in names that say outright that coordinates are offset, and words that name a service whose maps are.
_OFFSET_WORDS = re.compile(r"gcj|bd[-_]?09|(?<![a-z])mars(?![a-z])|火星", re.IGNORECASE)
_SERVICE_WORDS = re.compile(r"(?<![a-z])amap(?![a-z])|autonavi|gaode|高德|baidu|百度|datav|tencent|腾讯", re.IGNORECASE)
_TRUE_WORDS = re.compile(r"wgs[-_]?84|cgcs[-_]?2000|国家2000|天地图|tianditu", re.IGNORECASE)

#: Columns that only the boundary service of an internet map (DataV) writes, as a .dbf cuts them.
_DATAV_COLUMNS = {"childrennu", "acroutes", "subfeature"}


def find_map_marks(name: str, columns: Iterable[str]) -> str | None:
    """Tell by what a delivery shows that it comes from an offset internet map, None where nothing does.

    Such files (GCJ-02, BD-09) look like WGS 84 and lie some 500 m off.
    """
    columns = list(columns)
    for text, what in ((name, f"its name {name}"), *((column, f"column {column}") for column in columns)):
        if _OFFSET_WORDS.search(text):
            return what
        if _SERVICE_WORDS.search(text) and not _TRUE_WORDS.search(name):
            return what
    cut = {column.casefold()[:10] for column in columns}
    if "adcode" in cut and cut & _DATAV_COLUMNS:
        return "columns of the boundary service DataV (adcode, " + ", ".join(sorted(cut & _DATAV_COLUMNS)) + ")"
    return None


def decide_datum(
    name: str, columns: Iterable[str], crs: CRS, asked: str | None, layer: Layer
) -> tuple[Datum | None, Decision | None]:
    """Decide the datum of degrees; an offset one only where the operator says so.

    Raises
    ------
    CrsError
        The delivery bears the marks of an internet map and nobody says its datum; an offset datum is asked for survey
        data or for coordinates that no internet map has.
    """
    marks = find_map_marks(name, columns)
    if asked is None:
        if marks is not None and _is_map_grid(crs):
            raise CrsError(
                f"{name} looks like data of an internet map ({marks}), whose coordinates are usually offset by some "
                "500 m (GCJ-02, BD-09) although they look like WGS 84. Say which they are: --datum gcj02, bd09, wgs84 "
                "or cgcs2000"
            )
        return None, None
    if asked not in ("wgs84", "cgcs2000", "gcj02", "bd09"):
        raise InvalidParameter(f"there is no datum {asked}; there are wgs84, cgcs2000, gcj02, bd09", parameter="datum")
    datum: Datum = asked  # type: ignore[assignment]
    if datum in OFFSET_DATUMS:
        title, accuracy_m = OFFSET_DATUMS[datum]
        if layer.survey:
            raise CrsError(f"{layer.id} is survey data and must not come from offset internet maps ({title})")
        if not _is_map_grid(crs):
            raise CrsError(f"{title} exists in degrees and Web Mercator only, and {name} is in {crs_label(crs)}")
        return datum, Decision(value=f"{title}, offset taken off, good to {accuracy_m:g} m", why="given")
    marked = f", although it looks like an internet map ({marks})" if marks else ""
    return datum, Decision(value={"wgs84": "WGS 84", "cgcs2000": "CGCS2000"}[datum], why="given" + marked)


def _is_map_grid(crs: CRS) -> bool:
    return horizontal(crs).is_geographic or same_grid(crs, parse_crs("EPSG:3857"))


def decide_crs(
    name: str, asked: str | None, said: CRS | None, said_how: str, bounds: BBox | None, datum: str | None
) -> tuple[CRS, Decision]:
    """Decide the CRS of a delivery: what the operator says, then what the file says; never a guess.

    Raises
    ------
    CrsError
        Nobody says; the message tells what the numbers can be and which option to give.
    """
    if asked is not None:
        crs = parse_crs(asked)
        against = (
            "" if said is None or same_grid(said, crs) else f"; {said_how}: {crs_label(said)}, which was overruled"
        )
        return crs, Decision(value=crs_label(crs), why="given" + against)
    if said is not None:
        if datum == "cgcs2000" and same_grid(said, CRS84):
            said = parse_crs("EPSG:4490")
        return said, Decision(value=crs_label(said), why=said_how)
    because = f", and {said_how}" if said_how else ""
    if bounds is None:
        raise CrsError(f"{name} does not say its CRS{because}, and has no coordinates to judge by; give --crs")
    reading = recognise_grid(bounds)
    box = ", ".join(f"{value:.10g}" for value in bounds)
    options = " or ".join(f"--crs EPSG:{code}" for code in reading.epsg[:2]) or "--crs, e.g. --crs EPSG:4548"
    raise CrsError(
        f"{name} does not say its CRS{because} (x and y from, to: {box}); {reading.note}. Give {options}",
        reading=reading.kind,
    )


def into_storage(
    geometry: Geometries, crs: CRS, datum: Datum | None, target: CRS, rows: Rows, faults: Faults
) -> tuple[Geometries, tuple[str, ...]]:
    """Bring geometry into the storage CRS; in the same grid it stays bit for bit.

    Edges that are straight as delivered stay so to a millimetre: where they bend, vertices are put on them.

    Parameters
    ----------
    geometry
        n geometries in `crs`; None where there is none.
    crs, datum
        What they are in; an offset datum is taken off.
    target
        The storage CRS.
    rows
        Where they come from.
    faults
        Gets what is wrong.

    Returns
    -------
    tuple
        n geometries, None where a row lies out of reach (a fault); what the report owes the reader.

    Raises
    ------
    CrsError
        The numbers contradict the CRS, or the datum cannot be changed.
    """
    geometry = geometry.copy()
    bounds = shapely.bounds(geometry)
    present = np.isfinite(bounds).all(axis=1)
    if not present.any():
        return geometry, ()
    inside = in_domain(bounds, crs)
    judged = inside if inside.sum() * 2 >= present.sum() else present
    check_crs_fits(_box(bounds[judged]), crs)
    outside = present & ~inside
    swapped = outside.copy()
    swapped[outside] = in_domain(bounds[outside][:, [1, 0, 3, 2]], crs)
    for what, bad in (("; x and y look swapped", swapped), ("", outside & ~swapped)):
        faults.add_rows(
            f"the place is outside what {crs_label(crs)} covers{what}",
            bad,
            rows,
            field="geometry",
            values=shapely.to_wkt(geometry) if bad.any() else None,
        )
    reachable = inside if same_grid(crs, target) else inside & _in_reach(bounds, inside, crs, target)
    faults.add_rows(
        f"the place is out of reach of the storage CRS {crs_label(target)}",
        inside & ~reachable,
        rows,
        field="geometry",
        values=None if reachable[inside].all() else shapely.to_wkt(geometry),
    )
    geometry[present & ~reachable] = None
    if datum in OFFSET_DATUMS:
        geometry, crs = take_offset_off(reproject(geometry, crs, CRS84), datum), CRS84
    dense = densify(geometry, crs, target)
    notices = (datum_note(crs, target), _tell_added(geometry, dense, crs))
    return reproject(dense, crs, target), tuple(notice for notice in notices if notice)


def _tell_added(geometry: Geometries, dense: Geometries, crs: CRS) -> str | None:
    added = shapely.get_num_coordinates(dense) - shapely.get_num_coordinates(geometry)
    if not added.any():
        return None
    return (
        f"{int(added.sum()):,} vertices were put on long edges of {np.count_nonzero(added):,} geometries, so that "
        f"they stay straight in {crs_label(crs)} to {TOLERANCE_M * 1000:g} mm"
    )


def _box(bounds: npt.NDArray[np.float64]) -> BBox:
    return BBox(*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist())


def _in_reach(
    bounds: npt.NDArray[np.float64], inside: npt.NDArray[np.bool_], crs: CRS, target: CRS
) -> npt.NDArray[np.bool_]:
    """Which boxes lie where the storage CRS is fit for use; the change of datum does not matter to that."""
    reach = np.zeros(len(bounds), dtype=bool)
    west, south, east, north = usable_area(target)

    def within(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        lon, lat = to_geodetic(boxes[:, [0, 0, 2, 2]], boxes[:, [1, 3, 1, 3]], crs)
        good = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        return np.asarray(good.all(axis=1))

    rows = np.flatnonzero(inside)
    if len(rows) and within(np.array([[*_box(bounds[rows])]]))[0]:
        reach[rows] = True
    else:
        reach[rows] = within(bounds[rows])
    return reach


def take_offset_off(geometry: Geometries, datum: Datum) -> Geometries:
    """Geometry in WGS 84 degrees from geometry in degrees of an offset datum."""
    from twin.gcj02 import bd09_to_wgs84, gcj02_to_wgs84

    move = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}[datum]

    def shift(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        lon, lat = move(coordinates[:, 0], coordinates[:, 1])
        return np.column_stack((lon, lat, coordinates[:, 2:]))

    moved = geometry.copy()
    solid = shapely.has_z(geometry)
    for part, include_z in ((solid, True), (~solid, False)):
        if part.any():
            moved[part] = shapely.transform(geometry[part], shift, include_z=include_z)
    return moved
