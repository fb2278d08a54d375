"""Indicators: their definitions, their results with breakdown, and the evidence as GeoJSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi import Query as QueryString

from api.context import Context, context_of, links_of
from api.crs import DEFAULT_CRS
from api.forms.geojson import encode_collection
from api.http.links import Links, link
from api.http.media import GEOJSON, HTML, JSON, wants_html
from api.http.pages import json_response, page, respond
from api.indicators.evidence import encode_evidence, publish_result
from api.openapi import answers, parameter_schema
from api.params import EvidenceParams, FormatParams, IndicatorParams, indicator_parameters
from twin.indicator import Indicator
from twin.parameters import Parameter
from twin.schema import Schema

router = APIRouter(tags=["Indicators"])


@router.get("/indicators", name="indicators", responses=answers(JSON, HTML))
def list_indicators(request: Request, params: Annotated[FormatParams, QueryString()]) -> Response:
    """List the indicators: definition, clause, target and parameters of each; the page shows their values too."""
    context, links = context_of(request), links_of(request)
    indicators = context.catalog.indicators.values()
    if wants_html(request, params.f):
        results = [context.evaluate(each, each.parse({}), None) for each in indicators]
        return page(request, "indicators.html", results=results)
    request.state.lasting = True  # without values, which may be others tomorrow
    document = {
        "links": links.self_and_page(),
        "indicators": [describe_indicator(each, links) for each in indicators],
    }
    return json_response(document)


@router.get("/indicators/{indicator_id}", name="indicator", responses=answers(JSON, HTML))
def show_indicator(request: Request, indicator_id: str, params: Annotated[IndicatorParams, QueryString()]) -> Response:
    """Evaluate an indicator: value, verdict against the target, breakdown by area, and what it was read from."""
    context, links = context_of(request), links_of(request)
    indicator = context.catalog.indicator(indicator_id)
    result = context.evaluate(indicator, indicator_parameters(params, indicator), params.as_of)
    evidence = links.url("evidence", indicator_id=indicator.id, query=dict(request.query_params) | {"f": "geojson"})
    document = publish_result(result, context.served) | {
        "links": [
            *links.self_and_page(),
            link("evidence", evidence, GEOJSON, "What counts and what does not, on the map"),
            link("collection", links.url("indicators"), JSON, "All indicators"),
        ]
    }
    return respond(
        request,
        document,
        "indicator.html",
        f=params.f,
        indicator=indicator,
        asked=request.query_params,
        titles=_titles(indicator, context),
        choices={name: _choices(parameter, indicator, context) for name, parameter in indicator.parameters.items()},
    )


@router.get(
    "/indicators/{indicator_id}/evidence",
    name="evidence",
    responses=answers(GEOJSON, HTML),
)
def show_evidence(request: Request, indicator_id: str, params: Annotated[EvidenceParams, QueryString()]) -> Response:
    """Show the evidence: features that count (`role` covered) and do not (uncovered), and derived shapes."""
    context, links = context_of(request), links_of(request)
    indicator = context.catalog.indicator(indicator_id)
    result = context.evaluate(indicator, indicator_parameters(params, indicator), params.as_of)
    if wants_html(request, params.f, GEOJSON):
        titles = _titles(indicator, context)
        layers = context.served.layers
        return page(request, "evidence.html", result=result, asked=request.query_params, titles=titles, layers=layers)
    back = links.url("indicator", indicator_id=indicator.id)
    content = encode_collection(
        encode_evidence(result, context.served, context.store),
        indicator=indicator.id,
        value=result.measure.value,
        verdict=result.verdict,
        links=[*links.self_and_page(GEOJSON), link("about", back, JSON, indicator.title)],
    )
    return Response(content, media_type=GEOJSON, headers=DEFAULT_CRS.header("") | {"Vary": "Accept"})


def describe_indicator(indicator: Indicator, links: Links) -> dict[str, Any]:
    """Describe an indicator without evaluating it."""
    own = indicator.id
    return {
        "id": indicator.id,
        "title": indicator.title,
        "title_zh": indicator.title_zh,
        "unit": indicator.unit,
        "numerator_unit": indicator.numerator_unit,
        "denominator_unit": indicator.denominator_unit,
        "target": asdict(indicator.target) if indicator.target else None,
        "clause": asdict(indicator.clause),
        "description": indicator.about,
        "inputs": list(indicator.inputs),
        "parameters": [
            {"name": parameter.name, "description": parameter.about} | parameter_schema(parameter)
            for parameter in indicator.parameters.values()
        ],
        "links": [
            link("item", links.url("indicator", indicator_id=own), JSON, "Result"),
            link("alternate", links.url("indicator", indicator_id=own, query={"f": "html"}), HTML, "Result as a page"),
            link("evidence", links.url("evidence", indicator_id=own), GEOJSON, "Evidence"),
        ],
    }


def _titles(indicator: Indicator, context: Context) -> dict[str, tuple[str, str]]:
    """Collect the titles of the words of an indicator: its own, else those of the fields and codes of its inputs."""
    titles: dict[str, tuple[str, str]] = {}
    for schema in _schemas(indicator, context):
        for field in schema:
            titles.setdefault(field.name, (field.title, field.title_zh))
            for code in field.codes:
                titles.setdefault(str(code.value), (code.title, code.title_zh))
    return titles | dict(indicator.titles)


def _choices(parameter: Parameter, indicator: Indicator, context: Context) -> tuple[str, ...]:
    """List what a parameter may be: its own choices, else the codes of the field of that name in an input."""
    if parameter.choices:
        return parameter.choices
    fields = (schema[parameter.name] for schema in _schemas(indicator, context) if parameter.name in schema)
    return next((tuple(str(code.value) for code in field.codes) for field in fields), ())


def _schemas(indicator: Indicator, context: Context) -> list[Schema]:
    return [context.served.layer(name).schema for name in indicator.inputs if name in context.served.layers]
