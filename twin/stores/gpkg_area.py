"""Which rows of a GeoPackage share a point with an area: the R-tree decides for all but those around its edge."""

from __future__ import annotations

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, FromClause, TableClause, and_, or_, select, table
from sqlalchemy import column as sql_column

from twin.crs import BBox
from twin.layer import Layer
from twin.stores.gpkg_tongue import GpkgTongue
from twin.stores.gpkg_triggers import rtree_name
from twin.stores.tables import GEOMETRY


def intersects(rows: FromClause, area: BaseGeometry) -> ColumnElement[bool]:
    """Test each row exactly, by the SQL function that every connection gets."""
    return GpkgTongue().relate("s_intersects", rows.c[GEOMETRY], GpkgTongue().shape(area))


def near(layer: Layer, rows: FromClause, box: BBox) -> ColumnElement[bool]:
    """Ask the R-tree, whose boxes are rounded outward, which current rows may meet a box."""
    tree = _rtree(layer).c
    touches = (tree.minx <= box.east, tree.maxx >= box.west, tree.miny <= box.north, tree.maxy >= box.south)
    return rows.c.fid.in_(select(tree.id).where(*touches))


def meets(layer: Layer, rows: FromClause, area: BaseGeometry) -> ColumnElement[bool]:
    """Test current rows, whose R-tree boxes are rounded outward: a box that lies in the area needs no exact test."""
    exact = intersects(rows, area)
    if area.is_empty:
        return exact
    candidates = near(layer, rows, BBox(*area.bounds))
    inner = inner_box(area)
    if inner is None:
        return and_(candidates, exact)
    tree = _rtree(layer).c
    lies = (tree.minx >= inner.west, tree.maxx <= inner.east, tree.miny >= inner.south, tree.maxy <= inner.north)
    return and_(candidates, or_(rows.c.fid.in_(select(tree.id).where(*lies)), exact))


def inner_box(area: BaseGeometry) -> BBox | None:
    """Find a large box inside an area, about the middle of its bounds; None where the middle is outside.

    A row whose index box lies in it meets the area for certain.
    """
    west, south, east, north = area.bounds
    x, y, dx, dy = (west + east) / 2, (south + north) / 2, (east - west) / 2, (north - south) / 2
    shapely.prepare(area)
    fits, too_large = 0.0, 2.0
    for _ in range(16):
        share = (fits + too_large) / 2
        box = shapely.box(x - share * dx, y - share * dy, x + share * dx, y + share * dy)
        fits, too_large = (share, too_large) if area.covers(box) else (fits, share)
    return BBox(x - fits * dx, y - fits * dy, x + fits * dx, y + fits * dy) if fits else None


def _rtree(layer: Layer) -> TableClause:
    return table(rtree_name(layer), *(sql_column(name) for name in ("id", "minx", "maxx", "miny", "maxy")))
