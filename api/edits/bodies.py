"""Bodies of edits: bytes in, features out as somebody gives them, anything unknown refused by name.

What a value means, and whether it fits, is not decided here but where deliveries are judged (`twin.ingest`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from fastapi import Request
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from api.crs import NamedCrs
from api.errors import InvalidBody
from api.http.bodies import name_kind
from api.http.media import GEOJSON, JSON
from twin.errors import Fault, SchemaViolation
from twin.ingest.edits import Edits
from twin.ingest.given import GivenFeature
from twin.layer import Layer

#: What whole features come as.
FEATURES = (GEOJSON, JSON)

_GEOMETRIES = {
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
}


def read_features(document: Mapping[str, Any], layer: Layer, crs: NamedCrs) -> list[GivenFeature]:
    """Read a Feature, or those of a FeatureCollection, that are to be added.

    Raises
    ------
    InvalidBody
        It is neither.
    """
    if document.get("type") == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list) or not features:
            raise InvalidBody("features must be a list of one Feature or more")
        return [read_feature(feature, layer, crs, where=f"features[{n}]") for n, feature in enumerate(features)]
    return [read_feature(document, layer, crs)]


def read_feature(
    document: Any, layer: Layer, crs: NamedCrs, *, key: str | None = None, where: str = ""
) -> GivenFeature:
    """Read a Feature that is given whole.

    Parameters
    ----------
    document
        As JSON has it.
    layer, crs
        What it is for, and in which CRS.
    key
        Of the feature, where that is known: the body may repeat it, not change it.
    where
        Where in the body it stands.
    """
    if not isinstance(document, dict) or document.get("type") != "Feature":
        raise InvalidBody(f'{where or "the body"} must be a GeoJSON Feature: an object with "type": "Feature"')
    values = _read_values(document.get("properties"), where)
    key = _read_key(document, values, layer, key)
    geometry, unreadable = _read_geometry(document.get("geometry"), layer, crs)
    return GivenFeature(key=key, values=values, geometry=geometry, unreadable=unreadable)


def read_patch(document: Any, layer: Layer, crs: NamedCrs, *, key: str | None = None, where: str = "") -> GivenFeature:
    """Read what is to change of a feature (RFC 7396): fields by ``properties``, the place by ``geometry``.

    A geometry is given as a whole; its type may be left out where the layer has one only.
    """
    if not isinstance(document, dict):
        raise InvalidBody(f"{where or 'the body'} must be a JSON object, not {name_kind(document)}")
    values = _read_values(document.get("properties", {}), where)
    key = _read_key(document, values, layer, key)
    if "geometry" not in document:
        return GivenFeature(key=key, values=values, keeps_geometry=True)
    geometry, unreadable = _read_geometry(document["geometry"], layer, crs)
    return GivenFeature(key=key, values=values, geometry=geometry, unreadable=unreadable)


def read_transaction(document: Mapping[str, Any], layer: Layer, crs: NamedCrs) -> Edits:
    """Read several edits that are one.

    Raises
    ------
    InvalidBody
        A member is unknown or not a list, a feature has no key, or there is nothing to do.
    """
    unknown = sorted(set(document) - {"insert", "replace", "update", "delete"})
    if unknown:
        raise InvalidBody(f"there is no member {unknown[0]}; there are insert, replace, update and delete")
    lists: dict[str, list[Any]] = {name: document.get(name, []) for name in ("insert", "replace", "update", "delete")}
    for name, some in lists.items():
        if not isinstance(some, list):
            raise InvalidBody(f"{name} must be a list, not {name_kind(some)}")
    if not any(lists.values()):
        raise InvalidBody("there is nothing to do: insert, replace, update or delete must have something")

    def read(name: str, reader: Any) -> list[GivenFeature]:
        return [reader(each, layer, crs, where=f"{name}[{n}]") for n, each in enumerate(lists[name])]

    replaced, updated = read("replace", read_feature), read("update", read_patch)
    for name, some in (("replace", replaced), ("update", updated)):
        for n, feature in enumerate(some):
            if feature.key is None:
                raise InvalidBody(f"{name}[{n}] must have the id of a feature")
    keys = [_key_of(value) for value in lists["delete"]]
    if None in keys:
        raise InvalidBody(f"delete must be a list of ids; delete[{keys.index(None)}] is none")
    return Edits(
        insert=read("insert", read_feature), replace=replaced, update=updated, delete=[key for key in keys if key]
    )


def _read_values(properties: Any, where: str) -> dict[str, Any]:
    if properties is not None and not isinstance(properties, dict):
        raise InvalidBody(f"properties{f' of {where}' if where else ''} must be an object, not {name_kind(properties)}")
    return dict(properties or {})


def _read_key(document: Mapping[str, Any], values: dict[str, Any], layer: Layer, known: str | None) -> str | None:
    """The key of a feature: as its address, its ``id`` and its field say, which must not contradict each other."""
    said = {layer.key: values.pop(layer.key, None), "id": document.get("id")}
    keys = {name: _key_of(value) for name, value in said.items() if value is not None}
    for name, key in keys.items():
        other = known if known is not None else next(iter(keys.values()))
        if key is None or key != other:
            what = "a key must be text" if key is None else f"the key is {other}, and cannot be changed"
            fault = Fault(what=what, field=name, value=str(said[name])[:60])
            raise SchemaViolation(str(fault), [fault], layer=layer.id)
    return known if known is not None else next(iter(keys.values()), None)


def _key_of(value: Any) -> str | None:
    """A key as text; programs that know numbers only send these."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def _read_geometry(document: Any, layer: Layer, crs: NamedCrs) -> tuple[BaseGeometry | None, str | None]:
    """A geometry, x east and y north, or why it cannot be read."""
    if document is None:
        return None, None
    if not isinstance(document, dict):
        return None, f"it must be an object, not {name_kind(document)}"
    kind = document.get("type", None if layer.also else layer.geometry)
    if not isinstance(kind, str) or kind not in _GEOMETRIES:
        return None, f"type must be one of {', '.join(layer.geometries)}"
    try:
        geometry = shapely.from_geojson(json.dumps(document | {"type": kind}))
    except (GEOSException, ValueError, RecursionError) as error:
        return None, str(error).strip().partition("\n")[0]
    if geometry is None or shapely.is_missing(geometry):
        return None, "it is no geometry"
    return crs.ordered(np.array([geometry], dtype=object))[0], None


def content_crs(request: Request) -> str | None:
    """What a request says of the CRS of its body; programs leave out the brackets of the header."""
    said: Sequence[str] = request.headers.getlist("content-crs")
    if len(said) > 1:
        raise InvalidBody("Content-Crs is given twice; give it once")
    return said[0].strip().removeprefix("<").removesuffix(">") if said else None
