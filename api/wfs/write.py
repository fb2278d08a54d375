"""What WFS answers with features: collections in GML 3.2 and GeoJSON, values of a property, a feature by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from api.geojson import encode_features, to_json
from api.gml import (
    GML_URI,
    NAMESPACE,
    PREFIX,
    encode_gml,
    encode_members,
    encode_property,
    encode_values,
    feature_ids,
)
from api.wfs.crs import Srs
from api.wfs.find import Found
from api.xmlnames import escape_text
from twin.frame import Frame
from twin.schema import GEOMETRY

GML_TYPE = "application/gml+xml; version=3.2"
WFS_URI = "http://www.opengis.net/wfs/2.0"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACES = {
    "wfs": WFS_URI,
    "gml": GML_URI,
    PREFIX: NAMESPACE,
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How features are wanted.

    Parameters
    ----------
    srs
        In which CRS.
    fields
        Which fields; None is all.
    geometry
        Whether with their geometry.
    schema
        Address of the schema of the layer.
    following
        Address of the next page, where there is one.
    """

    srs: Srs
    fields: tuple[str, ...] | None
    geometry: bool
    schema: str
    following: str | None


def write_collection(found: Found, wish: Wish) -> Iterator[bytes]:
    """Write features as a ``wfs:FeatureCollection``."""
    yield _head("FeatureCollection", found.matched, len(found.keys), wish).encode()
    for frame in found.frames():
        members = encode_members(frame, wish.srs.crs, wish.srs.name, fields=wish.fields, geometry=wish.geometry)
        yield "".join(f"<wfs:member>{member}</wfs:member>\n" for member in members).encode()
    yield b"</wfs:FeatureCollection>\n"


def write_hits(found: Found, wish: Wish, element: str = "FeatureCollection") -> bytes:
    """Write how many features there are, and none of them."""
    return f"{_head(element, found.matched, 0, wish)}</wfs:{element}>\n".encode()


def write_values(found: Found, wish: Wish, name: str) -> Iterator[bytes]:
    """Write the values of a property of features as a ``wfs:ValueCollection``."""
    yield _head("ValueCollection", found.matched, len(found.keys), wish).encode()
    for frame in found.frames():
        values = encode_property(name, _contents(frame, name, wish.srs))
        yield "".join(f"<wfs:member>{value}</wfs:member>\n" for value in values if value).encode()
    yield b"</wfs:ValueCollection>\n"


def write_feature(found: Found, wish: Wish) -> bytes:
    """Write the one feature there is."""
    (frame,) = found.frames()
    (member,) = encode_members(frame, wish.srs.crs, wish.srs.name)
    head, _, rest = member.partition(" ")
    return f"{_XML}{head}{_spaces(wish.schema)} {rest}\n".encode()


def write_geojson(found: Found, wish: Wish) -> Iterator[bytes]:
    """Write features as a GeoJSON FeatureCollection, in degrees."""
    members = {
        "type": "FeatureCollection",
        "timeStamp": _now(),
        "numberMatched": found.matched,
        "numberReturned": len(found.keys),
    }
    if wish.following:
        members["links"] = [{"rel": "next", "href": wish.following}]
    yield f'{to_json(members)[:-1]}, "features": ['.encode()
    separator = ""
    for frame in found.frames():
        yield (separator + ",\n".join(encode_features(_only(frame, wish.fields)))).encode()
        separator = ",\n"
    yield b"]}"


def _contents(frame: Frame, name: str, srs: Srs) -> list[str]:
    """Write the n values of a property."""
    if name == GEOMETRY:
        ids = feature_ids(frame.layer, frame.data.index)
        return encode_gml(frame.geometry, frame.crs, srs.crs, srs.name, ids, frame.layer)
    return encode_values(frame, name)


def _only(frame: Frame, fields: Sequence[str] | None) -> Frame:
    """The same rows with some of their fields."""
    if fields is None:
        return frame
    rows = frame.rows.read()
    kept = [name for name in frame.layer.schema.names if name in fields]
    return replace(frame, rows=replace(rows, data=rows.data[[*kept, frame.data.geometry.name]]))


def _head(element: str, matched: int, returned: int, wish: Wish) -> str:
    following = f' next="{escape_text(wish.following)}"' if wish.following else ""
    return (
        f'{_XML}<wfs:{element}{_spaces(wish.schema)} timeStamp="{_now()}" numberMatched="{matched}" '
        f'numberReturned="{returned}"{following}>\n'
    )


def _spaces(schema: str) -> str:
    """The namespaces, and where their schemas are."""
    places = (
        f"{WFS_URI} http://schemas.opengis.net/wfs/2.0/wfs.xsd "
        f"{GML_URI} http://schemas.opengis.net/gml/3.2.1/gml.xsd {NAMESPACE} {schema}"
    )
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in _SPACES.items())
    return f'{spaces} xsi:schemaLocation="{escape_text(places)}"'


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
