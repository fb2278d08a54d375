"""Frames as GeoJSON in CRS84 or another CRS, array by array: no Python loop over vertices.

References
----------
RFC 7946: 3.1.6 (rings follow the right-hand rule), 4 (other CRS by prior arrangement), 11.2 (digits beyond 0.1 mm are
noise).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from api.crs import DEFAULT_CRS, NamedCrs
from twin.columns import plain_values
from twin.crs import CRS
from twin.frame import Frame
from twin.geojson import settle_geometries, write_geometries
from twin.moments import write_instant
from twin.schema import FieldType

if TYPE_CHECKING:
    from api.features.itempages import ItemsPage
    from api.http.links import Link

#: Features that are written at a time.
PIECE = 1_000
#: What stands before the geometry of a Feature; a geometry holds no such text.
_GEOMETRY = b', "geometry": '
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def encode_geometries(geometries: npt.NDArray[np.object_], crs: CRS, named: NamedCrs = DEFAULT_CRS) -> list[str]:
    """Write n geometries of a CRS as GeoJSON texts in another; heights stay, a missing geometry is ``null``."""
    return write_geometries(named.ordered(settle_geometries(geometries, crs, named.crs, digits=named.digits)))


def plain_rows(frame: Frame) -> list[dict[str, Any]]:
    """Return the n rows as JSON-ready fields by name."""
    columns = _plain_columns(frame)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def encode_features(
    frame: Frame,
    extra: Mapping[str, Any] | None = None,
    *,
    named: NamedCrs = DEFAULT_CRS,
    only: Collection[str] | None = None,
) -> list[str]:
    """Write the n rows of a frame as GeoJSON Features; the key is the id.

    Parameters
    ----------
    frame
        Rows in the storage CRS.
    extra
        Properties that every feature gets on top.
    named
        The CRS to write them in.
    only
        The fields that are wanted; all that the frame has by default.
    """
    schema = frame.layer.schema
    wanted = {name: values for name, values in _plain_columns(frame).items() if only is None or name in only}
    columns = {name: _encode_values(values, schema[name].type) for name, values in wanted.items()}
    columns |= {name: [to_json(value)] * len(frame) for name, value in (extra or {}).items()}
    properties = ", ".join(f"{to_json(name)}: %s" for name in columns)
    feature = f'{{"type": "Feature", "id": %s, "properties": {{{properties}}}, "geometry": %s}}'
    keys = _encode_values(frame.data.index.tolist(), "text")
    geometries = encode_geometries(frame.geometry, frame.crs, named)
    return [feature % row for row in zip(keys, *columns.values(), geometries, strict=True)]


def split_geometry(feature: bytes) -> tuple[bytes, bytes]:
    """Split a Feature that `encode_features` wrote before its geometry, which it ends with."""
    before, name, geometry = feature.rpartition(_GEOMETRY)
    return before, name + geometry


def replace_geometry(feature: bytes, geometry: str) -> bytes:
    """Put another geometry into a Feature that `encode_features` wrote."""
    return b"".join((split_geometry(feature)[0], _GEOMETRY, geometry.encode(), b"}"))


def write_page(page: ItemsPage, related: list[Link]) -> Iterator[bytes]:
    """Write a page as a FeatureCollection, piece by piece."""
    members = {"type": "FeatureCollection", **page_members(page), "links": related}
    # A tenth of the time of a page; among these members is no number that JSON cannot say.
    return enclose(orjson.dumps(members), (page.joined(rows, page.crs) for rows in page.pieces()))


def write_one(page: ItemsPage, related: list[Link]) -> Iterator[bytes]:
    """Write one feature with its links."""
    (feature,) = page.texts(page.rows, page.crs)
    yield b"".join((feature[:-1], b', "links": ', to_json(related).encode(), b"}"))


def page_members(page: ItemsPage) -> dict[str, Any]:
    """Say of a page when it was made, how many features there are, and how many of them are here.

    References
    ----------
    OGC 17-069r4, requirements fc-timeStamp, fc-numberMatched (which must be exact) and fc-numberReturned.
    """
    return {
        "timeStamp": write_instant(datetime.now(UTC), timespec="seconds"),
        **page.matched.members,
        "numberReturned": len(page.rows),
    }


def enclose(members: bytes, features: Iterable[bytes]) -> Iterator[bytes]:
    """Write a collection around features, with commas between them; they and its other members are JSON already."""
    yield b"".join((members[:-1], b', "features": ['))
    comma = b""
    for some in features:
        if some:
            yield comma + some
            comma = b","
    yield b"]}"


def _plain_columns(frame: Frame) -> dict[str, list[Any]]:
    schema = frame.layer.schema
    return {name: plain_values(frame.data[name], schema[name]) for name in schema.names if name in frame.data}


def _encode_values(values: list[Any], kind: FieldType) -> list[str]:
    """Write n values of one type."""
    if kind in ("integer", "real", "boolean"):
        return to_json(values)[1:-1].split(", ") if values else []  # none of them has a comma
    known = {value: to_json(value) for value in set(values)}
    return [known[value] for value in values]


def encode_feature(geometry: str, properties: Mapping[str, Any]) -> str:
    """Write a Feature without a key around a geometry that is GeoJSON text already."""
    return f'{{"type": "Feature", "properties": {to_json(properties)}, "geometry": {geometry}}}'


def encode_collection(features: bytes, **members: Any) -> bytes:
    """Write a FeatureCollection around features that are GeoJSON text already, with commas between them."""
    return b"".join(enclose(to_json({"type": "FeatureCollection", **members}).encode(), [features]))


def to_json(value: Any) -> str:
    """Write JSON that people can read too; what JSON cannot say (NaN) is an error here, not at the client's."""
    return _ENCODER.encode(value)
