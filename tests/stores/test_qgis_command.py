"""`twin qgis` and `twin merge` on the command line: what they write, what they refuse, what they print."""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

import layers
from sample_gis import load
from tests_cli import twin
from tests_postgis import Cluster
from tests_support import edit_file
from twin.cli import main_group
from twin.errors import InvalidParameter, StoreExists, TwinError
from twin.stores import create_store, open_store

SECRET = "Xw7.qLz-91"


@pytest.fixture
def county(sample_store, tmp_path, monkeypatch):
    path = shutil.copy(sample_store, tmp_path / "county.gpkg")
    monkeypatch.setenv("TWIN_STORE", str(path))
    return path


def sources(path):
    """The addresses of the layers of a project by id, and what else is packed with it."""
    with zipfile.ZipFile(path) as archive:
        project, *others = sorted(archive.namelist(), key=lambda name: not name.endswith(".qgs"))
        root = ET.fromstring(archive.read(project))
    return {layer.findtext("id"): layer.findtext("datasource") for layer in root.iter("maplayer")}, others


def test_a_project_and_its_store_may_be_moved_together(county, tmp_path):
    (tmp_path / "maps").mkdir()
    twin("qgis", str(tmp_path / "maps" / "town.qgz"), "roads", "key_places")
    found, packed = sources(tmp_path / "maps" / "town.qgz")
    assert found["twin_roads_multilinestring"] == "./../county.gpkg|layername=roads"
    assert found["twin_key_places_point"] == "./../county.gpkg|layername=key_places|geometrytype=Point"
    assert found["twin_key_place_5g_areas_multipolygon"] == "attachment:evidence.gpkg|layername=key_place_5g_areas"
    assert packed == ["evidence.gpkg"]
    assert not any("buildings" in name for name in found)


@pytest.mark.usefixtures("county")
def test_with_a_service_the_evidence_is_that_of_the_moment(tmp_path):
    twin("qgis", str(tmp_path / "town.qgz"), "--api", "http://gis.example:8000/twin/")
    found, packed = sources(tmp_path / "town.qgz")
    address = (
        "http://gis.example:8000/twin/indicators/weather_station_spacing/evidence?f=geojson|geometrytype=MultiPoint"
    )
    assert found["twin_weather_station_spacing_points_multipoint"] == address
    assert found["twin_roads_multilinestring"] == "./county.gpkg|layername=roads"
    assert packed == []


@pytest.mark.usefixtures("county")
def test_what_cannot_be_is_refused(tmp_path):
    project, edition = str(tmp_path / "town.qgz"), str(tmp_path / "field.gpkg")
    for path in (project, edition):
        twin("qgis", path, "weather_stations")
    with pytest.raises(InvalidParameter, match="--overwrite"):
        twin("qgis", project)
    twin("qgis", project, "--overwrite")
    with pytest.raises(StoreExists, match="may hold edits"):
        twin("qgis", edition, "--overwrite")
    with pytest.raises(InvalidParameter, match="must end in"):
        twin("qgis", str(tmp_path / "town.qgs"))
    with pytest.raises(InvalidParameter, match="--source gpkg"):
        twin("qgis", str(tmp_path / "other.qgz"), "--source", "postgis")
    with pytest.raises(TwinError, match="cannot be written"):
        twin("qgis", str(tmp_path / "nowhere" / "town.qgz"))


