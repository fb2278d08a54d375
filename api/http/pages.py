"""Answers in the form that was asked for: the document itself, or the HTML page made from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.context import context_of, links_of
from api.forms.geojson import to_json
from api.forms.xmlnames import make_writable
from api.http.links import turn_links
from api.http.media import HTML, JSON, XML, choose_document
from twin import __version__
from twin.crs import CRS
from twin.indicator import verdict_title
from twin.moments import CHINA
from twin.schema import Field

_HERE = Path(__file__).parents[1]
#: The units that names end with.
_UNITS = {"m": "m", "m2": "m²", "km": "km", "km2": "km²", "dbm": "dBm", "db": "dB", "deg": "°"}


def load_pages() -> Environment:
    """Load the templates; everything that goes into a page is escaped, and a missing name is an error."""
    pages = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"amount": amount, "detail": detail, "figure": figure, "measured": measured, "named": named}
    pages.filters |= {"verdict_title": verdict_title, "wkt": write_wkt}
    return pages


def respond(
    request: Request,
    document: Mapping[str, Any],
    template: str,
    *,
    f: str | None = None,
    media_type: str = JSON,
    xml: str | None = None,
    lasting: bool = False,
    **shown: Any,
) -> Response:
    """Answer with a document, as JSON, or as the page or the XML that a template makes of it.

    Parameters
    ----------
    request
        What is answered.
    document
        What the resource is, JSON-ready.
    template
        File name of the page; it sees the document as ``doc``.
    f
        The parameter of that name.
    media_type
        Media type of the JSON form.
    xml
        File name of the template of the XML, which sees the document as the page does; None where there is none.
    lasting
        Whether it says the same until something is written to the store; then it is not made again before.
    shown
        Further values for the templates only.
    """
    request.state.lasting = lasting
    form = choose_document(request, f, (media_type, *([XML] if xml else []), HTML))
    if form == HTML:
        return page(request, template, doc=document, **shown)
    if xml is None or form != XML:
        return json_response(document, media_type)
    turned = {**document, "links": turn_links(document["links"], XML)}
    content = context_of(request).pages.get_template(xml).render(doc=turned, **shown)
    return Response(make_writable(content), media_type=XML, headers={"Vary": "Accept"})


def json_response(document: Mapping[str, Any], media_type: str = JSON) -> Response:
    """Answer with JSON."""
    return Response(to_json(document), media_type=media_type, headers={"Vary": "Accept"})


def never_kept(answer: Response) -> Response:
    """Have nobody keep an answer that the next moment may make untrue."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


def page(request: Request, template: str, **shown: Any) -> Response:
    """Answer with an HTML page; what every page sees is named here."""
    context, links = context_of(request), links_of(request)
    names = {
        "url": links.url,
        "json_href": links.here(f="json"),
        "twin_title": context.title,
        "version": __version__,
        "served": set(context.served.layers),
        **shown,
    }
    content = context.pages.get_template(template).render(names)
    return Response(content, media_type=HTML, headers={"Vary": "Accept"})


def figure(value: Any) -> str:
    """Write a value as people read it: a dash for nothing, thousands apart from ten thousand on, Chinese time."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes 是" if value else "no 否"
    if isinstance(value, int | float):
        digits = ",.0f" if abs(value) >= 10_000 else "" if isinstance(value, int) else ".6g"
        return format(value, digits)
    if isinstance(value, datetime):
        return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return ", ".join(map(figure, value)) or "–"
    return str(value)


def write_wkt(projjson: Mapping[str, Any]) -> str:
    """Write a CRS, given as PROJJSON, as well-known text (ISO 19162)."""
    return CRS.from_json_dict(dict(projjson)).to_wkt()


def named(value: Any, field: Field) -> str:
    """Write the value of a field with the name of its code and its unit."""
    for code in field.codes:
        if code.value == value:
            return " ".join(dict.fromkeys((code.title, code.title_zh)))
    return figure(value) + (f" {field.unit}" if field.unit and value is not None else "")


def measured(value: float, unit: str) -> str:
    """Write an indicator's value; a share as per cent."""
    return f"{value:.2%}" if unit in ("1", "ratio") else f"{value:,.4g} {unit}"


def amount(value: float | None, unit: str) -> str:
    """Write what a value is made of: an area with its unit, a count without one, thousands apart."""
    if value is None:
        return figure(value)
    digits = ",.0f" if abs(value) >= 1000 or value == round(value) else ",.6g"
    return f"{value:{digits}} {unit}".rstrip()


def detail(value: Any, name: str, unit: str) -> str:
    """Write a figure of an indicator as its name says: a share as per cent, a quantity with the unit it ends with."""
    *words, last = name.split("_")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return figure(value)
    if name == "value":
        return measured(value, unit)
    if {"ratio", "share"} & {*words, last}:
        return measured(value, "ratio")
    return amount(value, _UNITS[last]) if last in _UNITS else figure(value)
