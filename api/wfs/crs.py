"""CRS by the names that WFS clients use: URNs, URIs, and the short ``EPSG:4490``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.crs import DEFAULT_CRS, EPSG_URI, NamedCrs
from twin.crs import epsg_code
from twin.errors import InvalidParameter
from twin.store import Store

_CRS84_URN = "urn:ogc:def:crs:OGC:1.3:CRS84"
_URI = r"https?://www\.opengis\.net/def/crs/"
_CRS84 = re.compile(rf"urn:ogc:def:crs:OGC:[^:]*:(CRS)?84|{_URI}OGC/[^/]+/CRS84|CRS:84", re.IGNORECASE)
_EPSG = re.compile(rf"(?:urn:(?:x-)?ogc:def:crs:EPSG:[^:]*:|{_URI}EPSG/[^/]+/)([0-9]+)", re.IGNORECASE)
#: What these name has x first, whatever the register says: clients and servers have always meant it so.
_EAST_FIRST = re.compile(r"(?:EPSG:|http://www\.opengis\.net/gml/srs/epsg\.xml#)([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Srs:
    """A CRS with the name by which a client knows it."""

    crs: NamedCrs
    name: str


def offer_srs(store: Store, offered: Sequence[NamedCrs]) -> list[Srs]:
    """List the CRS of the features, the default first: the storage CRS where it has a code, otherwise EPSG:4490.

    A storage CRS that has no code has no name that clients of WFS could know.
    """
    named = {_urn(each): each for each in offered if each is DEFAULT_CRS or _code(each) is not None}
    first = f"urn:ogc:def:crs:EPSG::{epsg_code(store.crs) or 4490}"
    return [Srs(crs=named[urn], name=urn) for urn in sorted(named, key=lambda urn: urn != first)]


def find_srs(name: str | None, offered: Sequence[Srs]) -> Srs:
    """Find the CRS that a client names, the first one where it names none; its name stays as it is.

    Raises
    ------
    InvalidParameter
        Features are not offered in it.
    """
    if not name:
        return offered[0]
    urn, east_first = _read_name(name)
    for each in offered:
        if each.name == urn:
            return Srs(crs=replace(each.crs, north_first=False) if east_first else each.crs, name=name)
    known = ", ".join(each.name for each in offered)
    raise InvalidParameter(f"features are not offered in {name}; they are in {known}", parameter="srsName")


def _read_name(name: str) -> tuple[str | None, bool]:
    """The URN that a name means, and whether the name says that x comes first."""
    if _CRS84.fullmatch(name):
        return _CRS84_URN, False
    for pattern, east_first in ((_EPSG, False), (_EAST_FIRST, True)):
        if found := pattern.fullmatch(name):
            return f"urn:ogc:def:crs:EPSG::{found[1]}", east_first
    return None, False


def _urn(named: NamedCrs) -> str:
    return _CRS84_URN if named is DEFAULT_CRS else f"urn:ogc:def:crs:EPSG::{_code(named)}"


def _code(named: NamedCrs) -> str | None:
    head = EPSG_URI.format("")
    return named.uri.removeprefix(head) if named.uri.startswith(head) else None
