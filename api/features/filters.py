"""Conditions in the query string: read, and their geometries brought into the storage CRS.

References
----------
OGC 19-079r2: Features – Part 3, Filtering. OGC 21-065r2: Common Query Language (CQL2).
"""

from __future__ import annotations

from functools import cache
from typing import Annotated

import numpy as np
import shapely
from fastapi import APIRouter, Query, Request, Response
from shapely.geometry.base import BaseGeometry

from api.context import Context, links_of
from api.crs import NamedCrs, find_crs
from api.features.area import Reach
from api.features.itempages import extent_of
from api.http.limits import require_simple
from api.http.links import Links
from api.http.media import HTML, JSON
from api.http.pages import respond
from api.openapi import answers
from api.params import FormatParams, ItemsParams
from twin.cql2.json import parse_json
from twin.cql2.text import parse_text
from twin.errors import InvalidParameter
from twin.expressions import Expression, Shape, place_shapes, require_answerable
from twin.kinds import FUNCTIONS
from twin.layer import Layer

_FILTER = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"
#: Classes of CQL2 whose draft names clients still look for, QGIS up to 3.40 among them.
_DRAFT = ("basic-spatial-operators", "spatial-operators", "temporal-operators", "array-operators")
CONFORMANCE = (
    *(f"{_FILTER}/{name}" for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")),
    *(
        f"{_CQL2}/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "array-functions",
            "property-property",
            "functions",
            "arithmetic",
            *_DRAFT,
        )
    ),
)

#: What the kinds of values are called in lists of functions.
_TYPES = {"text": "string", "number": "number", "boolean": "boolean", "date": "date", "datetime": "datetime"}
_TYPES |= {"geometry": "geometry"}

router = APIRouter(tags=["Features"])


@router.get("/functions", name="functions", responses=answers(JSON, HTML))
def list_functions(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List the functions that filters may call."""
    document = {
        "links": links_of(request).self_and_page(),
        "functions": [
            {
                "name": name,
                "title": function.title,
                "title_zh": function.title_zh,
                "arguments": [{"type": [_TYPES[kind]]} for kind in function.takes],
                "returns": [_TYPES[function.gives]],
            }
            for name, function in FUNCTIONS.items()
        ],
    }
    return respond(request, document, "functions.html", f=params.f)


def read_filter(context: Context, layer: Layer, params: ItemsParams, links: Links) -> Expression | None:
    """Read the filter of a request; its geometries stand in the storage CRS then.

    Raises
    ------
    InvalidParameter
        Says what was not understood, and where it stands.
    GeometryTooLarge
        It holds a geometry of too many vertices.
    """
    named = find_crs(params.filter_crs, layer, context.crs, links.base, parameter="filter-crs")
    if params.filter is None:
        return None
    read = parse_json(params.filter) if params.filter_lang == "cql2-json" else parse_text(params.filter)
    require_answerable(read)

    @cache
    def reach() -> Reach | None:
        extent = extent_of(context, layer, params.as_of)
        return None if extent is None else Reach.of(extent, context.store.crs, named.crs)

    def place(shape: Shape) -> BaseGeometry:
        require_simple(shape.geometry, context.settings.max_vertices, whose="the filter")
        return _place(shape, named, reach())

    return place_shapes(read, place)


def _place(shape: Shape, named: NamedCrs, reach: Reach | None) -> BaseGeometry:
    """Bring a geometry of a client into the storage CRS, see `api.features.area.Reach.place`.

    Parameters
    ----------
    shape
        In the named CRS, in its order of axes.
    named
        The CRS.
    reach
        Where the features are; None where there are none, and nothing matters.
    """
    ordered: BaseGeometry = named.ordered(np.array([shape.geometry], dtype=object))[0]
    if named.crs.is_geographic and not shapely.box(-180, -90, 180, 90).covers(ordered) and not ordered.is_empty:
        order = "latitude" if named.north_first else "longitude"
        detail = f"a geometry has degrees, {order} first, within ±180 and ±90 (at {shape.at})"
        raise InvalidParameter(detail, parameter="filter")
    return ordered if reach is None else reach.place(ordered)
