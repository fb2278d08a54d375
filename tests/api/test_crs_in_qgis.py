"""QGIS asks for features in the CRS that a planner chooses, and puts them where they are (3.22 knows CRS84 only)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_qgis import BACKPORT, run_in_qgis
from tests_server import serving
from tests_transforms import find_transformer
from twin.crs import transverse_mercator

SCRIPT = Path(__file__).parents[1] / "support" / "read_crs_in_qgis.py"
PLANE = transverse_mercator(118.5)
CODES = ["EPSG:4490", "EPSG:4548", "EPSG:4528", "EPSG:3857"]


@pytest.mark.needs("qgis_backport")
def test_qgis_reads_the_same_place_in_every_crs(county):
    with serving(county) as (_, root):
        asked = {"url": root, "layer": "weather_stations", "crs": CODES}
        found = run_in_qgis(SCRIPT, asked, version=BACKPORT)
    for code, read in zip(CODES, found, strict=True):
        x, y = find_transformer(PLANE, code).transform(500_000, 3_900_000)
        assert read["crs"] == code
        assert read["place"] == pytest.approx([x, y, 120.5], abs=1e-3 if abs(x) > 180 else 1e-8)
