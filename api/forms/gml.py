"""Frames as GML 3.2, geometry by geometry: no Python loop over vertices.

GEOS writes the coordinates of each geometry as WKT, of which GML has the same numbers between other marks.

References
----------
OGC 07-036 (ISO 19136): 10 to 12 (geometries), 21 (application schemas).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import shapely

from api.crs import NamedCrs
from api.forms.xmlnames import escape_text, to_xml_name
from twin.columns import plain_values
from twin.crs import CRS
from twin.frame import Frame
from twin.layer import Layer
from twin.schema import GEOMETRY

GML_URI = "http://www.opengis.net/gml/3.2"
#: Namespace of layers and fields, the same for every twin.
NAMESPACE, PREFIX = "urn:x-county-twin:layers", "twin"

#: Of each type of geometry: its element, the property around a member, and the element of a member.
_MULTI = {
    "MULTIPOINT": ("MultiPoint", "pointMember", "POINT"),
    "MULTILINESTRING": ("MultiCurve", "curveMember", "LINESTRING"),
    "MULTIPOLYGON": ("MultiSurface", "surfaceMember", "POLYGON"),
}


def encode_members(
    frame: Frame, crs: NamedCrs, srs_name: str, *, fields: Iterable[str] | None = None, geometry: bool = True
) -> list[str]:
    """Write the n rows of a frame as elements of an application schema, properties without a value left out.

    Parameters
    ----------
    frame
        Rows in the storage CRS.
    crs, srs_name
        What the geometries are written in, in its order of axes, and the name by which that is told.
    fields
        Only these; all by default.
    geometry
        Whether the geometry is wanted.
    """
    layer = frame.layer
    wanted = layer.schema.names if fields is None else frozenset(fields)
    ids = feature_ids(layer, frame.data.index)
    columns = [
        encode_property(name, encode_values(frame, name))
        for name in layer.schema.names
        if name in wanted and name in frame.data
    ]
    if geometry:
        columns.append(encode_property(GEOMETRY, encode_gml(frame.geometry, frame.crs, crs, srs_name, ids, layer)))
    element = f"{PREFIX}:{to_xml_name(layer.id)}"
    return [
        f'<{element} gml:id="{gml_id}">{"".join(values)}</{element}>'
        for gml_id, *values in zip(ids, *columns, strict=True)
    ]


def feature_ids(layer: Layer, keys: Iterable[str]) -> list[str]:
    """Name features as XML ids: the layer and the key."""
    return [to_xml_name(f"{layer.id}.{key}") for key in keys]


def encode_values(frame: Frame, name: str) -> list[str]:
    """Write the n values of a field; where there is none there is no text."""
    field = frame.layer.schema[name]
    values = plain_values(frame.data[name], field)
    if field.type == "boolean":
        return ["" if value is None else str(value).lower() for value in values]
    known = {value: "" if value is None else escape_text(str(value)) for value in set(values)}
    return [known[value] for value in values]


def encode_property(name: str, contents: Sequence[str]) -> list[str]:
    """Put n contents into the elements of a property; where there is none there is no element."""
    element = f"{PREFIX}:{to_xml_name(name)}"
    return [f"<{element}>{content}</{element}>" if content else "" for content in contents]


def encode_gml(
    geometries: npt.NDArray[np.object_],
    storage: CRS,
    crs: NamedCrs,
    srs_name: str,
    ids: Sequence[str],
    layer: Layer,
) -> list[str]:
    """Write n geometries of the storage CRS as GML; heights stay, one that is missing or empty is no text.

    Parameters
    ----------
    geometries, storage
        What is written, and its CRS.
    crs, srs_name
        As in `encode_members`.
    ids
        n ids of the features, of which those of geometries are made.
    layer
        Says whether all geometries are of a type with several parts.
    """
    moved = crs.from_storage(shapely.orient_polygons(geometries), storage)
    texts = shapely.to_wkt(moved, rounding_precision=crs.digits, trim=True, output_dimension=3)
    multi = not layer.also and layer.geometry.startswith("Multi")
    srs = f' srsName="{escape_text(srs_name)}"'
    return [
        "" if text is None or text.endswith("EMPTY") else _write_geometry(text, f"{gml_id}.geometry", srs, multi=multi)
        for text, gml_id in zip(texts, ids, strict=True)
    ]


def _write_geometry(wkt: str, gml_id: str, srs: str, *, multi: bool) -> str:
    head, _, body = wkt.partition("(")
    kind, _, height = head.partition(" ")
    body = body[:-1]
    if multi and kind not in _MULTI:
        kind, body = f"MULTI{kind}", f"({body})"
    srs += ' srsDimension="3"' if height.strip() else ' srsDimension="2"'
    if kind not in _MULTI:
        return _write_single(kind, body, gml_id, srs)
    element, member, single = _MULTI[kind]
    parts = body.split(")), ((") if single == "POLYGON" else body.split("), (")
    parts = [part.strip("()") for part in parts]
    if single == "POLYGON":
        parts = [f"({part})" for part in parts]
    members = "".join(
        f"<gml:{member}>{_write_single(single, part, f'{gml_id}.{number}', '')}</gml:{member}>"
        for number, part in enumerate(parts)
    )
    return f'<gml:{element} gml:id="{gml_id}"{srs}>{members}</gml:{element}>'


def _write_single(kind: str, body: str, gml_id: str, srs: str) -> str:
    if kind == "POINT":
        return f'<gml:Point gml:id="{gml_id}"{srs}><gml:pos>{body}</gml:pos></gml:Point>'
    if kind == "LINESTRING":
        return f'<gml:LineString gml:id="{gml_id}"{srs}>{_write_list(body)}</gml:LineString>'
    outer, *inner = body[1:-1].split("), (")
    rings = [f"<gml:exterior>{_write_ring(outer)}</gml:exterior>"]
    rings += [f"<gml:interior>{_write_ring(ring)}</gml:interior>" for ring in inner]
    return f'<gml:Polygon gml:id="{gml_id}"{srs}>{"".join(rings)}</gml:Polygon>'


def _write_ring(body: str) -> str:
    return f"<gml:LinearRing>{_write_list(body)}</gml:LinearRing>"


def _write_list(body: str) -> str:
    return f"<gml:posList>{body.replace(', ', ' ')}</gml:posList>"
