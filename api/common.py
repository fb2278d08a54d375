"""OGC API – Common: the landing page, what the service conforms to, and its description."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.buildings.reading import knows_buildings
from api.context import context_of, links_of
from api.edits import routes as edits
from api.edits.rights import allows_edits
from api.features import collections, filters
from api.features import routes as features
from api.features.collections import spatial_extent
from api.http.links import OGC_REL, link
from api.http.media import HTML, JSON, OPENAPI, QGZ, XML
from api.http.pages import page, respond
from api.jobs import processes
from api.openapi import answers, describe_service
from api.params import FormatParams, Params
from api.tiles import ogc as ogctiles
from twin.bbox import BBox

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/{name}"
    for name in ("core", "landing-page", "oas30", "html", "json")
)

_CAPABILITIES = {"service": "WFS", "request": "GetCapabilities"}

router = APIRouter(tags=["About"])


@router.get("/", name="landing", operation_id="getLandingPage", responses=answers(JSON, HTML))
def show_landing(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List what there is: layers, indicators, maps, and the description of the service."""
    context, links = context_of(request), links_of(request)
    area = context.store.area
    document = {
        "title": context.title,
        "description": "The layers of a county with their history, its indicators with their evidence, and maps.",
        **({} if area is None else {"extent": {"spatial": spatial_extent(BBox(*area.bounds), context.store.crs)}}),
        "links": [
            *links.self_and_page(),
            link(
                "service-desc", links.url("api", query={"f": "json"}), OPENAPI, "Description of the service (OpenAPI)"
            ),
            link("service-doc", links.url("docs"), HTML, "Description of the service, to read and try"),
            link("conformance", links.url("conformance"), JSON, "Standards the service conforms to"),
            link("data", links.url("collections"), JSON, "Layers"),
            link(f"{OGC_REL}/tilesets-vector", links.url("dataset_tilesets"), JSON, "Vector tiles of all layers"),
            link(f"{OGC_REL}/tilesets-map", links.url("dataset_map_tilesets"), JSON, "Map tiles of all layers"),
            link(f"{OGC_REL}/functions", links.url("functions"), JSON, "Functions for filters"),
            link(f"{OGC_REL}/tiling-schemes", links.url("grids"), JSON, "Tile grids"),
            link(f"{OGC_REL}/styles", links.url("styles"), JSON, "Map styles"),
            link(f"{OGC_REL}/processes", links.url("processes"), JSON, "Indicators as processes"),
            link(f"{OGC_REL}/job-list", links.url("jobs"), JSON, "Jobs"),
            link("related", links.url("indicators"), JSON, "Indicators"),
            link("related", links.url("scenes"), JSON, "Scenes (3D Tiles)"),
            *(
                [link("related", links.url("buildings"), JSON, "Buildings with models")]
                if knows_buildings(context.served)
                else []
            ),
            link("related", links.url("wfs", query=_CAPABILITIES), "text/xml", "WFS 2.0"),
            link("related", links.url("wmts_document"), XML, "WMTS 1.0.0"),
            link("related", links.url("viewer", path="/"), HTML, "Map"),
            link("related", links.url("qgis_project"), QGZ, "Project for QGIS"),
        ],
    }
    return respond(
        request,
        document,
        "landing.html",
        f=params.f,
        lasting=True,
        layers=context.served.layers.values(),
        indicators=context.catalog.indicators.values(),
        revisions=[each for each in context.store.revisions() if each.layer in context.served.layers][-5:],
    )


@router.get("/conformance", name="conformance", operation_id="getConformance", responses=answers(JSON, HTML))
def show_conformance(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List the requirements classes that the service fulfils."""
    editable = edits.CONFORMANCE if allows_edits(context_of(request).settings) else ()
    classes = [
        *CONFORMANCE,
        *collections.CONFORMANCE,
        *features.CONFORMANCE,
        *filters.CONFORMANCE,
        *editable,
        *ogctiles.CONFORMANCE,
        *processes.CONFORMANCE,
    ]
    document = {"links": links_of(request).self_and_page(), "conformsTo": classes}
    return respond(request, document, "conformance.html", f=params.f, lasting=True)


@router.get("/api", name="api", operation_id="getAPI", responses=answers(OPENAPI, HTML))
def show_api(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """Describe the service as OpenAPI 3.0."""
    document = describe_service(request.app, context_of(request), links_of(request))
    return respond(request, document, "docs.html", f=params.f, media_type=OPENAPI, lasting=True)


@router.get("/docs", name="docs", responses=answers(HTML))
def show_docs(request: Request, params: Annotated[Params, Query()]) -> Response:  # noqa: ARG001
    """Describe the service for people, with a form to try each address."""
    links = links_of(request)
    document = describe_service(request.app, context_of(request), links)
    request.state.lasting = True
    return page(request, "docs.html", doc=document, json_href=links.url("api", query={"f": "json"}))


@router.get("/viewer", include_in_schema=False)
def enter_viewer(request: Request) -> Response:
    """Lead on to the map page, whose own files are relative to its folder."""
    return RedirectResponse(links_of(request).url("viewer", path="/"))
