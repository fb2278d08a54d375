"""Features as JSON-FG: the geometry in degrees for everybody, the place in the CRS that was asked for.

References
----------
OGC 21-045r1, Features and Geometries JSON – Part 1: Core, 1.0; requirements classes core, types-schemas, profiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from api.crs import DEFAULT_CRS
from api.forms.geojson import enclose, encode_geometries, page_members, split_geometry, to_json
from api.http.links import Link
from twin.crs import CRS84

if TYPE_CHECKING:
    from api.features.itempages import ItemsPage

_CONFORMS_TO = [f"http://www.opengis.net/spec/json-fg-1/1.0/conf/{name}" for name in ("core", "types-schemas")]
#: Where the profiles stand that the OGC has registered.
PROFILE = "http://www.opengis.net/def/profile/OGC/0"
#: Every feature with a place has its geometry in degrees as well, for those who read GeoJSON only.
PROFILES = tuple(f"{PROFILE}/{name}" for name in ("jsonfg", "jsonfg-plus"))


def write_page(page: ItemsPage, related: list[Link]) -> Iterator[bytes]:
    """Write a page as a JSON-FG feature collection."""
    members = {"type": "FeatureCollection", **_root(page), **page_members(page), "links": related}
    members["geometryDimension"] = page.frame.layer.dimension
    return enclose(to_json(members).encode(), (b",".join(texts) for texts in _written(page)))


def write_one(page: ItemsPage, related: list[Link]) -> Iterator[bytes]:
    """Write one feature, which is a document of its own."""
    ((feature,),) = _written(page)
    yield b"".join((to_json(_root(page))[:-1].encode(), b", ", feature[1:-1], b', "links": '))
    yield to_json(related).encode() + b"}"


def _root(page: ItemsPage) -> dict[str, Any]:
    """What stands at the root of a document only."""
    return {"conformsTo": _CONFORMS_TO, "featureType": page.frame.layer.id, "coordRefSys": page.crs.uri}


def _written(page: ItemsPage) -> Iterator[list[bytes]]:
    """The features, some at a time: GeoJSON with a time that is not told and a place."""
    in_degrees = page.crs.crs is CRS84
    for rows in page.pieces():
        texts = page.texts(rows, DEFAULT_CRS)
        places = [b"null"] * len(rows)
        if not in_degrees:
            moved = encode_geometries(page.geometries(rows), page.frame.crs, page.crs)
            places = [place.encode() for place in moved]
        yield [
            b"".join((before, b', "time": null, "place": ', place, geometry))
            for (before, geometry), place in zip(map(split_geometry, texts), places, strict=True)
        ]
