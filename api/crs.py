"""The CRS that coordinates are given and asked for in: by the URIs that name them, in the order of axes they define.

References
----------
OGC 18-058r1: Features – Part 2, Coordinate Reference Systems by Reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache

import numpy as np
import numpy.typing as npt
import shapely

from twin.bbox import BBox
from twin.crs import CRS, CRS84, epsg_code, is_north_first, parse_crs, reproject, reproject_bbox, usable_area
from twin.datums import central_meridian_deg
from twin.errors import InvalidParameter
from twin.layer import Layer
from twin.store import Store

Geometries = npt.NDArray[np.object_]

CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CRS84H_URI = "http://www.opengis.net/def/crs/OGC/0/CRS84h"
EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/{}"
#: Where the service describes its storage CRS, which may have no other name.
STORAGE_PATH = "/crs/storage"
#: WGS 84, CGCS2000, Web Mercator.
_WORLD = (4326, 4490, 3857)
#: The Gauss-Krüger zones of CGCS2000, of 6 and of 3 degrees, with and without the zone in the easting.
_ZONES = range(4491, 4555)


@dataclass(frozen=True, kw_only=True, eq=False)
class NamedCrs:
    """A CRS that the service knows by a URI.

    Parameters
    ----------
    uri
        Its identifier; a path of this service where nobody else has one.
    crs
        What it is.
    north_first
        Whether its first axis points north; inside the twin x is always east.
    """

    uri: str
    crs: CRS
    north_first: bool

    @classmethod
    def of(cls, uri: str, crs: CRS) -> NamedCrs:
        """Name a CRS, whose axes stand in the order that it says itself."""
        return cls(uri=uri, crs=crs, north_first=is_north_first(crs))

    @property
    def digits(self) -> int:
        """Decimals of coordinates: 0.1 mm."""
        return 9 if self.crs.is_geographic else 4

    def href(self, base: str) -> str:
        """The URI as clients of the service at a base address see it."""
        return base + self.uri if self.uri.startswith("/") else self.uri

    def header(self, base: str) -> dict[str, str]:
        """What an answer in this CRS says of it (requirement /req/crs/ogc-crs-header)."""
        return {"Content-Crs": f"<{self.href(base)}>"}

    def ordered(self, geometries: Geometries) -> Geometries:
        """Bring the axes of n geometries from the order of the twin into that of the CRS, or back: it is the same."""
        if not self.north_first:
            return geometries
        out = geometries.copy()
        solid = shapely.has_z(geometries)
        for rows, include_z in ((solid, True), (~solid, False)):
            if rows.any():
                out[rows] = shapely.transform(geometries[rows], _swap, include_z=include_z)
        return out

    def from_storage(self, geometries: Geometries, storage: CRS) -> Geometries:
        """Write n geometries of the storage CRS in this one, in its order of axes; heights stay."""
        return self.ordered(reproject(geometries, storage, self.crs))

    def to_storage(self, geometries: Geometries, storage: CRS) -> Geometries:
        """Read n geometries that a client gives in this CRS, in its order of axes; heights stay."""
        return reproject(self.ordered(geometries), self.crs, storage)


#: The default of every parameter and every answer.
DEFAULT_CRS = NamedCrs(uri=CRS84_URI, crs=CRS84, north_first=False)


def offer_crs(store: Store) -> tuple[NamedCrs, ...]:
    """List the CRS of a twin: CRS84, its own, those of the world, and the zones of CGCS2000 that hold its county.

    What a zone holds is as far as a transverse Mercator is used, so the neighbouring zones are among them. Where nobody
    gave the county's outline, all zones are.
    """
    area = None if store.area is None else reproject_bbox(BBox(*store.area.bounds), store.crs, CRS84)
    near = [each for each in _known() if area is None or usable_area(each.crs).holds(area)]
    own = storage_crs(store)
    return (DEFAULT_CRS, own, *(each for each in near if each.uri != own.uri))


@cache
def _known() -> tuple[NamedCrs, ...]:
    return tuple(NamedCrs.of(EPSG_URI.format(code), parse_crs(code)) for code in (*_WORLD, *_ZONES))


def storage_crs(store: Store) -> NamedCrs:
    """Name the storage CRS: by its EPSG code, or by where the service describes it."""
    code = epsg_code(store.crs)
    if code is None:
        return NamedCrs.of(STORAGE_PATH, store.crs)
    return NamedCrs.of(EPSG_URI.format(code), parse_crs(code))


def metric_crs(store: Store, offered: Sequence[NamedCrs]) -> NamedCrs:
    """The CRS of what has metres and names its CRS by a code: the storage CRS, or the zone of the nearest meridian.

    CRS84 where there is neither. One zone for the whole twin: neighbours in two zones would not fit together.
    """
    own = storage_crs(store)
    if own.uri != STORAGE_PATH and own.crs.is_projected:
        return own
    middle = central_meridian_deg(store.crs)
    if middle is None:
        return DEFAULT_CRS
    far = {each: central_meridian_deg(each.crs) for each in offered if each.uri != own.uri}
    zones = {each: abs(meridian - middle) for each, meridian in far.items() if meridian is not None}
    return min(reversed(zones), key=zones.__getitem__, default=DEFAULT_CRS)


def crs_of(layer: Layer, offered: Sequence[NamedCrs]) -> list[NamedCrs]:
    """List the CRS of a layer: with heights, the default has a second name."""
    named = [NamedCrs(uri=CRS84H_URI, crs=CRS84, north_first=False)] if layer.has_z else []
    return [*offered, *named]


def find_crs(
    uri: str | None, layer: Layer, offered: Sequence[NamedCrs], base: str, *, parameter: str = "crs"
) -> NamedCrs:
    """Find the CRS of a layer that a URI names; CRS84 where none is given.

    Parameters
    ----------
    uri
        As `/collections` lists it.
    layer, offered
        What is offered for a layer.
    base
        Where the client sees the service.
    parameter
        What brought the URI.

    Raises
    ------
    InvalidParameter
        The layer is not offered in it.

    References
    ----------
    OGC 18-058r1, requirements /req/crs/fc-crs-valid-value and fc-bbox-crs-valid-value: identifiers from the list.
    """
    if uri is None:
        return DEFAULT_CRS
    known = {each.href(base): each for each in crs_of(layer, offered)}
    if uri not in known:
        near = get_close_matches(uri, known, n=1)
        hint = f" such as {near[0]}" if near else ""
        raise InvalidParameter(
            f"{parameter} must be a URI from the list `crs` of /collections{hint}; not {uri!r}", parameter=parameter
        )
    return replace(known[uri], uri=uri)


def _swap(coords: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return coords[:, [1, 0, *range(2, coords.shape[1])]]
