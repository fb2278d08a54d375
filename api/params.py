"""The reader of query strings: text in, typed values out, anything unknown refused by name. WFS has its own.

Each class is the set of parameters that a kind of resource takes; FastAPI documents it, pydantic reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from api.forms.formats import FORM_NAMES
from api.values import Corners, parse_bbox, parse_datetime, parse_effective, parse_interval, parse_value
from twin.errors import InvalidParameter
from twin.expressions import Scalar
from twin.indicator import Indicator
from twin.layer import Layer
from twin.qgis.sources import OLDEST, QgisVersion

_Box = Annotated[
    Corners | None,
    PlainValidator(parse_bbox),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}),
]
_Moment = Annotated[datetime | None, PlainValidator(parse_datetime), WithJsonSchema({"type": "string"})]


class Params(BaseModel):
    """No parameters at all; the base of the other sets.

    An empty value counts as not given, because that is what a form sends for a box left empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, values: dict[str, Any]) -> dict[str, Any]:
        if cls.model_config.get("extra") == "forbid":
            _require_known(values, cls.names())
        return {name: value for name, value in values.items() if value != ""}

    @classmethod
    def names(cls) -> list[str]:
        """The declared parameters as they stand in the query string."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    def extras(self, allowed: Iterable[str]) -> dict[str, str]:
        """The parameters beside the declared ones, each known and given once."""
        extras = self.model_extra or {}
        if extras:
            _require_known(extras, [*allowed, *self.names()])
        return extras


class FormatParams(Params):
    """What every resource with a page for people takes."""

    f: Annotated[
        Literal["json", "html"] | SkipJsonSchema[None],
        Field(description="Form of the answer; without it the Accept header decides."),
    ] = None


class DocumentParams(Params):
    """What a resource takes that is there as XML too."""

    f: Annotated[
        Literal["json", "xml", "html"] | SkipJsonSchema[None],
        Field(description="Form of the answer; without it the Accept header decides."),
    ] = None


class ProjectParams(Params):
    """What the project for QGIS takes."""

    qgis: Annotated[
        QgisVersion, Field(description="The oldest QGIS that is to read it; later ones are given the storage CRS.")
    ] = OLDEST


class MomentParams(Params):
    """What every resource made from data takes: the moment whose state is meant."""

    as_of: Annotated[
        _Moment,
        Field(
            alias="datetime",
            description="The state of the twin as it was effective at this instant (RFC 3339); of an interval, at its "
            "end. An open end (`..`) is now; a date without a time is the end of that day in China.",
        ),
    ] = None


class StateParams(FormatParams, MomentParams):
    """A resource made from data, with a page for people."""


#: Names joined by commas.
NAMES = WithJsonSchema({"type": "array", "items": {"type": "string"}})


class PagedParams(FormatParams):
    """A list that comes page by page."""

    limit: Annotated[int, Field(ge=1, le=1000, description="At most so many.")] = 100
    offset: Annotated[int, Field(ge=0, le=1_000_000, description="So many are passed over; see the link `next`.")] = 0


class PagedStateParams(PagedParams, MomentParams):
    """A list made from data that comes page by page."""


class ElementsParams(PagedStateParams):
    """The elements of a building."""

    kind: Annotated[
        Literal["site", "building", "storey", "space", "element", "opening", "other"] | SkipJsonSchema[None],
        Field(description="Only elements of this kind."),
    ] = None
    ifc_class: Annotated[
        str | SkipJsonSchema[None], Field(alias="class", description="Only elements of this IFC class, as `IfcWall`.")
    ] = None
    storey: Annotated[
        str | SkipJsonSchema[None], Field(description="Only elements of this storey: its name, or its element.")
    ] = None
    wanted: Annotated[
        str | SkipJsonSchema[None],
        Field(
            alias="property",
            description="Only elements with this property: `FireRating`, `Pset_DoorCommon.FireRating`, or with these "
            "values, all of them: `Pset_WallCommon.IsExternal=true; Width>=0.2`.",
        ),
    ] = None


_Seconds = Annotated[int | SkipJsonSchema[None], Field(ge=0)]


class JobsParams(PagedParams):
    """The list of jobs (OGC 18-062r2, 11.2)."""

    kinds: Annotated[
        str | None, NAMES, Field(alias="type", description="Only jobs of these kinds; all are of `process`.")
    ] = None
    processes: Annotated[str | None, NAMES, Field(alias="processID", description="Only jobs of these processes.")] = (
        None
    )
    states: Annotated[str | None, NAMES, Field(alias="status", description="Only jobs in these states.")] = None
    created: Annotated[
        Any,  # two instants or None; FastAPI would read anything with several parts from several parameters
        PlainValidator(parse_interval),
        WithJsonSchema({"type": "string"}),
        Field(alias="datetime", description="Only jobs that were created at this time: an instant or an interval."),
    ] = (None, None)
    least_s: Annotated[
        _Seconds, Field(alias="minDuration", description="Only jobs that run for so many seconds at least.")
    ] = None
    most_s: Annotated[
        _Seconds, Field(alias="maxDuration", description="Only jobs that run for so many seconds at most.")
    ] = None


class IndicatorParams(StateParams):
    """The result of an indicator; the indicator's own parameters come on top."""

    model_config = ConfigDict(extra="allow")


class FeatureParams(MomentParams):
    """A resource whose machine-readable form is GeoJSON."""

    f: Annotated[
        Literal["json", "geojson", "html"] | SkipJsonSchema[None],
        Field(description="Form of the answer; without it the Accept header decides."),
    ] = None


