"""Buildings: those with models, their storeys with plans, their elements and quantities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.buildings.documents import LISTED, Said
from api.buildings.reading import BUILDINGS, ELEMENTS, Building, find_building, modelled_buildings, scan_properties
from api.context import context_of, links_of
from api.forms.geojson import plain_rows
from api.http.links import link
from api.http.media import GEOJSON, HTML, JSON, SVG
from api.http.pages import respond
from api.openapi import answers
from api.params import ElementsParams, MomentParams, PagedStateParams, StateParams
from bim.plan import plan_storey
from bim.plan_sheet import draw_plan
from layers.building_elements.conditions import read_conditions
from layers.building_elements.queries import name_cases
from twin.errors import FeatureNotFound
from twin.expressions import Expression, among, both, compare
from twin.query import Query as StoreQuery
from twin.title_block import Basis

_FIELDS = (*LISTED, "area_m2", "volume_m3", "length_m")
_PLANNED = ("class", "kind", "name", "storey_id", "area_m2")

router = APIRouter(tags=["Buildings"])


@router.get("/buildings", name="buildings", responses=answers(JSON, HTML))
def list_buildings(request: Request, params: Annotated[PagedStateParams, Query()]) -> Response:
    """List the buildings of which there are models; all buildings are features of the layer `buildings`."""
    context, links, said = context_of(request), links_of(request), _said(request)
    rows = modelled_buildings(context, params.as_of)
    shown = rows[params.offset : params.offset + params.limit]
    document = {
        "numberMatched": len(rows),
        "numberReturned": len(shown),
        "buildings": [said.brief(row) for row in shown],
        "links": [
            *links.self_and_page(),
            *links.next_page(params.offset + len(shown), len(rows)),
            link("related", links.url("items", layer_id=BUILDINGS), GEOJSON, "All buildings"),
        ],
    }
    return respond(request, document, "buildings.html", f=params.f)


@router.get("/buildings/{building_id}", name="building", responses=answers(JSON, HTML))
def show_building(request: Request, building_id: str, params: Annotated[StateParams, Query()]) -> Response:
    """Show a building: figures, models, storeys, and its CIM level with the reason."""
    building = find_building(context_of(request), building_id, params.as_of)
    document = _said(request).building(building, building.storeys())
    layer = building.context.served.layer(BUILDINGS)
    return respond(request, document, "building.html", f=params.f, layer=layer)


@router.get("/buildings/{building_id}/storeys", name="storeys", responses=answers(JSON, HTML))
def list_storeys(request: Request, building_id: str, params: Annotated[StateParams, Query()]) -> Response:
    """List the storeys of a building, the lowest first."""
    building, links, said = (
        find_building(context_of(request), building_id, params.as_of),
        links_of(request),
        _said(request),
    )
    document = {
        "building": building.id,
        "storeys": [said.storey_in_list(building.id, storey) for storey in building.storeys()],
        "links": [*links.self_and_page(), link("up", said.url("building", building.id), JSON, building.title)],
    }
    return respond(request, document, "storeys.html", f=params.f, title=building.title)


@router.get("/buildings/{building_id}/storeys/{storey}", name="storey", responses=answers(JSON, HTML))
def show_storey(request: Request, building_id: str, storey: str, params: Annotated[StateParams, Query()]) -> Response:
    """Show a storey: its rooms with their areas, how many elements of each class, and its plan."""
    building, said = find_building(context_of(request), building_id, params.as_of), _said(request)
    found = building.storey(storey)
    plan = None if found.floor_m is None else said.plan(building.id, found)
    document = said.storey(building, found)
    return respond(request, document, "storey.html", f=params.f, title=building.title, plan=plan)


@router.get("/buildings/{building_id}/storeys/{storey}/plan.svg", name="plan", responses=answers(SVG))
def show_plan(request: Request, building_id: str, storey: str, params: Annotated[MomentParams, Query()]) -> Response:
    """Draw the plan of a storey, to scale on A3: cut 1.2 m above its floor, rooms with names and areas."""
    building = find_building(context_of(request), building_id, params.as_of)
    found = building.storey(storey)
    if found.floor_m is None:
        raise FeatureNotFound(f"storey {found.name} of building {building.id} has nothing that could be drawn")
    store, elements = building.context.store, building.elements(fields=_PLANNED)
    shown = found.floor_m, found.element_ids
    plan = plan_storey(building.shapes(), elements.data.reset_index(), *shown, store.crs)
    basis = Basis.of(store.title, store.crs, params.as_of, {ELEMENTS: elements.revision}, datetime.now(UTC))
    request.state.lasting = params.as_of is None
    title = f"{building.title} {found.name} 平面图 Floor plan"
    return Response(draw_plan(plan, title=title, basis=basis).svg(), media_type=SVG)


@router.get("/buildings/{building_id}/elements", name="elements", responses=answers(JSON, HTML))
def list_elements(request: Request, building_id: str, params: Annotated[ElementsParams, Query()]) -> Response:
    """List the elements of a building by kind, class, storey and property, page by page."""
    context, links, said = context_of(request), links_of(request), _said(request)
    building = find_building(context, building_id, params.as_of)
    where = _condition(building, params)
    layer = context.served.layer(ELEMENTS)
    if params.wanted is None:
        matched = context.store.count(layer, building.query(where))
        page = building.query(where, limit=params.limit)
        keys = [str(key) for key in context.store.keys(layer, page, skip=params.offset)]
    else:
        found = list(_with_property(building, where, params.wanted))
        matched, keys = len(found), found[params.offset : params.offset + params.limit]
    asked = StoreQuery(ids=tuple(keys), fields=_FIELDS, as_of=params.as_of)
    rows = plain_rows(context.store.read(layer, asked)) if keys else []
    document = {
        "building": building.id,
        "numberMatched": matched,
        "numberReturned": len(rows),
        "elements": [said.element_in_list(building.id, row) for row in rows],
        "links": [
            *links.self_and_page(),
            *links.next_page(params.offset + len(rows), matched),
            link("up", said.url("building", building.id), JSON, building.title),
        ],
    }
    return respond(
        request,
        document,
        "elements.html",
        f=params.f,
        title=building.title,
        layer=layer,
        asked=dict(request.query_params),
        following=links.here(offset=str(params.offset + len(rows))) if params.offset + len(rows) < matched else None,
    )


@router.get("/buildings/{building_id}/elements/{element}", name="element", responses=answers(JSON, HTML))
def show_element(request: Request, building_id: str, element: str, params: Annotated[StateParams, Query()]) -> Response:
    """Show an element, by its GlobalId or its key: properties and quantities by set, material, classification."""
    context = context_of(request)
    building = find_building(context, building_id, params.as_of)
    row = building.element(element)
    document = _said(request).element(building, row)
    layer = context.served.layer(ELEMENTS)
    return respond(request, document, "element.html", f=params.f, title=building.title, layer=layer)


@router.get("/buildings/{building_id}/quantities", name="quantities", responses=answers(JSON, HTML))
def show_quantities(request: Request, building_id: str, params: Annotated[StateParams, Query()]) -> Response:
    """Sum the quantities of a building by storey and class, as its models say them."""
    building = find_building(context_of(request), building_id, params.as_of)
    document = _said(request).quantities(building, building.storeys())
    return respond(request, document, "quantities.html", f=params.f, title=building.title)


def _said(request: Request) -> Said:
    return Said(links_of(request), request.query_params.get("datetime") or None)


def _condition(building: Building, params: ElementsParams) -> Expression | None:
    storey = None if params.storey is None else building.storey(params.storey)
    return both(
        None if params.kind is None else compare("kind", "=", params.kind),
        None if params.ifc_class is None else among("class", name_cases(params.ifc_class)),
        None if storey is None else among("storey_id", storey.element_ids),
    )


def _with_property(building: Building, where: Expression | None, wanted: str) -> Iterator[str]:
    """Keys of the elements whose properties meet conditions."""
    conditions = read_conditions(wanted, parameter="property")
    for key, said in scan_properties(building, where):
        if all(condition.holds(said) for condition in conditions):
            yield key
