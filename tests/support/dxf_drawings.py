"""Drawings of pipelines as surveyors hand them over, written by ezdxf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import ezdxf

#: Writes values on an entity.
Carry = Callable[[Any, Mapping[str, Any]], None]
#: Kind of entity and layer, vertices, values.
Thing = tuple[str, str, Iterable[tuple[float, ...]], Mapping[str, Any]]


def as_attributes(entity, values):
    """Attributes of a block, which symbols have."""
    for tag, value in values.items():
        entity.add_attrib(tag, str(value), (0, 0))


def as_names_and_values(entity, values, application="GXPT"):
    """Extended data of one application: name, value, name, value."""
    entity.doc.appids.add(application) if application not in entity.doc.appids else None
    entity.set_xdata(application, [(1000, str(part)) for pair in values.items() for part in pair])


def as_equations(entity, values):
    """Extended data of one application: name=value."""
    entity.doc.appids.add("PIPE") if "PIPE" not in entity.doc.appids else None
    entity.set_xdata("PIPE", [(1000, f"{name}={value}") for name, value in values.items()])


def as_applications(entity, values):
    """Extended data of an application for each value, beside the code that CASS writes."""
    for application, value in {"SOUTH": "144100", **values}.items():
        entity.doc.appids.add(application) if application not in entity.doc.appids else None
        code = 1040 if isinstance(value, float) else 1000
        entity.set_xdata(application, [(code, value if code == 1040 else str(value))])


def as_records(entity, values):
    """A record for each value in a dictionary of the extension dictionary, as GIS programs write."""
    folder = entity.new_extension_dict().dictionary.add_new_dict("ATTRIBUTES")
    for name, value in values.items():
        folder.add_xrecord(name).extend([(40, value) if isinstance(value, float) else (1, str(value))])


def draw(
    path: Path,
    things: Iterable[Thing],
    *,
    version="R2000",
    encoding="gbk",
    carry_points: Carry = as_attributes,
    carry_lines: Carry = as_names_and_values,
    binary=False,
    unit=6,
) -> Path:
    """Write a drawing of symbols and lines with their values."""
    document = ezdxf.new(version, units=unit)
    document.encoding = "utf-8" if version in ("R2007", "R2010", "R2013", "R2018") else encoding
    document.blocks.new("GC").add_circle((0, 0), 0.5)
    space = document.modelspace()
    for kind, layer, places, values in things:
        entity = _add(space, kind, [*places], {"layer": layer})
        if values:
            (carry_points if kind == "INSERT" else carry_lines)(entity, values)
    document.saveas(path, fmt="bin" if binary else "asc")
    return path


def _add(space, kind, at, where):
    flat = [place[:2] for place in at]
    match kind:
        case "INSERT":
            return space.add_blockref("GC", at[0], dxfattribs=where)
        case "POINT":
            return space.add_point(at[0], dxfattribs=where)
        case "LINE":
            return space.add_line(at[0], at[1], dxfattribs=where)
        case "LWPOLYLINE":
            return space.add_lwpolyline(flat, dxfattribs=where)
        case "POLYLINE":
            return space.add_polyline3d(at, dxfattribs=where)
        case "POLYLINE2D":
            return space.add_polyline2d(flat, dxfattribs=where)
        case "BULGE":  # a half circle from each vertex to the next
            return space.add_lwpolyline([(*place, 1.0) for place in flat], format="xyb", dxfattribs=where)
    raise ValueError(kind)
