"""QGIS opens the store as it is: rows, CRS, spatial index, titles of codes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from tests_qgis import VERSIONS, run_in_qgis
from tests_support import LAYER, make_rows
from twin.crs import transverse_mercator
from twin.store import Changes
from twin.stores import create_store

LOOK = Path(__file__).parents[1] / "support" / "look_in_qgis.py"
BOX = {"layer": "plots", "box": [500_090, 3_919_990, 500_200, 3_920_100], "value": "plot_id"}
NAMES = {"layer": "plots", "where": "floors = 3", "value": "name"}
TOPS = {"layer": "plots", "value": "z_max($geometry)"}


@pytest.fixture(params=VERSIONS)
def seen_in_qgis(request, tmp_path):
    path = tmp_path / "twin.gpkg"
    crs = transverse_mercator(118.5, name="County plane")
    plot = shapely.force_3d(shapely.box(500_000, 3_920_000, 500_010, 3_920_010), 12.5)
    beside = shapely.affinity.translate(plot, 100)
    rows = make_rows(
        A1={"name": "甲", "floors": 3, "use": "home", "geometry": plot},
        A2={"name": "乙", "floors": 5, "use": "shop", "geometry": beside},
    )
    rows = gpd.GeoDataFrame(rows.drop(columns="geometry"), geometry=rows.geometry.to_numpy(), crs=crs)
    with create_store(str(path), crs=crs) as store:
        store.prepare(LAYER)
        store.write(LAYER, Changes(insert=rows), author="surveyor", reason="first")
    return run_in_qgis(LOOK, {"file": str(path), "ask": [BOX, NAMES, TOPS]}, version=request.param)


def test_qgis_sees_rows_plane_extent_and_codes(seen_in_qgis):
    (plots,) = seen_in_qgis["layers"]["plots"]
    assert (plots["valid"], plots["count"], plots["read"]) == (True, 2, 2)
    for part in ("+proj=tmerc", "+lon_0=118.5", "+k=1 ", "+x_0=500000"):
        assert part in plots["crs"]
    assert plots["extent"] == [500_000, 3_920_000, 500_110, 3_920_010]
    assert seen_in_qgis["ask"] == [["A2"], ["甲"], [12.5, 12.5]]
    assert plots["codes"]["use"] == [{"Home 住宅": "home"}, {"Shop 商业": "shop"}]
