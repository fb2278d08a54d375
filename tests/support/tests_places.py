"""Key places, cells and samples by hand, on a plane around the central meridian where the grid is true to scale."""

from __future__ import annotations

import shapely
from shapely.geometry import Point, box

from layers.admin_areas import ADMIN_AREAS
from layers.cell_sites.layer import CELL_SITES
from layers.cell_sites.place_coverage import key_place_5g
from layers.cell_sites.signal_samples import SIGNAL_SAMPLES
from layers.key_places import KEY_PLACES

X, Y = 500_000, 3_930_000


def place(place_id, geometry, category="school"):
    return {"place_id": place_id, "name": place_id, "category": category, "geometry": moved(geometry)}


def cell(cell_id="c", at=(0, 0), **fields):
    row = {"band": "n41", "beamwidth_deg": 360.0, "radius_m": 500.0, "geometry": moved(Point(*at, 50))}
    return {"cell_id": cell_id, **row, **fields}


def sample(sample_id, at, rsrp, kind="drive", **fields):
    return {"sample_id": sample_id, "kind": kind, "ss_rsrp_dbm": rsrp, "geometry": moved(Point(*at)), **fields}


def key_points(place_id, *values, **fields):
    return [
        sample(f"{place_id}-{n}", (10 * n, 0), value, kind="key_point", place_id=place_id, **fields)
        for n, value in enumerate(values)
    ]


def moved(geometry):
    return shapely.transform(geometry, lambda xyz: xyz + [X, Y, 0][: xyz.shape[1]], include_z=geometry.has_z)


SQUARE = box(0, 0, 100, 100)
QUARTERS = [(25, 25), (75, 25), (25, 75), (75, 75)]


def grid(*cells, size=50.0):
    return [sample(f"g{n}", at, rsrp, kind="grid", cell_size_m=size) for n, (at, rsrp) in enumerate(cells)]


def measure_places(frame, places, cells=(), samples=(), areas=(), crs="EPSG:4549", **parameters):
    """The indicator on rows written by hand; `frame` is the fixture of that name."""
    frames = [
        frame(KEY_PLACES, places, crs),
        frame(CELL_SITES, cells, crs),
        frame(SIGNAL_SAMPLES, samples, crs),
        frame(ADMIN_AREAS, areas, crs),
    ]
    return key_place_5g.function(*frames, **parameters)


def judge_place(frame, geometry=SQUARE, **given):
    """The one place of a twin as it was judged, None where nothing judges it."""
    found = measure_places(frame, [place("p", geometry)], **given)
    return None if found.value is None else found.details["places"][0]
