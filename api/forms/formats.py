"""The forms in which features are given: one entry each, in the order in which they are offered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from api.forms import cityjson, geojson, gmlpages, jsonfg, tables
from api.http.links import Link, Links, link
from api.http.media import (
    CITYJSON,
    CITYJSON_SEQ,
    CSV,
    FLATGEOBUF,
    GEOJSON,
    GEOPARQUET,
    GML,
    HTML,
    JSONFG,
    choose_media_type,
)
from bim.cityjson.exporting import BUILDINGS
from bim.cityjson.modelled import ELEMENTS, MODELS
from twin.errors import InvalidParameter

if TYPE_CHECKING:
    from api.features.itempages import ItemsPage

#: Writes a page piece by piece; what it links to is given.
WritePage = Callable[["ItemsPage", list[Link]], Iterator[bytes]]


@dataclass(frozen=True, kw_only=True)
class Format:
    """A form in which features are given.

    Parameters
    ----------
    name
        What the parameter ``f`` calls it.
    media_type, title
        What it is.
    write
        Writes a page of features.
    write_one
        Writes a page of one feature that is asked for by its key.
    suffix
        Of a file; None where it is a document to look at.
    profiles
        URIs of what it keeps to beyond its media type.
    only
        The layer that alone is given in it; None for all.
    behind
        Ids of other layers of which it shows something.
    is_metric
        Whether its coordinates are metres, so that it has a CRS of its own where none is asked for.
    """

    name: str
    media_type: str
    title: str
    write: WritePage
    write_one: WritePage
    suffix: str | None = None
    profiles: tuple[str, ...] = ()
    only: str | None = None
    behind: tuple[str, ...] = ()
    is_metric: bool = False


def _city(name: str, media_type: str, title: str, write: WritePage, suffix: str) -> Format:
    kind = Format(name=name, media_type=media_type, title=title, write=write, write_one=write, suffix=suffix)
    return replace(kind, only=BUILDINGS, behind=(MODELS, ELEMENTS), is_metric=True)


def _table(name: str, media_type: str, title: str, write: WritePage) -> Format:
    return Format(name=name, media_type=media_type, title=title, write=write, write_one=write, suffix=f".{name}")


PLAIN = Format(name="json", media_type=GEOJSON, title="GeoJSON", write=geojson.write_page, write_one=geojson.write_one)
FORMATS = (
    PLAIN,
    Format(
        name="jsonfg",
        media_type=JSONFG,
        title="JSON-FG",
        write=jsonfg.write_page,
        write_one=jsonfg.write_one,
        profiles=jsonfg.PROFILES,
    ),
    _table("fgb", FLATGEOBUF, "FlatGeobuf", tables.write_flatgeobuf),
    _table("parquet", GEOPARQUET, "GeoParquet", tables.write_geoparquet),
    _table("csv", CSV, "CSV with geometries as WKT", tables.write_csv),
    Format(
        name="gml",
        media_type=GML,
        title="GML 3.2",
        write=gmlpages.write_page,
        write_one=gmlpages.write_one,
        suffix=".gml",
    ),
    _city("cityjson", CITYJSON, "CityJSON 2.0", cityjson.write_city, ".city.json"),
    _city("cityjsonseq", CITYJSON_SEQ, "CityJSON 2.0 sequence", cityjson.write_city_sequence, ".city.jsonl"),
)
MEDIA_TYPES = tuple(each.media_type for each in FORMATS)
_NAMES = {"geojson": PLAIN, **{each.name: each for each in FORMATS}}
#: The values of the parameter ``f``.
FORM_NAMES = (*_NAMES, "html")
#: What GeoJSON may keep to beyond RFC 7946; JSON-FG is GeoJSON too.
_PROFILES = {f"{jsonfg.PROFILE}/rfc7946": replace(PLAIN, profiles=(f"{jsonfg.PROFILE}/rfc7946",))} | dict.fromkeys(
    jsonfg.PROFILES, replace(_NAMES["jsonfg"], name=PLAIN.name, media_type=GEOJSON)
)


def formats_of(layer_id: str) -> tuple[Format, ...]:
    """The forms in which a layer is given."""
    return tuple(each for each in FORMATS if each.only in (None, layer_id))


def form_names_of(layer_id: str) -> tuple[str, ...]:
    """The values of the parameter ``f`` for a layer."""
    own = {each.name for each in formats_of(layer_id)}
    return tuple(name for name in FORM_NAMES if name not in _NAMES or _NAMES[name].name in own)


def choose_format(accept: str, f: str | None, layer_id: str, profile: str | None = None) -> Format | None:
    """Choose the form of an answer by the parameter or by an Accept header; None is the page for people.

    Parameters
    ----------
    accept, f
        The header, and the parameter of that name.
    layer_id
        What is asked for.
    profile
        Of GeoJSON: names or URIs of profiles joined by commas, of which the first counts that there is.

    Raises
    ------
    NotAcceptable
        The header allows none of them.
    InvalidParameter
        The layer is not given in the form.

    References
    ----------
    OGC 21-045r1, class api. OGC 23-058r2 (draft), class profile-parameter: a profile that there is not is no error.
    """
    if f is None:
        offered = formats_of(layer_id)
        chosen = choose_media_type(accept, (GEOJSON, HTML, *(each.media_type for each in offered)))
        form = next((each for each in offered if each.media_type == chosen), None)
    elif f not in form_names_of(layer_id):
        raise InvalidParameter(
            f"{layer_id} is not given as {f}: f must be one of {', '.join(form_names_of(layer_id))}", parameter="f"
        )
    else:
        form = _NAMES.get(f)
    if form is not PLAIN or profile is None:
        return form
    asked = (name if ":" in name else f"{jsonfg.PROFILE}/{name}" for name in profile.split(","))
    return next((_PROFILES[uri] for uri in asked if uri in _PROFILES), PLAIN)


def link_formats(links: Links, own: Format | None, layer_id: str) -> list[Link]:
    """Link features to themselves and to their other forms (OGC 17-069r4, /req/core/fc-links and f-links)."""
    return [
        *([link("self", links.here(f=own.name), own.media_type, "This document")] if own else []),
        *(
            link("alternate", links.here(f=each.name), each.media_type, f"The same as {each.title}")
            for each in formats_of(layer_id)
            if own is None or each.name != own.name
        ),
        link("alternate", links.here(f="html"), HTML, "The same as a page"),
        *(link("profile", uri, HTML, "What this form keeps to") for uri in (own.profiles if own else ())),
    ]