class EvidenceParams(FeatureParams):
    """The evidence of an indicator; the indicator's own parameters come on top."""

    model_config = ConfigDict(extra="allow")


def _require_form(name: str | None) -> str | None:
    """Let pass the name of a form in which features are given."""
    if name not in (None, *FORM_NAMES):
        raise ValueError(f"this must be one of {', '.join(FORM_NAMES)}")
    return name


_Form = Annotated[
    str | None, AfterValidator(_require_form), WithJsonSchema({"type": "string", "enum": list(FORM_NAMES)})
]
#: How the features of all pages are counted; None leaves it to the service.
Count = Literal["exact", "estimate", "none"] | None
_CrsUri = Annotated[str | None, WithJsonSchema({"type": "string", "format": "uri"})]


class ItemParams(MomentParams):
    """One feature of a layer."""

    f: Annotated[_Form, Field(description="Form of the answer; without it the Accept header decides.")] = None
    crs: Annotated[
        _CrsUri,
        Field(
            description="CRS of the answer: one of the URIs that `/collections` lists. Coordinates stand in the order "
            "of axes that the CRS defines, northing or latitude first in most of those of China. Without it: "
            "longitude, latitude (CRS84)."
        ),
    ] = None

    profile: Annotated[
        str | None,
        NAMES,
        Field(
            description="What GeoJSON is to keep to: `rfc7946`, as by default, `jsonfg` or `jsonfg-plus`. Of several, "
            "the first one that there is counts; one that there is not is passed over."
        ),
    ] = None

    @property
    def plain(self) -> bool:
        """Whether the feature is asked for as it is now, in degrees, as plain GeoJSON."""
        return self.as_of is None and self.crs is None and self.profile is None


class ItemsParams(ItemParams):
    """The features of a layer; every field of the layer is a filter on top."""

    model_config = ConfigDict(extra="allow")

    bbox: Annotated[
        _Box,
        Field(
            description="Features that share a point with this box: west,south,east,north in degrees (CRS84), or two "
            "corners in the order of axes of `bbox-crs`. Six numbers carry heights, which are not looked at."
        ),
    ] = None
    bbox_crs: Annotated[_CrsUri, Field(alias="bbox-crs", description="CRS of the box, as `crs`.")] = None
    limit: Annotated[
        int,
        Field(
            ge=1,
            description="At most this many features; the service may give fewer at once. More come by the link `next`.",
        ),
    ] = 100
    after: Annotated[
        str | SkipJsonSchema[None],
        Field(description="Only features that come after this one; see the link `next`."),
    ] = None
    filter: Annotated[
        str | SkipJsonSchema[None],
        Field(description="A condition on fields and geometry, such as `floors > 5 AND use = 'home'` (CQL2)."),
    ] = None
    filter_lang: Annotated[
        Literal["cql2-text", "cql2-json", "cql-text"],
        Field(
            alias="filter-lang",
            description="How the filter is written; `cql-text` is what GDAL calls CQL2 text, and looks for here.",
        ),
    ] = "cql2-text"
    filter_crs: Annotated[
        str | SkipJsonSchema[None],
        Field(alias="filter-crs", description="The CRS of the geometries in the filter; CRS84 if not given."),
    ] = None
    sortby: Annotated[
        str | None, NAMES, Field(description="Sorted by these fields, from high to low after `-`; then by the key.")
    ] = None
    properties: Annotated[str | None, NAMES, Field(description="Only these fields: their names joined by commas.")] = (
        None
    )
    count: Annotated[
        Literal["exact", "estimate", "none"] | SkipJsonSchema[None],
        Field(
            description="Whether the features of all pages are counted one by one, or roughly where they are many, or "
            "not at all. A rough number is told as `x-numberMatchedEstimate`, an exact one as `numberMatched`."
        ),
    ] = None

    @property
    def plain(self) -> bool:
        """Whether the features are asked for as they are now, in degrees, in the order of their keys."""
        return super().plain and self.filter is None and self.sortby is None and self.properties is None

    def wanted(self, layer: Layer) -> dict[str, Scalar]:
        """The property filters: the value that each field named must have."""
        given = self.extras(layer.schema.names)
        return {name: parse_value(layer.schema[name], text) for name, text in given.items()}


class EditParams(Params):
    """An edit."""

    reason: Annotated[
        str | SkipJsonSchema[None],
        Field(max_length=1000, description="Why; stands in the history with the revision that the edit makes."),
    ] = None
    effective: Annotated[
        Annotated[datetime | None, PlainValidator(parse_effective), WithJsonSchema({"type": "string"})],
        Field(
            description="From when it is so in the real world (RFC 3339), now by default; not in the future. A date "
            "without a time is the beginning of that day in China."
        ),
    ] = None


async def refuse_repeated(request: Request) -> None:
    """Refuse a parameter that is given more than once, because nobody knows which one counts."""
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if times > 1:
            raise InvalidParameter(f"{name} is given {times} times; give it once", parameter=name)


def indicator_parameters(params: IndicatorParams | EvidenceParams, indicator: Indicator) -> dict[str, Any]:
    """Parse the indicator's own parameters; the others take their defaults."""
    return indicator.parse(params.extras(indicator.parameters))


def _require_known(given: Mapping[str, Any], known: Iterable[str]) -> None:
    known = list(known)
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known) or 'none'}"
            raise InvalidParameter(f"there is no parameter {name} here; {hint}", parameter=name)
