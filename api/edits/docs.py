"""What the OpenAPI document says of edits: bodies, headers and answers; properties of layers are filled in for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.edits.bodies import FEATURES
from api.http.media import GEOJSON, JSON, MERGE_PATCH, PROBLEM
from twin.layer import Layer

_TEXT = {"type": "string"}
_REFUSALS: Mapping[int, str] = {
    400: "The body is not what its Content-Type says, or there is none.",
    401: "A key is needed.",
    403: "Nobody may edit from here.",
    404: "There is no such layer or feature.",
    409: "There is such a feature already.",
    412: "The feature is no longer in the state that If-Match names.",
    413: "The body is too large.",
    415: "The body is of a kind that is not read.",
    422: "Values, geometry or what would result break a rule of the layer; every fault is named.",
    503: "The store cannot be written now; Retry-After says when to try again.",
}
_MADE = {"X-Twin-Revision": {"description": "The revision that was made.", "schema": {"type": "integer"}}}
_HEADERS = {"ETag": {"description": "Names the state of the feature, for If-Match.", "schema": _TEXT}, **_MADE}
_LOCATION = {"Location": {"description": "Where the feature is.", "schema": _TEXT}}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": _TEXT,
    "description": "The ETag of the state that the change was made on; of another one it is refused (412).",
}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "schema": _TEXT,
    "description": "`return=representation`: answer with the feature as it is then.",
}
_CONTENT_CRS = {
    "name": "Content-Crs",
    "in": "header",
    "required": False,
    "schema": _TEXT,
    "description": "The CRS of the coordinates, a URI of the list `crs` of the layer; CRS84 by default.",
}
_SUMMARY = {
    "description": "What was done.",
    "headers": _MADE,
    "content": {
        JSON: {
            "schema": {
                "type": "object",
                "properties": {
                    "revision": {"type": "integer", "nullable": True},
                    **{name: {"type": "integer"} for name in ("inserted", "updated", "deleted")},
                    "keys": {"type": "array", "items": _TEXT},
                },
            }
        }
    },
}


def _describe(
    success: Mapping[int, Mapping[str, Any]],
    *refusals: int,
    parameters: list[dict[str, Any]],
    body: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The keywords of a route: its answers, parameters that are headers, and the name of what each body is."""
    responses: dict[int | str, dict[str, Any]] = {status: dict(answer) for status, answer in success.items()}
    for status in sorted({401, 403, 404, 503, *refusals}):
        responses[status] = {"description": _REFUSALS[status], "content": {PROBLEM: {}}}
    extra: dict[str, Any] = {"parameters": parameters}
    if body is not None:
        content = {media_type: {"schema": {"x-body": name}} for media_type, name in body.items()}
        extra["requestBody"] = {"required": True, "content": content}
    return {"responses": responses, "status_code": next(iter(success)), "openapi_extra": extra}


_DONE = {"description": "Done.", "headers": _HEADERS}
_SEEN = {"description": "Done; the feature as it is now.", "headers": _HEADERS, "content": {GEOJSON: {}}}
_GIVEN = (400, 413, 415, 422)

#: Without content types, because there may be nothing.
_ADDED = {
    "description": "Added. There is no content, or the feature if that was preferred; of a FeatureCollection, a "
    "summary as of a transaction.",
    "headers": _HEADERS | _LOCATION,
}

ADD = _describe(
    {201: _ADDED},
    *_GIVEN,
    409,
    parameters=[_CONTENT_CRS, _PREFER],
    body=dict.fromkeys(FEATURES, "feature or features"),
)
REPLACE = _describe(
    {204: _DONE, 200: _SEEN},
    *_GIVEN,
    412,
    parameters=[_CONTENT_CRS, _IF_MATCH, _PREFER],
    body=dict.fromkeys(FEATURES, "feature"),
)
CHANGE = _describe(
    {204: _DONE, 200: _SEEN},
    *_GIVEN,
    412,
    parameters=[_CONTENT_CRS, _IF_MATCH, _PREFER],
    body={MERGE_PATCH: "patch"},
)
REMOVE = _describe({204: _DONE | {"headers": _MADE}}, 412, parameters=[_IF_MATCH])
TRANSACT = _describe({200: _SUMMARY}, *_GIVEN, 409, parameters=[_CONTENT_CRS], body={JSON: "transaction"})


def describe_body(layer: Layer, name: str) -> dict[str, Any]:
    """Describe a body that edits a layer as JSON Schema."""
    fields = {field.name: field.json_schema() for field in layer.schema}
    shapes = [_describe_geometry(kind) for kind in layer.geometries]
    geometry = shapes[0] if len(shapes) == 1 else {"oneOf": shapes}
    must = [field.name for field in layer.schema if field.required and field.default is None]
    must = [name for name in must if name != layer.key]  # which may stand in id
    patch: dict[str, Any] = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": f"The same as {layer.key}."},
            "properties": {
                "type": "object",
                "properties": {name: schema | {"nullable": True} for name, schema in fields.items()},
                "additionalProperties": False,
            },
            "geometry": geometry,
        },
    }
    feature = {
        "type": "object",
        "required": ["type", "properties", "geometry"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            **patch["properties"],
            "properties": patch["properties"]["properties"] | ({"required": must} if must else {}),
        },
    }
    features = {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": feature, "minItems": 1},
        },
    }
    lists = {"insert": feature, "replace": feature, "update": patch, "delete": _TEXT}
    bodies: dict[str, dict[str, Any]] = {
        "feature": feature,
        "feature or features": {"oneOf": [feature, features]},
        "patch": patch,
        "transaction": {
            "type": "object",
            "properties": {name: {"type": "array", "items": item} for name, item in lists.items()},
            "additionalProperties": False,
        },
    }
    return bodies[name]


def _describe_geometry(kind: str) -> dict[str, Any]:
    """Describe a geometry of GeoJSON (RFC 7946, 3.1)."""
    position: dict[str, Any] = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}
    line = {"type": "array", "items": position, "minItems": 2}
    area = {"type": "array", "items": line | {"minItems": 4}, "minItems": 1}
    single = {"Point": position, "LineString": line, "Polygon": area}
    part = single[kind.removeprefix("Multi")]
    coordinates = {"type": "array", "items": part, "minItems": 1} if kind.startswith("Multi") else part
    return {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {"type": {"type": "string", "enum": [kind]}, "coordinates": coordinates},
    }
