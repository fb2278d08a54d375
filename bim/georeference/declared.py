"""A declaration: a TOML file beside a model that says where it stands, or mends what the model says.

What it says goes before what the file says; what it leaves out is taken from the file. Without eastings in either, the
coordinates of the model are taken for those of the CRS, when they are where it is used.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from bim.finding import Finding
from bim.georeference.georeference import Georeference, moved_by
from bim.georeference.levels import Levels
from bim.georeference.mapping import read_conversion
from bim.georeference.naming import find_crs, vertical_datum
from bim.georeference.siting import into_map
from bim.georeference.standing import FAR_M, holds, stands_at
from bim.georeference.turning import turn_as_file_says
from twin.crs import CRS, CRS84, crs_label, horizontal, parse_crs
from twin.errors import CrsError, InvalidParameter
from twin.nearest import suggest


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a declaration says; None where it says nothing.

    Parameters
    ----------
    name
        Of its file.
    crs
        What eastings and northings are in.
    easting_m, northing_m
        Of the anchor.
    longitude_deg, latitude_deg
        Of the anchor, on WGS 84, instead.
    height_m
        Of the anchor, above the vertical datum.
    height_shift_m
        What is added to come to 1985 heights.
    x_axis_deg
        Where the x axis of the model points: anti-clockwise from the east of the grid, of degrees from true east. Left
        out, it is where a conversion of the file has it, else where its true north does; north along the y axis, which
        programs write by default, is taken for that of the grid.
    anchor_m
        The point of the model, in project coordinates, that stands there.
    scale
        ``grid`` (metres of the model are those of the grid), ``true`` (they are true ones), or metres of the grid in a
        metre of the model.
    """

    name: str
    crs: str | None = None
    easting_m: float | None = None
    northing_m: float | None = None
    longitude_deg: float | None = None
    latitude_deg: float | None = None
    height_m: float | None = None
    height_shift_m: float | None = None
    x_axis_deg: float | None = None
    anchor_m: tuple[float, float, float] | None = None
    scale: float | str | None = None


_KEYS = tuple(field.name for field in fields(Declaration) if field.name != "name")


