"""Buildings as CityJSON 2.0, as one document or as a sequence, with the shapes of their models.

x is east, whatever order of axes the CRS defines: city models are read so by everybody. Links stand in the header.

References
----------
OGC 20-072r5, CityJSON 2.0, §5 (metadata), §7 (CityJSON Text Sequences).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bim.cityjson.features import Feature, make_features
from bim.cityjson.modelled import furnish
from bim.cityjson.writing import head_of, write_document, write_sequence
from twin.crs import BBox, reproject_bbox

if TYPE_CHECKING:
    from api.features.itempages import ItemsPage
    from api.http.links import Link


def write_city(page: ItemsPage, _related: list[Link]) -> Iterator[bytes]:
    """Write a page of buildings as one document; refused where the CRS is in degrees or has no EPSG code."""
    return write_document(_head(page), _features(page))


def write_city_sequence(page: ItemsPage, _related: list[Link]) -> Iterator[bytes]:
    """Write a page of buildings as a sequence; refused where the CRS is in degrees or has no EPSG code."""
    return write_sequence(_head(page), _features(page))


def _head(page: ItemsPage) -> dict[str, Any]:
    layer, places = page.frame.layer, page.geometries(page.rows)
    around = reproject_bbox(BBox.around(places), page.frame.crs, page.crs.crs) if len(places) else None
    return head_of(page.crs.crs, around=around, title=f"{layer.title} {layer.title_zh}")


def _features(page: ItemsPage) -> Iterator[Feature]:
    for rows in page.pieces():
        frame = page.frame.take(rows)
        blocks = make_features(frame.layer, frame.data, frame.crs, page.crs.crs, fields=page.fields)
        yield from furnish(blocks, page.models)
