"""Level 50 judged: what a conversion into a map means, with its units and its scale, and what is wrong with it.

`MapUnit` is the unit of the project where it is missing, so that eastings in metres are to be read as millimetres;
others write millimetres into a map in metres. Where the numbers fit one reading only, that is taken and told.

References
----------
ISO 16739-1:2024, IfcMapConversion, IfcProjectedCRS. buildingSMART validation rules GRF001, GRF005, GRF008.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bim.finding import Finding
from bim.georeference.georeference import Georeference
from bim.georeference.levels import Conversion, Floats, Levels
from bim.georeference.naming import find_crs, judge_names, vertical_datum
from bim.georeference.scaling import error_of, find_stretch, judge_stretch
from bim.georeference.standing import FAR_M, holds, stands_at
from twin.crs import CRS, crs_label, horizontal

#: Eastings and northings are less than the way around the earth.
_EARTH_ROUND_M = 40_000_000.0
#: No building stands higher or lower.
_HEIGHTS_M = (-500.0, 9_000.0)


def judge_conversions(levels: Levels, findings: list[Finding]) -> Georeference | None:
    """Judge the conversions of a file; return what they mean, None where they cannot be used."""
    if not levels.conversions:
        return None
    first = levels.conversions[0]
    findings.extend(_compare(levels))
    if first.crs is not None:
        findings.extend(judge_names(first.crs))
    findings.extend(_judge_measures(levels))
    crs = find_crs(first.crs)
    if crs is None:
        if first.crs is None:
            findings.append(error_of("crs-name", first, "it names no CRS of a map", "give crs in a declaration"))
        return None
    read = read_conversion(first, horizontal(crs), levels, findings, vertical=vertical_datum(first.crs, crs))
    broken = any(finding.severity == "error" for finding in findings)
    return None if broken else read


def read_conversion(
    conversion: Conversion, crs: CRS, levels: Levels, findings: list[Finding], *, vertical: str
) -> Georeference | None:
    """Read a conversion into a known CRS: find the unit of its eastings and what its scale means."""
    to_anchor_m = np.asarray(np.linalg.inv(levels.world), dtype=np.float64)
    if not crs.is_projected:
        return _read_degrees(conversion, crs, levels, findings, to_anchor_m, vertical)
    anchored = Georeference(
        level=50,
        crs=crs,
        x=0.0,
        y=0.0,
        height_m=0.0,
        axis_deg=conversion.axis_deg,
        to_anchor_m=to_anchor_m,
        vertical=vertical,
    )
    unit_m = _find_map_unit(conversion, anchored, levels, findings)
    if unit_m is None:
        return None
    stretch = find_stretch(conversion, levels.length_unit_m, unit_m, findings)
    if stretch is None:
        return None
    metres_in_unit = crs.axis_info[0].unit_conversion_factor
    entity = conversion.entity
    read = replace(
        anchored,
        x=conversion.eastings * unit_m / metres_in_unit,
        y=conversion.northings * unit_m / metres_in_unit,
        height_m=conversion.height * unit_m,
        scale=(stretch * conversion.factors[0], stretch * conversion.factors[1], stretch * conversion.factors[2]),
        sources=dict.fromkeys(("x", "y", "height_m", "axis_deg", "scale"), entity)
        | {"crs": conversion.crs.entity if conversion.crs else entity},
    )
    if not _HEIGHTS_M[0] <= read.height_m <= _HEIGHTS_M[1]:
        what = "no building stands at such a height"
        advice = "check the unit of OrthogonalHeight, or give height_m in a declaration"
        findings.append(error_of("height-odd", conversion, what, advice, measured=read.height_m, unit="m"))
        return None
    findings.extend(judge_stretch(conversion, read, levels))
    return read


def _read_degrees(
    conversion: Conversion, crs: CRS, levels: Levels, findings: list[Finding], to_anchor_m: Floats, vertical: str
) -> Georeference | None:
    """Read an offset in degrees: the model stands on the ellipsoid, turned by true north."""
    if not conversion.is_rigid or "IfcPlaneAngleMeasure" not in conversion.measures:
        what = f"eastings and northings in {crs_label(crs)}, which is in degrees"
        findings.append(error_of("crs-kind", conversion, what, "name the projected CRS that they are in"))
        return None
    if not holds(crs, conversion.eastings, conversion.northings):
        what = f"its coordinates are no longitude and latitude in {crs_label(crs)}"
        findings.append(error_of("outside-crs", conversion, what, "the first is the longitude"))
        return None
    return Georeference(
        level=50,
        crs=crs,
        x=conversion.eastings,
        y=conversion.northings,
        height_m=conversion.height * ((conversion.crs and conversion.crs.map_unit_m) or levels.length_unit_m),
        axis_deg=axis_from_north(levels),
        metres="true",
        to_anchor_m=to_anchor_m,
        vertical=vertical,
        sources=dict.fromkeys(("x", "y", "height_m"), conversion.entity)
        | {"axis_deg": levels.true_north.entity if levels.true_north else "the y axis is taken for north"},
    )


def axis_from_north(levels: Levels) -> float:
    """Return where the x axis points, in degrees anti-clockwise from true east, as true north in its axes says."""
    if levels.true_north is None or levels.true_north.true_north is None:
        return 0.0
    x, y = levels.true_north.true_north
    return 90.0 - float(np.degrees(np.arctan2(y, x)))


# --- units and scale -------------------------------------------------------------------------------------------------


def _find_map_unit(
    conversion: Conversion, anchored: Georeference, levels: Levels, findings: list[Finding]
) -> float | None:
    """Find the unit of the eastings: what the file says, else the one by which the model stands in its CRS.

    The model is anchored at 0, 0 and turned already.
    """
    crs, said = anchored.crs, conversion.crs.map_unit_m if conversion.crs else None
    own = crs.axis_info[0].unit_conversion_factor
    declared = levels.length_unit_m if said is None else said
    anchor = np.array([conversion.eastings, conversion.northings])
    turned = stands_at(anchored, levels)[:2] * own

    def stands(place: Floats) -> bool:
        return holds(crs, place[0] / own, place[1] / own)

    if stands(anchor * declared + turned):
        if said is None and declared != own:
            findings.append(_map_unit(conversion, declared, declared, "the unit of the map is missing"))
        return declared
    if said is None and declared != own and stands(anchor * own + turned):
        why = "the unit of the map is missing, which means that of the project; that does not fit"
        findings.append(_map_unit(conversion, own, declared, why))
        return own
    if np.abs(anchor).max() * declared > _EARTH_ROUND_M and stands(anchor * 0.001 + turned):
        findings.append(_map_unit(conversion, 0.001, declared, "the numbers are millimetres"))
        return 0.001
    if np.hypot(*turned) > FAR_M and stands(anchor * declared) and stands(turned):
        what = "both the conversion and the coordinates of the model hold the place on the map: it is counted twice"
        advice = "take the eastings out of one of them, or give easting_m = 0 and northing_m = 0 in a declaration"
        findings.append(error_of("double-georeference", conversion, what, advice, measured=_pair(turned), unit="m"))
        return None
    what = f"the model would stand outside of where {crs_label(crs)} is used"
    advice = "check the CRS, and the eastings and northings"
    place = _pair(anchor * declared + turned)
    findings.append(error_of("outside-crs", conversion, what, advice, measured=place, unit="m"))
    return None


def _pair(place: Floats) -> str:
    return f"{place[0]:.3f}, {place[1]:.3f}"


def _map_unit(conversion: Conversion, taken_m: float, said_m: float, why: str) -> Finding:
    return Finding(
        id="map-unit",
        severity="note" if taken_m == said_m else "warning",
        entity=conversion.crs.entity if conversion.crs else conversion.entity,
        what=f"{why}; eastings and northings are taken in units of {taken_m:g} m",
        measured=said_m,
        limit=taken_m,
        unit="m",
        advice="write IfcProjectedCRS.MapUnit",
    )


# --- several of them -------------------------------------------------------------------------------------------------


def _compare(levels: Levels) -> Iterator[Finding]:
    """Find contexts that have another conversion than the rest, or none (GRF001)."""
    by_entity = {conversion.entity: conversion.numbers for conversion in levels.conversions}
    converted = [axes.converted_by for axes in levels.axes]
    if levels.schema.startswith("IFC2X3"):
        differing = len(set(by_entity.values())) > 1
    else:
        differing = len({by_entity[entity] for entity in converted if entity in by_entity}) > 1
    if differing or (len(converted) > 1 and None in converted and any(converted)):
        what = "differ" if differing else "are there for some contexts only"
        yield Finding(
            id="contexts-differ",
            severity="error" if differing else "warning",
            entity=", ".join(by_entity),
            what=f"the conversions {what}",
            measured=len(set(by_entity.values())),
            limit=1,
            advice="give every context the same conversion",
        )


def _judge_measures(levels: Levels) -> Iterator[Finding]:
    """Find rigid operations whose coordinates are neither two lengths nor two angles (GRF008)."""
    for conversion in levels.conversions:
        if conversion.is_rigid and conversion.measures not in (
            ("IfcLengthMeasure",) * 2,
            ("IfcPlaneAngleMeasure",) * 2,
        ):
            yield error_of(
                "coordinate-measures",
                conversion,
                "its coordinates are neither two lengths nor two plane angles",
                "write both as IfcLengthMeasure, or both as IfcPlaneAngleMeasure",
                measured=", ".join(conversion.measures),
            )
