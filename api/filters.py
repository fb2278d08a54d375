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
from api.itempages import extent_of
from api.links import Links
from api.media import HTML, JSON
from api.openapi import answers
from api.pages import respond
from api.params import FormatParams, ItemsParams
from twin.bbox import BBox
from twin.cql2.json import parse_json
from twin.cql2.text import parse_text
from twin.crs import CRS, reproject, reproject_bbox
from twin.expressions import Expression, place_shapes, require_answerable
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
#: A side that is straight in one CRS is bent in another: by half a millimetre over such a step.
_STEP_DEG, _STEP_M = 0.002, 200.0
#: How far beyond the data a geometry is cut off.
_MARGIN_DEG, _MARGIN_M = 0.01, 1000.0


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
    """
    named = find_crs(params.filter_crs, layer, context.crs, links.base, parameter="filter-crs")
    if params.filter is None:
        return None
    read = parse_json(params.filter) if params.filter_lang == "cql2-json" else parse_text(params.filter)
    require_answerable(read)
    storage = context.store.crs

    @cache
    def extent() -> BBox | None:
        return extent_of(context, layer, params.as_of)

    return place_shapes(read, lambda shape: _place(shape, named, storage, extent()))


def _place(shape: BaseGeometry, named: NamedCrs, storage: CRS, extent: BBox | None) -> BaseGeometry:
    """Bring a geometry of a client into the storage CRS, as straight as it was: its sides are followed in short steps.

    Far from its county a projection means nothing. What lies there is cut off, and a small piece outside of all
    features stands for it: so it is still true that not all of the geometry lies in any of them.

    Parameters
    ----------
    shape
        In the named CRS, in its order of axes.
    named, storage
        The CRS.
    extent
        The box around the features, storage CRS; None where there are none, and nothing matters.
    """
    ordered: BaseGeometry = named.ordered(np.array([shape], dtype=object))[0]
    if extent is None or named.crs.equals(storage, ignore_axis_order=True):
        return ordered
    step, margin = (_STEP_DEG, _MARGIN_DEG) if named.crs.is_geographic else (_STEP_M, _MARGIN_M)
    around = reproject_bbox(extent, storage, named.crs).buffer(margin)
    if not around.polygon().covers(ordered):
        beyond = ordered.difference(around.polygon())
        west, south, piece = around.west, around.south, margin / 4
        corner = shapely.box(west, south, west + piece, south + piece)
        stands_for = {0: corner.centroid, 1: corner.exterior, 2: corner}[int(shapely.get_dimensions(beyond))]
        ordered = ordered.intersection(around.polygon()).union(stands_for)
    placed: BaseGeometry = reproject(np.array([shapely.segmentize(ordered, step)]), named.crs, storage)[0]
    return placed
