"""Layers as collections: what they are, where and since when they are, which fields they have."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.context import Context, context_of, links_of
from api.crs import CRS84_URI, STORAGE_PATH, crs_of, storage_crs
from api.http.links import OGC_REL, Link, Links, link
from api.http.media import GEOJSON, HTML, JSON, SCHEMA, STYLE
from api.http.pages import respond
from api.openapi import answers
from api.params import FormatParams
from twin.bbox import BBox
from twin.crs import CRS, CRS84, crs_label, reproject_bbox
from twin.datums import publishable
from twin.layer import Layer
from twin.moments import write_instant
from twin.parts import Part
from twin.query import Query as StoreQuery
from twin.schema import GEOMETRY

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    *(
        f"http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/{name}"
        for name in ("schemas", "core-roles-features", "returnables-and-receivables", "profile-parameter")
    ),
)
#: The list of CRS that all layers share, where a layer refers to it (OGC 18-058r1, /req/crs/fc-md-crs-list-global).
_ALL_CRS = "#/crs"

router = APIRouter(tags=["Layers"])


@router.get("/collections", name="collections", operation_id="getCollectionsList", responses=answers(JSON, HTML))
def list_collections(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List the layers, and the CRS in which all of them are given."""
    context, links = context_of(request), links_of(request)
    shared = [each.href(links.base) for each in context.crs]

    def describe(part: Part) -> dict[str, Any]:
        document = describe_collection(part, context, links)
        return document | {"crs": [_ALL_CRS, *(uri for uri in document["crs"] if uri not in shared)]}

    document = {
        "links": links.self_and_page(),
        "crs": shared,
        "collections": [describe(part) for part in context.collections.values()],
    }
    return respond(request, document, "collections.html", f=params.f, lasting=True)


@router.get("/collections/{layer_id}", name="collection", operation_id="getCollection", responses=answers(JSON, HTML))
def show_collection(request: Request, layer_id: str, params: Annotated[FormatParams, Query()]) -> Response:
    """Describe one layer: extent in space and time, style, links to its features, fields and tiles."""
    context, links = context_of(request), links_of(request)
    part = context.collection(layer_id)
    document = describe_collection(part, context, links)
    document["links"] = links.self_and_page() + document["links"]
    shown: dict[str, Any] = {"layer": part.shown, "of": part.layer, "revisions": context.store.revisions(part.layer)}
    return respond(request, document, "collection.html", f=params.f, lasting=True, **shown)


@router.get("/collections/{layer_id}/queryables", name="queryables", responses=answers(SCHEMA, HTML))
def show_queryables(request: Request, layer_id: str, params: Annotated[FormatParams, Query()]) -> Response:
    """List the fields that can be filtered by, as a JSON Schema."""
    layer = context_of(request).collection(layer_id).shown
    return _respond_schema(request, "queryables", layer, _optional(layer), params)


@router.get("/collections/{layer_id}/sortables", name="sortables", responses=answers(SCHEMA, HTML))
def show_sortables(request: Request, layer_id: str, params: Annotated[FormatParams, Query()]) -> Response:
    """List the fields that features can be sorted by, as a JSON Schema."""
    layer = context_of(request).collection(layer_id).shown
    schema = _optional(layer)
    del schema["properties"][GEOMETRY]
    return _respond_schema(request, "sortables", layer, schema, params)


@router.get("/collections/{layer_id}/schema", name="schema", responses=answers(SCHEMA, HTML))
def show_schema(request: Request, layer_id: str, params: Annotated[FormatParams, Query()]) -> Response:
    """Describe the fields of the layer's features, as they are given and taken, as a JSON Schema."""
    layer = context_of(request).collection(layer_id).shown
    return _respond_schema(request, "schema", layer, layer.json_schema(), params)


