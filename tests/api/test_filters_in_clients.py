"""Filters that planners set in QGIS and GDAL arrive at the service, which sends what meets them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import api.features.routes
from tests_qgis import VERSIONS, run_in_qgis
from tests_transforms import find_transformer

SCRIPT = Path(__file__).parents[1] / "support" / "filter_in_qgis.py"


@pytest.fixture
def arrived(monkeypatch):
    """The filters that the service reads, in the order in which they arrive."""
    seen = []
    read = api.features.routes.read_filter

    def note(context, layer, params, links):
        if params.filter is not None:
            seen.append((params.filter_lang, params.filter))
        return read(context, layer, params, links)

    monkeypatch.setattr(api.features.routes, "read_filter", note)
    return seen


@pytest.mark.parametrize("version", VERSIONS)
def test_qgis_shows_what_meets_its_filter_and_from_3_32_on_asks_the_service_for_it(arrived, host, store, version):
    x, y = find_transformer(store.crs, "OGC:CRS84").transform(501_050, 3_900_050)
    expected = {
        '"floors" > 5 AND "use" = \'homes\'': ["P1", "P2"],
        "\"name\" LIKE 'T%'": ["P2", "P3"],
        '"name" ILIKE \'t%\' OR "name" = \'<b>"Five"</b>\'': ["P/5 东", "P2", "P3"],
        '"use" IS NULL': ["P/5 东"],
        "\"parcel_id\" IN ('P/5 东', 'P3')": ["P/5 东", "P3"],
        '"built" > make_date(2003, 12, 31)': ["P/5 东", "P2"],
        f"intersects($geometry, geomFromWkt('POINT({x} {y})'))": ["P2"],
    }
    asked = {"url": f"http://{host}", "layer": "parcels", "key": "parcel_id", "filters": list(expected)}
    answer = run_in_qgis(SCRIPT, asked, version=version)
    major, minor = map(int, answer["version"].split(".")[:2])
    assert all(found["accepted"] for found in answer["found"])
    assert [found["keys"] for found in answer["found"]] == list(expected.values())
    if (major, minor) < (3, 32):
        assert not arrived
        return
    assert {language for language, _ in arrived} == {"cql2-text"}
    texts = " | ".join(dict.fromkeys(text for _, text in arrived))
    for sent in ("(floors > 5)", "(name LIKE 'T%')", "CASEI", "DATE('2003-12-31')", "(geometry,POINT("):
        assert sent in texts


@pytest.mark.needs("gdal")
@pytest.mark.parametrize(
    ("where", "sent", "found"),
    [
        ("floors > 5 AND use = 'homes'", "(floors > 5) AND (use = 'homes')", ["P1", "P2"]),
        ("name ILIKE 't%'", "name ILIKE 't%'", ["P2", "P3"]),
        ("name LIKE 'T%' OR NOT use IS NOT NULL", "IS NULL", ["P/5 东", "P2", "P3"]),
        ("parcel_id = 'P/5 东'", "parcel_id = 'P/5 东'", ["P/5 东"]),
        ("height_m <= 18.5", "height_m <= 18.5", ["P/5 东", "P1"]),
        ("built > '2003/12/31'", "built > '2003-12-31T'", ["P/5 东", "P2"]),
    ],
)
def test_gdal_asks_the_service_for_what_meets_its_where(arrived, host, where, sent, found):
    command = ["ogrinfo", "-ro", "-q", f"OAPIF:http://{host}/collections/parcels", "parcels", "-where", where]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("parcel_id (String)")]
    assert [line.partition(" = ")[2] for line in lines] == found, done.stderr
    assert any(sent in text for language, text in arrived if language == "cql-text"), arrived
