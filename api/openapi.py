"""The OpenAPI 3.0 document: FastAPI's routes, spelled out for every layer and every indicator."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.context import Context
from api.crs import crs_of
from api.edits.docs import describe_body
from api.forms.formats import MEDIA_TYPES, form_names_of, formats_of
from api.http.links import Links
from api.http.media import PROBLEM
from twin import __version__
from twin.indicator import Indicator
from twin.layer import Layer
from twin.parameters import Parameter
from twin.schema import Field

_PROBLEM = {
    "description": "What was refused and why (RFC 9457).",
    "content": {
        PROBLEM: {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string", "description": "Address of a page about this kind of problem."},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "instance": {"type": "string"},
                    "request_id": {"type": "string"},
                },
            }
        }
    },
}
#: Parameters whose values are the URIs of the CRS in which a layer is given.
_OF_CRS = ("crs", "bbox-crs", "filter-crs", "Content-Crs")


def answers(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """Document the forms in which a route answers."""
    return {200: {"description": "The resource.", "content": {media_type: {} for media_type in media_types}}}


def takes(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Document the body that a route takes."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def describe_service(app: FastAPI, context: Context, links: Links) -> dict[str, Any]:
    """Write the OpenAPI document; it refers to nothing outside of itself.

    References
    ----------
    OGC 17-069r4, 9: OpenAPI 3.0 requirements class; every parameter that is accepted is listed.
    """
    document = get_openapi(
        title=context.title,
        version=__version__,
        openapi_version="3.0.3",
        description="Layers, indicators and maps of a county's digital twin.",
        routes=app.routes,
        tags=[
            {"name": tag}
            for tag in (
                *("Indicators", "Processes", "Layers", "Features", "Edits", "Tiles", "Styles", "Scenes"),
                *("Buildings", "About"),
            )
        ],
        servers=[{"url": links.base, "description": "This service"}],
    )
    document["components"] = {"responses": {"Problem": _PROBLEM}}
    paths: dict[str, Any] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _finish(operation)
            for concrete, spelled_out in _spell_out(path, operation, context, links):
                paths.setdefault(concrete, {})[method] = spelled_out
    document["paths"] = paths
    return document


def field_parameter(field: Field) -> dict[str, Any]:
    """Describe the filter by a field."""
    left_out = ("title", "description", "minimum", "maximum")  # who asks beyond the limits finds nothing
    schema = {key: value for key, value in field.json_schema().items() if key not in left_out}
    about = f"{field.title} {field.title_zh}: only features with this value."
    return _query_parameter(field.name, schema, about)


def indicator_parameter(parameter: Parameter) -> dict[str, Any]:
    """Describe a parameter of an indicator."""
    return _query_parameter(parameter.name, parameter_schema(parameter), parameter.about)


def parameter_schema(parameter: Parameter) -> dict[str, Any]:
    """Write the type, choices and default of an indicator's parameter as JSON Schema."""
    kind = {int: "integer", float: "number", bool: "boolean"}.get(parameter.type, "string")
    schema: dict[str, Any] = {"type": kind}
    if parameter.type.__name__ == "date":
        schema["format"] = "date"
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.default is not None:
        schema["default"] = str(parameter.default) if kind == "string" else parameter.default
    return schema


def _query_parameter(name: str, schema: dict[str, Any], about: str) -> dict[str, Any]:
    parameter = {"name": name, "in": "query", "required": False, "schema": schema}
    parameter |= {"style": "form", "explode": False, "allowEmptyValue": True}
    return parameter | ({"description": about} if about else {})


def _finish(operation: dict[str, Any]) -> None:
    """Say what FastAPI cannot know: how lists are written, that an empty value is none, what an error looks like."""
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        for name in ("title", "description"):
            schema.pop(name, None)
        if parameter["in"] == "query":
            parameter |= {"style": "form", "explode": False, "allowEmptyValue": True}
    operation["summary"] = operation["description"].partition("\n")[0].rstrip(".")
    if "HTTPValidationError" in str(operation["responses"].get("422")):  # our own say more
        del operation["responses"]["422"]
    operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}


def _spell_out(
    path: str, operation: dict[str, Any], context: Context, links: Links
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the operation once for each layer or indicator it is about, with the parameters of that one."""
    if "{layer_id}" in path:
        for part in context.collections.values():
            if part.where is not None and "/tiles" in path:  # maps show layers as a whole
                continue
            layer = part.shown
            filtered = path.endswith("/items") and "requestBody" not in operation
            extra = [field_parameter(field) for field in layer.schema] if filtered else []
            concrete, own = _for_one(path, operation, "layer_id", layer, extra)
            _fit(own, layer, context, links)
            if "{layer_id}/items" in path:
                _fit_forms(own, layer)
            for content in own.get("requestBody", {}).get("content", {}).values():
                content["schema"] = describe_body(layer, content["schema"]["x-body"])
            yield concrete, own
    elif "{indicator_id}" in path:
        for indicator in context.catalog.indicators.values():
            extra = [indicator_parameter(parameter) for parameter in indicator.parameters.values()]
            yield _for_one(path, operation, "indicator_id", indicator, extra)
    else:
        yield path, operation


def _fit(operation: dict[str, Any], layer: Layer, context: Context, links: Links) -> None:
    """Limit parameters to what a layer is offered in."""
    for parameter in operation["parameters"]:
        if parameter["name"] in _OF_CRS:
            uris = [each.href(links.base) for each in crs_of(layer, context.crs)]
            parameter["schema"] = {"type": "string", "format": "uri", "enum": uris}
        elif parameter["name"] == "limit":  # who asks for more gets so many
            parameter["schema"] |= {"maximum": context.settings.max_items}


def _fit_forms(operation: dict[str, Any], layer: Layer) -> None:
    """Limit the forms of features to those that a layer is given in."""
    for parameter in operation["parameters"]:
        if parameter["name"] == "f":
            parameter["schema"] |= {"enum": list(form_names_of(layer.id))}
    contents = operation["responses"].get("200", {}).get("content", {})
    for media_type in set(MEDIA_TYPES) - {each.media_type for each in formats_of(layer.id)}:
        contents.pop(media_type, None)


def _for_one(
    path: str, operation: dict[str, Any], name: str, thing: Layer | Indicator, extra: list[dict[str, Any]]
) -> tuple[str, dict[str, Any]]:
    own = copy.deepcopy(operation)
    own["parameters"] = [p for p in own["parameters"] if p["name"] != name] + extra
    # The OGC names operations by what their ids end with.
    own["operationId"] = f"{thing.id}.{operation['operationId'].removeprefix('.')}"
    own["summary"] = f"{thing.title} {thing.title_zh} – {operation['summary']}"
    return path.replace(f"{{{name}}}", thing.id), own