@pytest.mark.needs("postgis")
def test_no_password_is_in_anything_that_is_written(county, cluster: Cluster, tmp_path):
    schema = f"twin_{secrets.token_hex(4)}"
    address = cluster.address(schema, secret=SECRET) + f"&sslpassword={SECRET}&application_name=twin"
    twin("copy", str(county), cluster.address(schema))
    project, edition = tmp_path / "town.qgz", tmp_path / "field.gpkg"
    twin("qgis", str(project), "--store", address, "--authcfg", "ab12cd3")
    twin("qgis", str(edition), "weather_stations", "--store", address)
    with zipfile.ZipFile(project) as archive:
        assert not any(SECRET.encode() in archive.read(name) for name in archive.namelist())
    assert SECRET.encode() not in edition.read_bytes()
    found, _ = sources(project)
    assert found["twin_cell_sites_point"] == (
        f"host='{cluster.folder}' dbname='postgres' user='{cluster.user}' application_name='twin' authcfg='ab12cd3'"
        f" key='fid' type='PointZ' table=\"{schema}\".\"cell_sites\" (geom)"
    )
    cluster.sql(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def edited(county, tmp_path):
    """An edition in which a station got another name than the one that it has got meanwhile, and another a new one."""
    file = tmp_path / "field.gpkg"
    twin("qgis", str(file), "weather_stations")
    with open_store(county) as store:
        one, other = store.read(layer()).data.index[:2]
    edit_file(str(county), "UPDATE weather_stations SET name = '他' WHERE station_id = ?", [one])
    edit_file(str(file), "UPDATE weather_stations SET name = '我' WHERE station_id IN (?, ?)", [one, other])
    return file, one, other


def layer():

    return layers.catalog().layers["weather_stations"]


def names(county, *keys):
    with open_store(county) as store:
        return store.read(layer()).data.loc[list(keys), "name"].tolist()


def test_a_conflict_is_printed_and_reported_and_nothing_is_written(county, edited, tmp_path):
    file, one, other = edited
    before = names(county, one, other)
    arguments = ["merge", str(file), "--report", str(tmp_path / "conflicts.json")]
    done = CliRunner().invoke(main_group, arguments)
    assert (done.exception.slug, done.exception.status) == ("merge-conflict", 409)
    assert "我" in done.output
    assert "他" in done.output
    (reported,) = json.loads((tmp_path / "conflicts.json").read_text("utf-8"))["layers"]
    (conflict,) = reported["conflicts"]
    assert (conflict["key"], conflict["field"], conflict["mine"], conflict["theirs"]) == (one, "name", "我", "他")
    assert names(county, one, other) == before


@pytest.mark.parametrize(("keep", "name"), [("mine", "我"), ("theirs", "他")])
def test_who_says_what_to_keep_has_it_written(county, edited, keep, name):
    file, one, other = edited
    answer = json.loads(twin("merge", str(file), "--keep", keep, "--author", "wang", "--json"))
    (merged,) = answer["layers"]
    assert (merged["added"], merged["changed"], merged["removed"]) == (0, 2 if keep == "mine" else 1, 0)
    assert names(county, one, other) == [name, "我"]
    with open_store(county) as store:
        last = store.revisions(layer())[-1]
    assert (last.number, last.author, last.reason) == (merged["revision"], "wang", "edits of field.gpkg")


def test_the_edition_has_what_gis_programs_look_for(edited):
    file, *_ = edited
    with closing(sqlite3.connect(file)) as connection:
        ((name, packed),) = connection.execute("SELECT name, content FROM qgis_projects").fetchall()
        styled = connection.execute("SELECT f_table_name FROM layer_styles WHERE useAsDefault").fetchall()
        codes = connection.execute(
            "SELECT count(*) FROM gpkg_data_column_constraints WHERE constraint_name = 'weather_stations_kind'"
        ).fetchone()
        features = connection.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchall()
    assert name.startswith("Yinan")
    assert bytes.fromhex(packed).startswith(b"PK")
    assert {"weather_stations", "weather_station_spacing_points"} <= {table for (table,) in styled}
    assert codes == (2,)
    assert {"weather_stations", "weather_station_spacing_points"} <= {table for (table,) in features}


def test_a_file_in_which_nothing_was_edited_changes_nothing(county, tmp_path):
    twin("qgis", str(tmp_path / "field.gpkg"), "weather_stations")
    before = county.read_bytes()
    assert twin("merge", str(tmp_path / "field.gpkg"), "--dry-run") == "nothing was edited in the file\n"
    assert county.read_bytes() == before


def test_a_layer_of_which_nothing_was_ever_written_is_left_out_of_projects(sample_county, tmp_path, monkeypatch):
    written = tuple(each for each in sample_county.deliveries if not each.layer.startswith("pipe"))
    with create_store(tmp_path / "county.gpkg", crs=sample_county.crs, area=sample_county.area) as store:
        load(store, layers.catalog(), replace(sample_county, deliveries=written))
    monkeypatch.setenv("TWIN_STORE", str(tmp_path / "county.gpkg"))
    twin("qgis", str(tmp_path / "town.qgz"))
    found, _ = sources(tmp_path / "town.qgz")
    assert "twin_roads_multilinestring" in found
    assert not any("pipe_nodes" in name or "pipe_segments" in name for name in found)
    with pytest.raises(InvalidParameter, match="nothing was ever written of pipe_nodes"):
        twin("qgis", str(tmp_path / "pipes.qgz"), "pipe_nodes")
    said = twin("qgis", str(tmp_path / "field.gpkg"), "pipe_nodes")
    assert "with 1 layers, 0 features" in said
    with open_store(tmp_path / "field.gpkg") as store:
        assert store.count(layers.catalog().layer("pipe_nodes")) == 0