def read_declaration(path: Path) -> Declaration:
    """Read a declaration.

    Raises
    ------
    InvalidParameter
        It cannot be read, has a key that there is not, or a value that is none.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidParameter(f"declaration {path.name} cannot be read: {error}", cause=error) from error
    return parse_declaration(said, path.name)


def parse_declaration(said: Mapping[str, Any], name: str) -> Declaration:
    """Check what a declaration says, as `read_declaration` does."""
    for key in said:
        if key not in _KEYS:
            raise InvalidParameter(f"declaration {name}: {key} is not known; {suggest(key, _KEYS)}")
    for one, other in (("easting_m", "northing_m"), ("longitude_deg", "latitude_deg")):
        if (one in said) != (other in said):
            raise InvalidParameter(f"declaration {name}: {one} and {other} belong together")
    if "easting_m" in said and "longitude_deg" in said:
        raise InvalidParameter(f"declaration {name}: give easting_m and northing_m, or longitude_deg and latitude_deg")
    return Declaration(name=name, **{key: _check(key, value, name) for key, value in said.items()})


def _check(key: str, value: Any, name: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
    if key == "crs":
        ok, wanted = isinstance(value, str), "a text such as EPSG:4548"
    elif key == "anchor_m":
        ok = isinstance(value, list) and len(value) == 3 and all(type(v) in {int, float} for v in value)
        wanted = "three numbers"
    elif key == "scale":
        ok, wanted = (
            value in {"grid", "true"} or (number and 0.9 < value < 1.1),
            '"grid", "true", or a number close to 1',
        )
    else:
        ok, wanted = number, "a number"
    if not ok:
        raise InvalidParameter(f"declaration {name}: {key} is {wanted}, not {value!r}")
    return tuple(map(float, value)) if key == "anchor_m" else value


def apply_declaration(declaration: Declaration, levels: Levels) -> tuple[Georeference, tuple[Finding, ...]]:
    """Return what a declaration and the file that it is for say together.

    Raises
    ------
    InvalidParameter
        They do not say enough, or the model would stand where its CRS is not used.
    """
    findings: list[Finding] = []
    if declaration.longitude_deg is not None and declaration.latitude_deg is not None:
        base = _from_degrees(declaration, levels)
    else:
        base = _from_map(declaration, levels, findings)
    told = {
        "height_m": declaration.height_m,
        "height_shift_m": declaration.height_shift_m,
        "axis_deg": declaration.x_axis_deg,
    }
    values: dict[str, Any] = {key: value for key, value in told.items() if value is not None}
    if declaration.anchor_m is not None:
        values["to_anchor_m"] = moved_by(-np.array(declaration.anchor_m))
    if isinstance(declaration.scale, str):
        values["metres"] = declaration.scale
        if declaration.scale == "true":
            values["scale"] = (1.0, 1.0, 1.0)
    elif declaration.scale is not None:
        values |= {"scale": (declaration.scale, declaration.scale, 1.0), "metres": "grid"}
    sources = {**base.sources, **dict.fromkeys(values, declaration.name)}
    read = replace(base.upright(), level=None, sources=sources, **values)
    if declaration.x_axis_deg is None and sources["x"] == declaration.name:
        turned_deg, source = turn_as_file_says(read, levels)
        read = replace(read, axis_deg=turned_deg, sources={**sources, "axis_deg": source})
    read = _near(read, levels)
    if not read.crs.is_projected and read.metres == "grid":
        raise InvalidParameter(f"declaration {declaration.name}: a model at a longitude has no metres of a grid")
    return read, tuple(findings)


def _from_degrees(declaration: Declaration, levels: Levels) -> Georeference:
    elevation_m = next((site.elevation_m for site in levels.positions if site.elevation_m is not None), None)
    if declaration.height_m is None and elevation_m is None:
        raise _lacking(declaration, "height_m")
    lon, lat = declaration.longitude_deg or 0.0, declaration.latitude_deg or 0.0
    if not holds(CRS84, lon, lat):
        raise InvalidParameter(f"declaration {declaration.name}: {lon}, {lat} is no longitude and latitude")
    return Georeference(
        level=None,
        crs=CRS84,
        x=lon,
        y=lat,
        height_m=elevation_m or 0.0,
        metres="true",
        sources=dict.fromkeys(("crs", "x", "y"), declaration.name) | {"height_m": "IfcSite"},
    )


def _from_map(declaration: Declaration, levels: Levels, findings: list[Finding]) -> Georeference:
    """Take the anchor from the declaration, else from the conversion of the file, else the model stands in its CRS."""
    conversion = levels.conversions[0] if levels.conversions else None
    crs, vertical = _crs_of(declaration, levels)
    if not crs.is_projected:
        raise InvalidParameter(
            f"declaration {declaration.name}: {crs_label(crs)} has no eastings; give a projected crs"
        )
    metres_in_unit = crs.axis_info[0].unit_conversion_factor
    sources = {"crs": declaration.name if declaration.crs else conversion.entity if conversion else ""}
    if declaration.easting_m is not None and declaration.northing_m is not None:
        if declaration.height_m is None:
            raise _lacking(declaration, "height_m")
        read = Georeference(
            level=None,
            crs=crs,
            x=declaration.easting_m / metres_in_unit,
            y=declaration.northing_m / metres_in_unit,
            height_m=declaration.height_m,
            vertical=vertical,
            sources=sources | dict.fromkeys(("x", "y"), declaration.name),
        )
    elif conversion is not None:
        if declaration.height_m is not None:
            conversion = replace(conversion, height=0.0)
        if declaration.scale is not None:
            conversion = replace(conversion, scale=None, factors=(1.0, 1.0, 1.0))
        known = read_conversion(conversion, crs, levels, findings, vertical=vertical)
        errors = [finding for finding in findings if finding.severity == "error"]
        if known is None or errors:
            raise InvalidParameter(f"declaration {declaration.name} does not mend it: {'; '.join(map(str, errors))}")
        read = replace(known, sources={**known.sources, **sources})
    elif (to_map_m := into_map(levels)) is not None:
        read = Georeference(
            level=None,
            crs=crs,
            x=0.0,
            y=0.0,
            height_m=0.0,
            to_anchor_m=to_map_m,
            vertical=vertical,
            sources=sources | dict.fromkeys(("x", "y", "height_m"), "coordinates of the model"),
        )
    else:
        raise _lacking(declaration, "easting_m and northing_m, or longitude_deg and latitude_deg")
    return read


def _crs_of(declaration: Declaration, levels: Levels) -> tuple[CRS, str]:
    named = levels.conversions[0].crs if levels.conversions else None
    found = find_crs(named)
    if declaration.crs is not None:
        try:
            found = parse_crs(declaration.crs)
        except CrsError as error:
            raise InvalidParameter(f"declaration {declaration.name}: crs: {error.detail}", cause=error) from error
    if found is None:
        raise _lacking(declaration, "crs")
    return horizontal(found), vertical_datum(named, found)


def _near(read: Georeference, levels: Levels) -> Georeference:
    """Check that the model stands where its CRS is used, and anchor true metres amid the model."""
    away_m = float(np.hypot(*(levels.typical_m - read.anchor_m)[:2]))
    if not read.crs.is_projected:
        if away_m > FAR_M:
            raise InvalidParameter(
                f"the model stands {away_m / 1000:,.0f} km from its anchor; give anchor_m, the point of the model that "
                "stands at the longitude"
            )
        return read
    x, y, height_m = map(float, stands_at(read, levels))
    if not holds(read.crs, x, y):
        swapped = holds(read.crs, y, x) and read.sources["x"] == read.sources["y"]
        advice = "easting_m and northing_m are swapped: the northing is the distance from the equator"
        if not swapped:
            advice = "check crs, easting_m and northing_m, or give anchor_m, the point of the model that stands there"
        raise InvalidParameter(
            f"the model would stand at {x:.1f}, {y:.1f}, outside of where {crs_label(read.crs)} is used; {advice}"
        )
    if read.metres == "grid" or away_m <= FAR_M:
        return read
    return replace(read, x=x, y=y, height_m=height_m - read.height_shift_m, to_anchor_m=moved_by(-levels.typical_m))


def _lacking(declaration: Declaration, what: str) -> InvalidParameter:
    return InvalidParameter(f"declaration {declaration.name}: {what} is missing, and the file does not say it either")
