"""Geometry as the layer wants it: type, dimension, validity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from twin.errors import Fault
from twin.ingest.faults import KEPT_FAULTS, Faults, Rows
from twin.ingest.source import Geometries
from twin.layer import Layer

Flags = npt.NDArray[np.bool_]

_TYPE_IDS = {"Point": 0, "LineString": 1, "Polygon": 3, "MultiPoint": 4, "MultiLineString": 5, "MultiPolygon": 6}
_NAMES = {number: name for name, number in _TYPE_IDS.items()} | {2: "LinearRing", 7: "GeometryCollection"}
#: How many of the repaired rows are named.
_NAMED_ROWS = 20
#: How to make a multi geometry of single ones.
_COLLECT: Mapping[str, Callable[..., Any]] = {
    "Point": shapely.multipoints,
    "LineString": shapely.multilinestrings,
    "Polygon": shapely.multipolygons,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Shapes:
    """Geometry that fits a layer.

    Parameters
    ----------
    geometry
        n geometries of the layer's types; None where there was a fault.
    repaired
        n flags: it was made valid.
    notices
        What was changed beyond that.
    """

    geometry: Geometries
    repaired: Flags
    notices: tuple[str, ...]


def fit_shapes(
    geometry: Geometries, layer: Layer, rows: Rows, faults: Faults, *, faulty: Flags | None = None, tolerance: float
) -> Shapes:
    """Make geometry fit a layer, or say why it does not.

    In a layer of areas, closed lines are outlines: drawings have no others. Single geometries become multi where the
    layer wants that, and multi ones with one part become single. Heights are dropped from a layer without; in a layer
    with heights, a vertex that was delivered without one is stored at 0 and the notices say so. M values are dropped.

    Parameters
    ----------
    geometry
        n geometries in any one CRS; None where there is none.
    layer
        What they are for.
    rows
        Where they come from.
    faults
        Gets what is wrong.
    faulty
        n flags: that there is no geometry is a fault already.
    tolerance
        Largest relative change of area that the repair of an invalid polygon may make.
    """
    shapes = geometry.copy()
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    told = np.zeros(len(geometry), dtype=bool) if faulty is None else faulty
    if not layer.geometry_optional:
        faults.add_rows("there is no geometry", absent & ~told, rows, field="geometry")
    shapes[absent] = None
    notices = (*_close_outlines(shapes, layer), *_fit_dimension(shapes, layer))
    _fit_type(shapes, layer, rows, faults)
    repaired = repair_invalid(shapes, rows, faults, tolerance)
    _drop_flat(shapes, rows, faults)
    return Shapes(geometry=shapes, repaired=repaired, notices=notices)


def _close_outlines(shapes: Geometries, layer: Layer) -> tuple[str, ...]:
    if layer.dimension != 2 or {"LineString", "MultiLineString"} & set(layer.geometries):
        return ()
    outline = (shapely.get_type_id(shapes) == 1) & shapely.is_closed(shapes) & (shapely.get_num_points(shapes) >= 4)
    if not outline.any():
        return ()
    shapes[outline] = [shapely.Polygon(line) for line in shapes[outline]]
    return (f"{int(outline.sum()):,} closed lines were taken as the outlines of areas",)


def _fit_dimension(shapes: Geometries, layer: Layer) -> tuple[str, ...]:
    """Drop M values, then heights where the layer has none, or add them where it has."""
    notices = []
    solid, measured = shapely.has_z(shapes), shapely.has_m(shapes)
    if measured.any():
        both, alone = measured & solid, measured & ~solid
        shapes[both] = shapely.from_wkb(shapely.to_wkb(shapes[both], output_dimension=3))
        shapes[alone] = shapely.force_2d(shapes[alone])
        notices.append(f"M values of {int(measured.sum()):,} geometries were dropped")
    if not layer.has_z:
        if solid.any():
            shapes[solid] = shapely.force_2d(shapes[solid])
            notices.append(f"{layer.id} keeps no heights: those of {int(solid.sum()):,} geometries were dropped")
        return tuple(notices)
    flat = ~solid & ~shapely.is_missing(shapes)
    if solid.any():
        z, owner = shapely.get_coordinates(shapes[solid], include_z=True, return_index=True)
        unknown = ~np.isfinite(z[:, 2])
        if unknown.any():
            lacking = np.flatnonzero(solid)[np.unique(owner[unknown])]
            z[unknown, 2] = 0.0
            shapes[solid] = shapely.set_coordinates(shapes[solid], z)
            flat[lacking] = True
    if flat.any():
        shapes[~solid] = shapely.force_3d(shapes[~solid], z=0.0)
        notices.append(f"no heights were delivered for {int(flat.sum()):,} geometries: they are stored at height 0")
    return tuple(notices)


def _fit_type(shapes: Geometries, layer: Layer, rows: Rows, faults: Faults) -> None:
    kinds = shapely.get_type_id(shapes)
    alone = (kinds == 7) & (shapely.get_num_geometries(shapes) == 1)
    if alone.any():
        shapes[alone] = shapely.get_geometry(shapes[alone], 0)
        kinds = shapely.get_type_id(shapes)
    fits = (kinds == -1) | np.isin(kinds, [_TYPE_IDS[name] for name in layer.geometries])
    for single, collect in _COLLECT.items():
        multi = f"Multi{single}"
        if multi in layer.geometries and single not in layer.geometries:
            lone = kinds == _TYPE_IDS[single]
            shapes[lone] = collect(shapes[lone], indices=np.arange(int(lone.sum())))
            fits |= lone
        elif single in layer.geometries and multi not in layer.geometries:
            lone = (kinds == _TYPE_IDS[multi]) & (shapely.get_num_geometries(shapes) == 1)
            shapes[lone] = shapely.get_geometry(shapes[lone], 0)
            fits |= lone
    if not fits.all():
        names = np.array([_NAMES.get(int(kind), "") for kind in kinds], dtype=object)
        faults.add_rows(
            "the geometry type is wrong",
            ~fits,
            rows,
            field="geometry",
            values=names,
            limit=" or ".join(layer.geometries),
        )
        shapes[~fits] = None


def repair_invalid(shapes: Geometries, rows: Rows, faults: Faults, tolerance: float) -> Flags:
    """Repair invalid polygons, in place, where their area stays; what cannot be repaired so is a fault and goes.

    Returns
    -------
    ndarray
        n flags: it was repaired.
    """
    invalid = np.flatnonzero(~shapely.is_valid(shapes) & ~shapely.is_missing(shapes))
    invalid = invalid[~_drop_infinite(shapes, invalid, rows, faults)]
    repaired = np.zeros(len(shapes), dtype=bool)
    before = shapes[invalid]
    fixed = shapely.make_valid(before, method="structure", keep_collapsed=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.abs(shapely.area(fixed) - shapely.area(before)) / np.abs(shapely.area(before))
    good = (shapely.get_dimensions(before) == 2) & np.isin(shapely.get_type_id(fixed), (3, 6)) & (change <= tolerance)
    # What was MultiPolygon stays so.
    single = (shapely.get_type_id(fixed) == 3) & (shapely.get_type_id(before) == 6)
    fixed[single] = shapely.multipolygons(fixed[single], indices=np.arange(int(single.sum())))
    shapes[invalid[good]] = fixed[good]
    for row, relative in zip(invalid[~good].tolist(), change[~good].tolist(), strict=True):
        _add_invalid(shapes, row, relative, tolerance, rows, faults)
    shapes[invalid[~good]] = None
    repaired[invalid[good]] = True
    return repaired


def _drop_infinite(shapes: Geometries, invalid: npt.NDArray[np.intp], rows: Rows, faults: Faults) -> Flags:
    """Refuse geometries with a coordinate that is no finite number; GEOS calls all of these invalid.

    Returns
    -------
    ndarray
        Which of the invalid ones are gone.
    """
    coordinates, owner = shapely.get_coordinates(shapes[invalid], return_index=True)
    gone = np.zeros(len(invalid), dtype=bool)
    gone[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    if gone.any():
        bad = np.zeros(len(shapes), dtype=bool)
        bad[invalid[gone]] = True
        faults.add_rows("a coordinate is not a finite number", bad, rows, field="geometry")
        shapes[bad] = None
    return gone


def _drop_flat(shapes: Geometries, rows: Rows, faults: Faults) -> None:
    """Refuse what has no length or area."""
    dimension = shapely.get_dimensions(shapes)
    flat = (dimension == 2) & (shapely.area(shapes) == 0)
    faults.add_rows("the polygon has no area", flat, rows, field="geometry")
    stub = (dimension == 1) & (shapely.length(shapes) == 0)
    faults.add_rows("the line has no length", stub, rows, field="geometry")
    shapes[flat | stub] = None


def tell_repaired(repaired: Flags, rows: Rows) -> tuple[str, ...]:
    """What the report says about repairs: how many there were, and in which rows."""
    positions = np.flatnonzero(repaired)
    if not len(positions):
        return ()
    named = ", ".join(f"{number}" for number in rows.number[positions[:_NAMED_ROWS]].tolist())
    more = "" if len(positions) <= _NAMED_ROWS else " …"
    return (f"{len(positions):,} invalid geometries were repaired, their area kept: rows {named}{more}",)


def _add_invalid(shapes: Geometries, row: int, relative: float, tolerance: float, rows: Rows, faults: Faults) -> None:
    file, number = rows.where(row)
    reason = shapely.is_valid_reason(shapes[row]) if faults.count < KEPT_FAULTS else ""
    change = f"repairing it would change its area by {relative:.2g} of it" if np.isfinite(relative) else ""
    faults.add(
        Fault(
            what="the geometry is invalid" + (f"; {change}" if change else ""),
            file=file,
            row=number,
            field="geometry",
            value=reason,
            limit=f"{tolerance:g} of its area",
        )
    )