@router.get(STORAGE_PATH, name="storage_crs", responses=answers(JSON, HTML))
def show_storage_crs(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """Define the CRS in which the twin keeps its coordinates, as PROJJSON.

    Parameters of its datum are left out, because those of Chinese datums are state secrets.
    """
    crs = context_of(request).store.crs
    document = publishable(crs).to_json_dict()
    return respond(request, document, "storage_crs.html", f=params.f, label=crs_label(crs))


def describe_collection(part: Part, context: Context, links: Links) -> dict[str, Any]:
    """Describe a layer or a part of one as OGC API – Features does, with what else its users need (``x-``)."""
    layer, shown = part.layer, part.shown
    style = layer.style
    document: dict[str, Any] = {
        "id": shown.id,
        "title": shown.title,
        "title_zh": shown.title_zh,
        "description": layer.about,
        "itemType": "feature",
        "crs": [each.href(links.base) for each in crs_of(layer, context.crs)],
        **_storage_crs(context),
        "extent": _extent(layer, context),
        "x-storage-crs": crs_label(context.store.crs),
        **({} if shown is layer else {"x-part-of": layer.id}),
        "x-geometry": shown.geometry,
        "x-geometries": list(shown.geometries),
        "x-dimension": shown.dimension,
        **({"x-heights": "1985 national heights in metres, in every CRS"} if layer.has_z else {}),
        "x-classification": layer.classification,
        "x-standard": layer.standard,
        "x-key": layer.key,
        "x-revision": context.store.latest(layer),
        "x-count": context.store.count(layer, StoreQuery(where=part.where)),
        "x-zooms": list(layer.zooms),
        "x-style": {
            "color": style.color,
            "by": style.by,
            "colors": dict(style.colors),
            "opacity": style.opacity,
            "width_px": style.width_px,
            "radius_px": style.radius_px,
        },
        "links": [*_item_links(shown, links), *(_map_links if shown is layer else _whole_links)(layer, links)],
    }
    return document


def spatial_extent(box: BBox, crs: CRS) -> dict[str, Any]:
    """Write a box of the storage CRS in degrees, as an extent in space."""
    return {"bbox": [[round(value, 9) for value in reproject_bbox(box, crs, CRS84)]], "crs": CRS84_URI}


def _storage_crs(context: Context) -> dict[str, str]:
    """Name the storage CRS if the registers know it; GDAL would ask for any other one too, and not know where it is."""
    storage = storage_crs(context.store)
    return {"storageCrs": storage.uri} if storage.uri != STORAGE_PATH else {}


def _extent(layer: Layer, context: Context) -> dict[str, Any]:
    """Where the features are now, and from the first to the last change that has become effective."""
    extent: dict[str, Any] = {}
    box = context.store.extent(layer)
    if box is not None:
        extent["spatial"] = spatial_extent(box, context.store.crs)
    moments = sorted(revision.effective for revision in context.store.revisions(layer))
    if moments:
        interval = [write_instant(moment) for moment in (moments[0], moments[-1])]
        extent["temporal"] = {
            "interval": [interval],
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        }
    return extent


def _whole_links(layer: Layer, links: Links) -> list[Link]:
    return [link("related", links.url("collection", layer_id=layer.id), JSON, f"The whole layer: {layer.title}")]


def _item_links(layer: Layer, links: Links) -> list[Link]:
    own = layer.id
    return [
        link("items", links.url("items", layer_id=own, query={"f": "geojson"}), GEOJSON, "Features"),
        link("items", links.url("items", layer_id=own, query={"f": "html"}), HTML, "Features as pages"),
        link(f"{OGC_REL}/queryables", links.url("queryables", layer_id=own), SCHEMA, "Fields to filter by"),
        link(f"{OGC_REL}/sortables", links.url("sortables", layer_id=own), SCHEMA, "Fields to sort by"),
        link("describedby", links.url("schema", layer_id=own), SCHEMA, "Fields of a feature"),
        link(f"{OGC_REL}/schema", links.url("schema", layer_id=own), SCHEMA, "Fields of a feature"),
    ]


def _map_links(layer: Layer, links: Links) -> list[Link]:
    own = layer.id
    return [
        link(f"{OGC_REL}/tilesets-vector", links.url("tilesets", layer_id=own), JSON, "Vector tiles"),
        link(f"{OGC_REL}/tilesets-map", links.url("map_tilesets", layer_id=own), JSON, "Map tiles"),
        link("tilejson", links.url("tilejson", layers=own), JSON, "Vector tiles (TileJSON)"),
        link(f"{OGC_REL}/styles", links.url("styles"), JSON, "Map styles"),
        link("stylesheet", links.url("style", style=own), STYLE, "Map style of this layer"),
        link("preview", links.url("viewer", path="/"), HTML, "On the map"),
    ]


def _optional(layer: Layer) -> dict[str, Any]:
    """The schema of a layer in which no field is required: who asks names those that he likes."""
    return {key: value for key, value in layer.json_schema().items() if key != "required"}


def _respond_schema(
    request: Request, name: str, layer: Layer, schema: dict[str, Any], params: FormatParams
) -> Response:
    address = links_of(request).url(name, layer_id=layer.id)
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": address, **schema}
    return respond(request, document, "schema.html", f=params.f, media_type=SCHEMA, lasting=True, layer=layer)
