"""The project for QGIS: every layer from this service, with its looks, and the evidence of the indicators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.context import context_of, links_of
from api.http.media import QGZ
from api.openapi import answers
from api.params import ProjectParams
from twin.evidence import gather_evidence
from twin.qgis.county import describe_county, show_evidence
from twin.qgis.project import pack_project
from twin.qgis.sources import from_api, from_geojson

router = APIRouter(tags=["Styles"])


@router.get("/qgis/project.qgz", name="qgis_project", responses=answers(QGZ))
def send_project(request: Request, params: Annotated[ProjectParams, Query()]) -> Response:
    """Give a project that QGIS 3.22 and later open: the layers in groups, styled as on the web map."""
    context, links = context_of(request), links_of(request)
    results = (context.evaluate(each, each.parse({}), None) for each in context.catalog.indicators.values())
    evidence = [found for result in results for found in gather_evidence(result, context.served.layers, context.store)]
    root = links.url("landing")
    drawn = show_evidence(
        evidence,
        lambda each: from_geojson(
            links.url("evidence", indicator_id=each.indicator.id, query={"f": "geojson"}), each.layer.geometry
        ),
    )
    # Of what was never written QGIS could not see the kind of geometry.
    layers = [layer for layer in context.served.layers.values() if context.store.latest(layer)]
    where = f"From the service {root}"
    sources = from_api(root, context.store.crs, qgis=params.qgis)
    project = describe_county(context.store, layers, sources, drawn, where=where, service=root, qgis=params.qgis)
    answer = Response(pack_project(project, "county"), media_type=QGZ)
    answer.headers["Content-Disposition"] = 'attachment; filename="county.qgz"'
    return answer
