"""WFS as the clients see it that people have: GDAL, OWSLib, and QGIS."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyogrio
import pytest
import shapely
from owslib.fes2 import PropertyIsEqualTo
from owslib.util import ServiceException
from owslib.wfs import WebFeatureService

from api.app import create_app
from tests_qgis import VERSIONS, run_in_qgis
from tests_server import run_server
from tests_transforms import find_transformer
from twin.settings import Settings

LOOK = Path(__file__).parents[1] / "support" / "wfs_in_qgis.py"


@pytest.fixture
def address(store, catalog) -> Iterator[str]:
    with run_server(create_app(Settings(), store, catalog)) as base:
        yield f"{base}/wfs"


@pytest.fixture
def logged(monkeypatch, address):
    """What the service is asked."""
    import api.wfs.routes as routes

    asked, answer = [], routes._answer
    monkeypatch.setattr(
        routes, "_answer", lambda request, body: asked.append(request.url.query) or answer(request, body)
    )
    return asked


@pytest.fixture
def read_by_gdal(address, tmp_path):
    """Read the parcels by GDAL, in a process of its own: it would let no thread of this one answer."""

    def read(*options, **environment):
        copy = tmp_path / "copy.gpkg"
        copy.unlink(missing_ok=True)
        command = ["ogr2ogr", str(copy), f"WFS:{address}", "twin:parcels", "-nln", "parcels", *options]
        subprocess.run(command, check=True, timeout=60, env=os.environ | environment, capture_output=True)
        return pyogrio.read_dataframe(copy)

    return read


@pytest.mark.needs("gdal")
def test_gdal_reads_every_value_and_place(read_by_gdal, parcels):
    read = read_by_gdal().set_index("parcel_id")
    wanted = parcels.drop(index="P4").to_crs(4490)
    assert read.crs.to_epsg() == 4490
    assert sorted(read.index) == sorted(wanted.index)
    read = read.loc[wanted.index]
    assert shapely.hausdorff_distance(read.geometry.values, wanted.geometry.values).max() < 1e-9
    for name in ("name", "use", "floors", "height_m", "built"):
        assert [None if v != v else v for v in read[name]] == [None if v != v else v for v in wanted[name]], name


@pytest.mark.needs("gdal")
def test_gdal_leaves_conditions_and_boxes_to_the_service(read_by_gdal, logged, store):
    assert sorted(read_by_gdal("-where", "use = 'homes' AND floors > 6").parcel_id) == ["P2"]
    assert "PropertyIsGreaterThan" in logged[-1]
    to_degrees = find_transformer(store.crs, "EPSG:4490").transform
    box = (*to_degrees(500_500, 3_899_000), *to_degrees(502_500, 3_901_000))
    assert sorted(read_by_gdal("-spat", *map(str, box)).parcel_id) == ["P2", "P3"]
    assert "BBOX" in logged[-1]


@pytest.mark.needs("gdal")
def test_gdal_reads_page_by_page(read_by_gdal, logged):
    assert len(read_by_gdal(OGR_WFS_PAGE_SIZE="2")) == 4
    assert [query for query in logged if "STARTINDEX=2" in query]


@pytest.fixture
def service(address):
    return WebFeatureService(address, version="2.0.0")


def test_owslib_reads_capabilities_and_schema(service):
    assert list(service.contents) == ["twin:parcels", "twin:wells"]
    assert "urn:ogc:def:crs:EPSG::4548" in [crs.getcodeurn() for crs in service["twin:parcels"].crsOptions]
    assert service.get_schema("twin:parcels")["properties"]["built"] == "date"
    assert [query.id for query in service.storedqueries] == ["urn:ogc:def:query:OGC-WFS::GetFeatureById"]


def test_owslib_asks_by_filter_and_box(service, store):
    only = PropertyIsEqualTo("name", "Three").toXML()
    from owslib.etree import etree

    condition = f'<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0">{etree.tostring(only).decode()}</fes:Filter>'
    answer = service.getfeature("twin:parcels", filter=condition).read().decode()
    assert 'numberMatched="1"' in answer
    assert 'gml:id="parcels.P3"' in answer
    to_degrees = find_transformer(store.crs, "EPSG:4490").transform
    box = (*to_degrees(500_500, 3_899_000), *to_degrees(502_500, 3_901_000), "urn:ogc:def:crs:EPSG::4490")
    assert 'numberMatched="2"' in service.getfeature("twin:parcels", bbox=box).read().decode()


def test_owslib_raises_what_the_service_reports(service):
    with pytest.raises(ServiceException, match="there is no feature type"):
        service.getfeature("twin:bunkers")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("srs", ["EPSG:4490", "EPSG:4548"])
def test_qgis_opens_counts_filters_and_draws_in_the_right_place(address, logged, store, version, srs):
    way = find_transformer(store.crs, srs).transform
    box = (*way(500_500, 3_899_500), *way(502_500, 3_900_500))
    to_metres = find_transformer(store.crs, "EPSG:4548").transform
    x, y = to_metres(501_050, 3_900_050)  # the middle of P2, which is a square of 100 m
    picture = (x - 100, y - 100, x + 100, y + 100)
    asked = {"url": address, "srs": srs, "box": box, "picture": picture, "picture_crs": "EPSG:4548"}
    seen = run_in_qgis(LOOK, asked, version=version)
    assert (seen["valid"], seen["crs"], seen["type"]) == (True, srs, "MultiPolygon")
    assert seen["names"] == ['<b>"Five"</b>', "One", "Three", "Two"]
    assert seen["in_box"] == ["Three", "Two"]
    assert seen["filtered"] == [2, ["One", "Two"]]
    assert any("PropertyIsGreaterThan" in query for query in logged)
    assert any("STARTINDEX=2" in query for query in logged)
    # 100 of 200 m are 50 of 100 pixels; the square stands a little askew in the other zone.
    assert (min(seen["drawn"]), max(seen["drawn"])) == (pytest.approx(25, abs=2), pytest.approx(74, abs=2))
