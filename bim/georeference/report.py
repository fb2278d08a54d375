"""The report on the place of a model, as text and as plain JSON values, and a declaration to fill in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from math import atan2, degrees
from typing import Any

from bim.georeference.choosing import Assessment
from bim.georeference.georeference import Georeference
from bim.georeference.levels import Levels
from bim.georeference.mapping import axis_from_north
from bim.georeference.siting import into_map
from twin.crs import crs_label, horizontal, parse_crs

#: So many different statements of a level are told one by one.
_SHOWN = 5


def describe_place(assessment: Assessment) -> dict[str, Any]:
    """Return what a file says of its place, what is used and what was found, as plain JSON values.

    Where nothing can be used, there is a declaration to fill in.
    """
    levels = assessment.levels
    return {
        "schema": levels.schema,
        "length_unit_m": levels.length_unit_m,
        "levels": list(levels.found),
        "statements": [{"level": level, "entity": entity, "says": says} for level, entity, says in _statements(levels)],
        "used": None if assessment.chosen is None else _used(assessment.chosen),
        "findings": [asdict(finding) for finding in assessment.findings],
        "declaration": None if assessment.chosen else write_template(assessment),
    }


def render_place(assessment: Assessment) -> str:
    """Return the same as text for a terminal."""
    lines = _told(assessment.levels) or ["the file says nothing of its place"]
    lines.append(f"used: {_in_words(assessment.chosen)}")
    lines += map(str, assessment.findings)
    if assessment.chosen is None:
        lines.append("a declaration to fill in:")
        lines += [f"    {line}" for line in write_template(assessment).splitlines()]
    return "\n".join(lines)


def _in_words(chosen: Georeference | None) -> str:
    if chosen is None:
        return "nothing; the model needs a declaration (twin bim FILE --georef FILE.toml)"
    level = f"level {chosen.level}" if chosen.level else "the declaration"
    where = f"{chosen.x:.10g}, {chosen.y:.10g} in {crs_label(chosen.crs)}, height {chosen.height_m:.3f} m"
    metres = "true metres" if chosen.metres == "true" else f"scale {chosen.scale[0]:.7g}"
    return f"{level}: {where}, x axis {chosen.axis_deg:.4f}° from east, {metres}"


def _used(chosen: Georeference) -> dict[str, Any]:
    return {
        "level": chosen.level,
        "crs": crs_label(chosen.crs),
        "x": chosen.x,
        "y": chosen.y,
        "height_m": chosen.height_m,
        "height_shift_m": chosen.height_shift_m,
        "vertical": chosen.vertical,
        "axis_deg": chosen.axis_deg,
        "scale": list(chosen.scale),
        "metres": chosen.metres,
        "anchor_m": chosen.anchor_m.tolist(),
        "sources": dict(chosen.sources),
    }


def _statements(levels: Levels) -> Iterator[tuple[int, str, str]]:
    """Say what every level of a file says: level, entity, words."""
    for address in levels.addresses:
        yield 10, address.entity, address.text
    for site in levels.positions:
        angles = [f"{value:.8f}°" if value is not None else "none" for value in (site.latitude_deg, site.longitude_deg)]
        height = "none" if site.elevation_m is None else f"{site.elevation_m:.3f} m"
        yield 20, site.entity, f"latitude {angles[0]}, longitude {angles[1]}, elevation {height}"
    for placement in levels.placements:
        x, y, z = placement.matrix_m[:3, 3]
        turned = degrees(atan2(placement.matrix_m[1, 0], placement.matrix_m[0, 0]))
        yield 30, placement.entity, f"at {x:.3f}, {y:.3f}, {z:.3f} m, turned by {turned:.4f}°"
    for axes in levels.axes:
        x, y, z = axes.matrix_m[:3, 3]
        north = "none" if axes.true_north is None else f"{axes.true_north[0]:.6f}, {axes.true_north[1]:.6f}"
        yield 40, axes.entity, f"{axes.dimension}D, origin {x:.3f}, {y:.3f}, {z:.3f} m, true north {north}"
    for conversion in levels.conversions:
        crs = conversion.crs.name if conversion.crs else "no CRS"
        place = f"{conversion.eastings:.10g}, {conversion.northings:.10g}, {conversion.height:.10g}"
        axis = "none" if conversion.axis is None else f"{conversion.axis[0]:.6f}, {conversion.axis[1]:.6f}"
        scale = "none" if conversion.scale is None else f"{conversion.scale:.10g}"
        yield 50, conversion.entity, f"{place} in {crs!r}, axis {axis}, scale {scale}"


def _told(levels: Levels) -> list[str]:
    """Return a line for each statement: equal ones together, and no more than some of each level."""
    alike: dict[tuple[int, str], list[str]] = {}
    for level, entity, says in _statements(levels):
        alike.setdefault((level, " ".join(says.split())), []).append(entity)
    lines = []
    for level in dict.fromkeys(level for level, _ in alike):
        mine = [(says, entities) for (its, says), entities in alike.items() if its == level]
        for says, (first, *others) in mine[:_SHOWN]:
            lines.append(f"level {level} {first}{f' and {len(others)} more' if others else ''}: {says}")
        lines += [f"level {level}: {len(mine) - _SHOWN} other statements"] if len(mine) > _SHOWN else []
    return lines


def write_template(assessment: Assessment) -> str:
    """Return a declaration to fill in, with what is known already; as it is, it places what was placed before."""
    known = (assessment.chosen or _unjudged(assessment.levels)).upright()
    metres_in_unit = horizontal(known.crs).axis_info[0].unit_conversion_factor
    if known.crs.is_projected:
        crs = crs_label(known.crs) if assessment.chosen else _named(assessment.levels)
        place = [
            "# The CRS of eastings and northings: an EPSG code, a PROJ string or WKT.",
            f"crs = {json.dumps(crs, ensure_ascii=False)}",
            "# Where the anchor stands, in metres; or longitude_deg and latitude_deg on WGS 84 instead.",
            f"easting_m = {_number(known.x * metres_in_unit)}",
            f"northing_m = {_number(known.y * metres_in_unit)}",
        ]
    else:
        place = [
            "# Where the anchor stands, on WGS 84; or crs, easting_m and northing_m instead.",
            f"longitude_deg = {_number(known.x)}",
            f"latitude_deg = {_number(known.y)}",
        ]
    lines = [
        "# Where a building model stands. What is left out is taken from the file; what stands here goes before it.",
        "# The file says:",
        *(f"#   {line}" for line in _told(assessment.levels) or ["nothing"]),
        *place,
        f"height_m = {_number(known.height_m)}",
        "# What is added to the heights to make them 1985 heights.",
        f"height_shift_m = {_number(known.height_shift_m)}",
        "# Where the x axis of the model points: degrees anti-clockwise from grid east (of a longitude, true east).",
        *_axis_lines(assessment, known),
        "# The point of the model, in its own coordinates in metres, that stands there.",
        f"anchor_m = [{', '.join(map(_number, known.anchor_m.tolist()))}]",
        '# "grid": metres of the model are those of the grid; "true": they are true ones, put on the grid by its',
        "# factor; or metres of the grid in a metre of the model.",
        f'scale = "{known.metres}"' if set(known.scale) == {1.0} else f"scale = {known.scale[0]!r}",
    ]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return repr(value + 0.0)  # 0.0 for -0.0


def _axis_lines(assessment: Assessment, known: Georeference) -> list[str]:
    levels = assessment.levels
    if assessment.chosen or levels.conversions or into_map(levels) is not None or not axis_from_north(levels):
        return [f"x_axis_deg = {_number(known.axis_deg)}"]
    true_deg = axis_from_north(levels)
    return [
        f"# Left out, true north in the file turns it {true_deg:.4f}° from true east.",
        "# x_axis_deg = 0.0",
    ]


def _named(levels: Levels) -> str:
    named = levels.conversions[0].crs if levels.conversions else None
    return named.name if named is not None and named.name else "EPSG:4548"


def _unjudged(levels: Levels) -> Georeference:
    """Return the numbers of a file that cannot be relied on, for whoever corrects them."""
    crs = parse_crs("EPSG:4548")  # any projected one; the file names none that could be used
    if levels.conversions:
        said = levels.conversions[0]
        unit_m = (said.crs.map_unit_m if said.crs else None) or 1.0
        x, y, height_m = (value * unit_m for value in (said.eastings, said.northings, said.height))
        return Georeference(level=None, crs=crs, x=x, y=y, height_m=height_m, axis_deg=said.axis_deg, metres="true")
    to_map = into_map(levels)
    if to_map is not None:
        x, y, height_m = to_map[:3, 3].tolist()
        axis_deg = degrees(atan2(to_map[1, 0], to_map[0, 0]))
        return Georeference(level=None, crs=crs, x=x, y=y, height_m=height_m, axis_deg=axis_deg)
    heights = (site.elevation_m for site in levels.positions if site.elevation_m is not None)
    return Georeference(level=None, crs=crs, x=0.0, y=0.0, height_m=next(heights, 0.0), metres="true")
