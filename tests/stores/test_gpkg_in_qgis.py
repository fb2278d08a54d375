"""QGIS opens the store as it is: rows, CRS, spatial index, titles of codes."""

from __future__ import annotations

import json
import subprocess

import geopandas as gpd
import pytest
import shapely

from tests_support import LAYER, make_rows
from twin.crs import transverse_mercator
from twin.store import Changes
from twin.stores import create_store

#: Runs in the system's Python, where QGIS has its bindings. QGIS may fall over its own feet at exit, hence _exit.
LOOK = """
import json, os, sys
from qgis.core import QgsApplication, QgsFeatureRequest, QgsRectangle, QgsVectorLayer

application = QgsApplication([], False)
application.initQgis()
layer = QgsVectorLayer(sys.argv[1] + "|layername=plots", "plots", "ogr")
extent = layer.extent()
box = QgsFeatureRequest(QgsRectangle(500090, 3919990, 500200, 3920100))
widget = layer.editorWidgetSetup(layer.fields().indexOf("use"))
seen = {
    "valid": layer.isValid(),
    "rows": layer.featureCount(),
    "proj": layer.crs().toProj(),
    "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
    "in_box": [f["plot_id"] for f in layer.getFeatures(box)],
    "name": [f["name"] for f in layer.getFeatures(QgsFeatureRequest().setFilterExpression("floors = 3"))],
    "top_m": max(v.z() for f in layer.getFeatures() for v in f.geometry().vertices()),
    "use": [widget.type(), widget.config().get("map")],
}
print(json.dumps(seen), flush=True)
os._exit(0)
"""


@pytest.fixture
def seen_in_qgis(tmp_path):
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
    environment = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    command = ["/usr/bin/python3", "-c", LOOK, str(path)]
    look = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert look.stdout, look.stderr
    return json.loads(look.stdout)


@pytest.mark.needs("qgis")
def test_qgis_sees_rows_plane_extent_and_codes(seen_in_qgis):
    assert seen_in_qgis["valid"]
    assert seen_in_qgis["rows"] == 2
    for part in ("+proj=tmerc", "+lon_0=118.5", "+k=1 ", "+x_0=500000"):
        assert part in seen_in_qgis["proj"]
    assert seen_in_qgis["extent"] == [500_000, 3_920_000, 500_110, 3_920_010]
    assert seen_in_qgis["in_box"] == ["A2"]
    assert seen_in_qgis["name"] == ["甲"]
    assert seen_in_qgis["top_m"] == 12.5
    assert seen_in_qgis["use"] == ["ValueMap", [{"Home 住宅": "home"}, {"Shop 商业": "shop"}]]
