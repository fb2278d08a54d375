"""What WFS answers with features: collections in GML 3.2 and GeoJSON, values of a property, a feature by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from api.forms.geojson import encode_features, to_json
from api.forms.gml import encode_gml, encode_members, encode_property, encode_values, feature_ids
from api.forms.gmlpages import close_collection, enclose_feature, enclose_members, open_collection
from api.http.media import GML
from api.wfs.crs import Srs
from api.wfs.find import Found
from twin.frame import Frame
from twin.moments import write_instant
from twin.schema import GEOMETRY

GML_TYPE = f"{GML}; version=3.2"


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
    yield _open("FeatureCollection", found.matched, len(found.keys), wish)
    for frame in found.frames():
        named = wish.srs
        yield enclose_members(encode_members(frame, named.crs, named.name, fields=wish.fields, geometry=wish.geometry))
    yield close_collection("FeatureCollection")


def write_hits(found: Found, wish: Wish, element: str = "FeatureCollection") -> bytes:
    """Write how many features there are, and none of them."""
    return _open(element, found.matched, 0, wish) + close_collection(element)


def write_values(found: Found, wish: Wish, name: str) -> Iterator[bytes]:
    """Write the values of a property of features as a ``wfs:ValueCollection``."""
    yield _open("ValueCollection", found.matched, len(found.keys), wish)
    for frame in found.frames():
        values = encode_property(name, _contents(frame, name, wish.srs))
        yield enclose_members(value for value in values if value)
    yield close_collection("ValueCollection")


def write_feature(found: Found, wish: Wish) -> bytes:
    """Write the one feature there is."""
    (frame,) = found.frames()
    (member,) = encode_members(frame, wish.srs.crs, wish.srs.name)
    return enclose_feature(member, wish.schema)


def write_geojson(found: Found, wish: Wish) -> Iterator[bytes]:
    """Write features as a GeoJSON FeatureCollection, in degrees."""
    members = {
        "type": "FeatureCollection",
        "timeStamp": write_instant(datetime.now(UTC), timespec="seconds"),
        "numberMatched": found.matched,
        "numberReturned": len(found.keys),
    }
    if wish.following:
        members["links"] = [{"rel": "next", "href": wish.following}]
    yield f'{to_json(members)[:-1]}, "features": ['.encode()
    separator = ""
    for frame in found.frames():
        yield (separator + ",\n".join(encode_features(frame, only=wish.fields))).encode()
        separator = ",\n"
    yield b"]}"


def _contents(frame: Frame, name: str, srs: Srs) -> list[str]:
    """Write the n values of a property."""
    if name == GEOMETRY:
        ids = feature_ids(frame.layer, frame.data.index)
        return encode_gml(frame.geometry, frame.crs, srs.crs, srs.name, ids, frame.layer)
    return encode_values(frame, name)


def _open(element: str, matched: int, returned: int, wish: Wish) -> bytes:
    return open_collection(element, matched, returned, schema=wish.schema, following=wish.following)
