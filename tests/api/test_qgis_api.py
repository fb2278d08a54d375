"""The service gives a project for QGIS; that QGIS opens it is shown where real QGIS runs."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree as ET

from fastapi.testclient import TestClient

from api.app import create_app
from twin.qgis.project import SCALES
from twin.settings import Settings


def read(answer):
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (name,) = archive.namelist()
        return ET.fromstring(archive.read(name))


def sources(project):
    return {layer.findtext("id"): layer.findtext("datasource") for layer in project.iter("maplayer")}


def test_every_layer_that_is_served_comes_from_this_service(client):
    project = read(client.get("/qgis/project.qgz"))
    found = sources(project)
    names = {name.removeprefix("twin_").rpartition("_")[0] for name in found}
    assert names == {"parcels", "wells", "park_share_areas", "park_share_points", "base"}
    assert "&url=http://testserver/tiles/parcels,wells/%7Bz%7D/" in found["twin_base_map"]
    assert "url='http://testserver' typename='parcels'" in found["twin_parcels_multipolygon"]
    evidence = "http://testserver/indicators/park_share/evidence?f=geojson|geometrytype=MultiPolygon"
    assert found["twin_park_share_areas_multipolygon"] == evidence
    assert [int(scale.get("Value")) for scale in project.iter("Scale")] == list(SCALES)


def test_behind_a_proxy_the_addresses_are_those_that_clients_see(store, catalog):
    service = TestClient(create_app(Settings(trust_proxy=True), store, catalog))
    seen = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "gis.example.org", "X-Forwarded-Prefix": "/twin"}
    found = sources(read(service.get("/qgis/project.qgz", headers=seen)))
    assert "url='https://gis.example.org/twin' typename=" in found["twin_parcels_multipolygon"]
    assert found["twin_park_share_areas_multipolygon"].startswith("https://gis.example.org/twin/indicators/")


def test_who_has_the_project_already_gets_it_again_only_when_it_changed(client):
    first = client.get("/qgis/project.qgz")
    assert first.headers["content-type"] == "application/x-qgis-project-container"
    assert first.headers["content-disposition"] == 'attachment; filename="county.qgz"'
    again = client.get("/qgis/project.qgz", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_landing_page_leads_to_it(client):
    (link,) = [each for each in client.get("/?f=json").json()["links"] if each["href"].endswith(".qgz")]
    assert client.get(link["href"]).headers["content-type"] == link["type"]
