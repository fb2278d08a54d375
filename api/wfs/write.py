"""What WFS answers with features: collections in GML 3.2 and GeoJSON, values of a property, a feature by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from api.forms.geojson import encode_features, to_json
from api.forms.gml import encode_gml, encode_members, encode_property, encode_values, feature_ids
from api.forms.gmlpages import (
    close_collection,
    enclose_collection,
    enclose_feature,
    enclose_members,
    open_collection,
    refer_to,
)
from api.http.media import GML
from api.wfs.crs import Srs
from api.wfs.find import Found
from twin.frame import Frame
from twin.moments import write_instant
from twin.schema import GEOMETRY

GML_TYPE = f"{GML}; version=3.2"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was found for a query, and how it is wanted.

    Parameters
    ----------
    found
        The features.
    srs
        In which CRS.
    fields
        Which fields; None is all.
    geometry
        Whether with their geometry.
    """

    found: Found
    srs: Srs
    fields: tuple[str, ...] | None
    geometry: bool


@dataclass(frozen=True, kw_only=True)
class Results:
    """What was found for all queries of a request.

    Parameters
    ----------
    each
        In the order of the queries.
    schema
        Address of the schema of their layers.
    following
        Address of the next page, where there is one.
    """

    each: Sequence[Result]
    schema: str
    following: str | None

    @property
    def matched(self) -> int:
        """How many features there are."""
        return sum(one.found.matched for one in self.each)

    @property
    def returned(self) -> int:
        """How many of them stand here."""
        return sum(len(one.found.keys) for one in self.each)


def write_collection(results: Results) -> Iterator[bytes]:
    """Write features as a ``wfs:FeatureCollection``, those of several queries as collections in one."""
    yield _open("FeatureCollection", results)
    several, written = len(results.each) > 1, set[str]()
    for one in results.each:
        members: Iterator[bytes] = (enclose_members(_encode(frame, one)) for frame in one.found.frames())
        if several:
            members = (_encode_once(frame, one, written) for frame in one.found.frames())
            members = enclose_collection(one.found.matched, len(one.found.keys), members)
        yield from members
    yield close_collection("FeatureCollection")


def write_hits(results: Results, element: str = "FeatureCollection") -> bytes:
    """Write how many features there are, and none of them."""
    return open_collection(element, results.matched, 0, schema=results.schema) + close_collection(element)


def write_values(results: Results, name: str) -> Iterator[bytes]:
    """Write the values of a property of features as a ``wfs:ValueCollection``."""
    yield _open("ValueCollection", results)
    for one in results.each:
        for frame in one.found.frames():
            values = encode_property(name, _contents(frame, name, one.srs))
            yield enclose_members(value for value in values if value)
    yield close_collection("ValueCollection")


def write_feature(results: Results) -> bytes:
    """Write the one feature there is."""
    (one,) = results.each
    (frame,) = one.found.frames()
    (member,) = encode_members(frame, one.srs.crs, one.srs.name)
    return enclose_feature(member, results.schema)


def write_geojson(results: Results) -> Iterator[bytes]:
    """Write features as a GeoJSON FeatureCollection, in degrees."""
    members = {
        "type": "FeatureCollection",
        "timeStamp": write_instant(datetime.now(UTC), timespec="seconds"),
        "numberMatched": results.matched,
        "numberReturned": results.returned,
    }
    if results.following:
        members["links"] = [{"rel": "next", "href": results.following}]
    yield f'{to_json(members)[:-1]}, "features": ['.encode()
    separator = ""
    for one in results.each:
        for frame in one.found.frames():
            yield (separator + ",\n".join(encode_features(frame, only=one.fields))).encode()
            separator = ",\n"
    yield b"]}"


def _encode(frame: Frame, one: Result) -> list[str]:
    return encode_members(frame, one.srs.crs, one.srs.name, fields=one.fields, geometry=one.geometry)


def _encode_once(frame: Frame, one: Result, written: set[str]) -> bytes:
    """Write members, but refer to those that stand in a collection before (OGC 09-025r2, 11.3.3.5)."""
    ids = feature_ids(frame.layer, frame.data.index)
    members = (
        refer_to(gml_id).encode() if gml_id in written else enclose_members([member])
        for gml_id, member in zip(ids, _encode(frame, one), strict=True)
    )
    data = b"".join(members)
    written.update(ids)
    return data


def _contents(frame: Frame, name: str, srs: Srs) -> list[str]:
    """Write the n values of a property."""
    if name == GEOMETRY:
        ids = feature_ids(frame.layer, frame.data.index)
        return encode_gml(frame.geometry, frame.crs, srs.crs, srs.name, ids, frame.layer)
    return encode_values(frame, name)


def _open(element: str, results: Results) -> bytes:
    return open_collection(
        element, results.matched, results.returned, schema=results.schema, following=results.following
    )
