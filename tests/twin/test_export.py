"""A layer written to a file that others open, and taken back without a change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from twin.crs import parse_crs, transverse_mercator
from twin.errors import InvalidParameter, TwinError
from twin.export import export_layer
from twin.ingest import ingest_files, ingest_rows
from twin.layer import Layer
from twin.schema import Field
from twin.stores import create_store

PIPES = Layer(
    id="trial_pipes",
    title="Pipes",
    title_zh="管线",
    about="Lines with heights, for tests.",
    geometry="LineString",
    has_z=True,
    key="pipe_id",
    fields=(
        Field(name="pipe_id", title="Pipe number", title_zh="管线编号", required=True),
        Field(name="name", title="Name", title_zh="名称", max_length=500),
        Field(name="diameter_of_pipe_mm", type="real", title="Diameter", title_zh="管径", unit="mm"),
        Field(name="diameter_of_case_mm", type="real", title="Case", title_zh="套管", unit="mm"),
        Field(name="joints", type="integer", title="Joints", title_zh="接头数"),
        Field(name="laid_on", type="date", title="Laid on", title_zh="敷设日期"),
        Field(name="seen_at", type="datetime", title="Seen at", title_zh="巡查时间"),
        Field(name="in_use", type="boolean", title="In use", title_zh="在用"),
    ),
)


@pytest.fixture
def store(tmp_path):
    rows = gpd.GeoDataFrame(
        {
            "pipe_id": ["p1", "p2"],
            "name": ["沂南县给水管", None],
            "diameter_of_pipe_mm": [300.25, None],
            "diameter_of_case_mm": [None, 500.0],
            "joints": [7, None],
            "laid_on": ["2021-03-05", None],
            "seen_at": ["2021-03-05T08:00:00+08:00", None],
            "in_use": [True, None],
        },
        geometry=[
            shapely.LineString([(632885.1234567, 3936656.7654321, 101.5), (632985.1, 3936656.2, 101.25)]),
            shapely.LineString([(632885, 3936656, 0), (632985, 3936756, 1)]),
        ],
        crs="EPSG:4548",
    )
    with create_store(tmp_path / "twin.gpkg", crs=parse_crs("EPSG:4548")) as opened:
        ingest_rows(opened, PIPES, rows, author="t")
        yield opened


@pytest.mark.parametrize("suffix", ["gpkg", "fgb", "parquet"])
def test_what_was_exported_comes_back_without_a_change(store, tmp_path, suffix):
    export_layer(store, PIPES, tmp_path / f"out.{suffix}")
    report = ingest_files(store, PIPES, [tmp_path / f"out.{suffix}"], mode="sync", author="t")
    assert (report.unchanged, report.updated, report.revision) == (2, 0, None)


def test_a_shapefile_comes_back_by_its_short_names_though_it_loses_instants(store, tmp_path):
    notes = export_layer(store, PIPES, tmp_path / "out.shp")
    (names,) = [note for note in notes if note.startswith("column names")]
    assert "diameter_of_pipe_mm is diameter_o, diameter_of_case_mm is diameter_1" in names
    report = ingest_files(store, PIPES, [tmp_path / "out.shp"], mode="sync", author="t")
    assert (report.unchanged, report.updated) == (2, 0)
    assert {m.field: m.column for m in report.files[0].matches}["diameter_of_case_mm"] == "diameter_1"
    assert (tmp_path / "out.cpg").read_text() == "UTF-8"


def test_a_text_too_long_for_a_shapefile_is_cut_at_a_character_and_the_note_counts_it(store, tmp_path):
    rows = gpd.GeoDataFrame(
        {"pipe_id": ["p3"], "name": ["沂" * 200]},
        geometry=[shapely.LineString([(632885, 3936656, 0), (632985, 3936756, 1)])],
        crs="EPSG:4548",
    )
    ingest_rows(store, PIPES, rows, author="t")
    notes = export_layer(store, PIPES, tmp_path / "out.shp")
    assert "1 texts of name are longer than 254 bytes and were cut" in notes
    # 254 bytes hold 84 characters of three bytes.
    assert pyogrio.read_dataframe(tmp_path / "out.shp").name.tolist()[2] == "沂" * 84


def test_geojson_is_in_degrees_with_enough_decimals_and_no_crs_member(store, tmp_path):
    export_layer(store, PIPES, tmp_path / "out.geojson")
    collection = json.loads((tmp_path / "out.geojson").read_text("utf-8"))
    assert "crs" not in collection
    first = collection["features"][0]
    # standards §2.2: 118.4655, 35.5505 is E 632885.385, N 3936656.695; 0.26 m further west here.
    lon, lat, height = first["geometry"]["coordinates"][0]
    assert (round(lon, 5), round(lat, 5), height) == (118.4655, 35.5505, 101.5)
    assert len(str(lon).split(".")[1]) >= 7
    assert first["properties"]["laid_on"] == "2021-03-05"
    assert first["properties"]["in_use"] is True
    with pytest.raises(InvalidParameter, match="RFC 7946"):
        export_layer(store, PIPES, tmp_path / "plane.geojson", crs="EPSG:4548")


def test_csv_opens_in_a_spreadsheet_and_says_in_a_note_what_it_cannot_say_itself(store, tmp_path):
    notes = export_layer(store, PIPES, tmp_path / "out.csv", crs="EPSG:4548")
    assert (tmp_path / "out.csv").read_bytes()[:3] == b"\xef\xbb\xbf"
    assert any("WKT is in EPSG:4548" in note for note in notes)
    report = ingest_files(store, PIPES, [tmp_path / "out.csv"], mode="sync", crs="EPSG:4548", author="t")
    assert (report.unchanged, report.updated) == (2, 0)


def test_csv_is_in_degrees_unless_asked_otherwise(store, tmp_path):
    notes = export_layer(store, PIPES, tmp_path / "out.csv")
    assert any("WGS 84" in note for note in notes)
    assert "LINESTRING Z (118.46" in (tmp_path / "out.csv").read_text("utf-8-sig")


def test_types_are_those_of_the_fields(store, tmp_path):
    export_layer(store, PIPES, tmp_path / "out.gpkg")
    info = pyogrio.read_info(tmp_path / "out.gpkg")
    kinds = dict(zip(info["fields"], zip(info["ogr_types"], info["ogr_subtypes"], strict=True), strict=True))
    assert kinds["laid_on"][0] == "OFTDate"
    assert kinds["seen_at"][0] == "OFTDateTime"
    assert kinds["in_use"] == ("OFTInteger", "OFSTBoolean")
    assert kinds["joints"][0] == "OFTInteger64"
    assert (info["layer_name"], info["geometry_type"], info["crs"]) == ("trial_pipes", "LineString Z", "EPSG:4548")


def test_a_user_defined_crs_survives(tmp_path):
    crs = transverse_mercator(118.5)
    rows = gpd.GeoDataFrame({"pipe_id": ["1"]}, geometry=shapely.from_wkt(["LINESTRING Z (5e5 39e5 1, 5e5 39.1e5 2)"]))
    with create_store(tmp_path / "local.gpkg", crs=crs) as local:
        ingest_rows(local, PIPES, rows.set_crs(crs), author="t")
        for suffix in ("gpkg", "fgb", "parquet"):
            export_layer(local, PIPES, tmp_path / f"out.{suffix}")
            report = ingest_files(local, PIPES, [tmp_path / f"out.{suffix}"], mode="sync", author="t")
            assert report.unchanged == 1


def test_a_past_state_is_written_as_it_was(store, tmp_path):
    rows = gpd.GeoDataFrame(
        {"pipe_id": ["p3"]}, geometry=shapely.from_wkt(["LINESTRING Z (632885 3936656 0, 632985 3936756 1)"]), crs=4548
    )
    ingest_rows(store, PIPES, rows, author="t")
    export_layer(store, PIPES, tmp_path / "now.fgb")
    export_layer(store, PIPES, tmp_path / "then.fgb", as_of=1)
    counts = [pyogrio.read_info(tmp_path / name)["features"] for name in ("now.fgb", "then.fgb")]
    assert counts == [3, 2]


def test_a_layer_of_several_geometry_types_goes_where_they_fit(store, tmp_path):
    mixed = replace(PIPES, id="trial_mixed", title="Mixed", geometry="Polygon", also=("Point",), has_z=False)
    rows = gpd.GeoDataFrame(
        {"pipe_id": ["1", "2"]},
        geometry=[shapely.Point(632885, 3936656), shapely.box(632885, 3936656, 632895, 3936666)],
        crs=4548,
    )
    ingest_rows(store, mixed, rows, author="t")
    export_layer(store, mixed, tmp_path / "out.gpkg")
    assert ingest_files(store, mixed, [tmp_path / "out.gpkg"], mode="sync", author="t").unchanged == 2
    with pytest.raises(InvalidParameter, match="a Shapefile holds one"):
        export_layer(store, mixed, tmp_path / "out.shp")


def test_nothing_is_overwritten_unasked_and_nothing_half_written_stays(store, tmp_path, monkeypatch):
    path = tmp_path / "out.gpkg"
    path.write_bytes(b"precious")
    with pytest.raises(InvalidParameter, match="--overwrite"):
        export_layer(store, PIPES, path)
    assert path.read_bytes() == b"precious"

    def fail(*args, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pyogrio, "write_arrow", fail)
        with pytest.raises(TwinError, match="No space left"):
            export_layer(store, PIPES, path, overwrite=True)
    assert path.read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".twin")] == []
    export_layer(store, PIPES, path, overwrite=True)
    assert pyogrio.read_info(path)["features"] == 2


def test_no_twin_is_ever_replaced_by_an_export_whatever_its_name_and_state(store, tmp_path):
    own, other, damaged = Path(store.url), tmp_path / "other.gpkg", tmp_path / "damaged.gpkg"
    create_store(other, crs=store.crs).close()
    damaged.write_bytes(own.read_bytes()[:5000])
    alias, disguised = tmp_path / "alias.gpkg", tmp_path / "disguised.fgb"
    alias.symlink_to(own)
    disguised.hardlink_to(other)
    for path in (own, other, damaged, alias, disguised):
        before = path.read_bytes()
        with pytest.raises(InvalidParameter, match="twin's store"):
            export_layer(store, PIPES, path, overwrite=True)
        assert path.read_bytes() == before
    assert store.count(PIPES) == 2


def test_a_file_that_would_stand_beside_the_export_is_not_overwritten_unasked_either(store, tmp_path):
    (tmp_path / "out.dbf").write_bytes(b"precious")
    with pytest.raises(InvalidParameter, match=r"out\.dbf is there already"):
        export_layer(store, PIPES, tmp_path / "out.shp")
    assert (tmp_path / "out.dbf").read_bytes() == b"precious"
    assert not (tmp_path / "out.shp").exists()


def test_an_unknown_suffix_is_refused_and_the_known_ones_told(store, tmp_path):
    with pytest.raises(InvalidParameter, match=r"must end in \.gpkg, \.geojson"):
        export_layer(store, PIPES, tmp_path / "out.dwg")


def test_an_internal_layer_is_called_so_and_a_public_one_is_not(store, tmp_path):
    assert "trial_pipes is classified internal" in export_layer(store, PIPES, tmp_path / "a.fgb")
    assert export_layer(store, replace(PIPES, classification="public"), tmp_path / "b.fgb") == ()


def test_instants_are_kept_to_the_second_in_every_format(store, tmp_path):
    for suffix in ("gpkg", "geojson", "fgb"):
        export_layer(store, PIPES, tmp_path / f"out.{suffix}")
        seen = pyogrio.read_dataframe(tmp_path / f"out.{suffix}").seen_at.iloc[0]
        assert seen.tz_convert("UTC") == datetime(2021, 3, 5, tzinfo=UTC)
