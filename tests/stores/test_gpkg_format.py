"""The embedded store is a GeoPackage that other programs open as it is."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing

import numpy as np
import pyogrio
import pytest
import shapely
from shapely import Point, Polygon

from tests_support import CRS, LAYER, make_rows, write
from twin.crs import parse_crs, transverse_mercator
from twin.stores import create_store, open_store
from twin.stores.gpkg_blob import decode_geometries, encode_geometries

E, N = 632_000.0, 3_936_000.0


def square(i):
    return shapely.force_3d(shapely.box(E + 20 * i, N, E + 20 * i + 10, N + 10), 100.0)


def fill(path, count, crs=CRS):
    values = {"use": "home", "built": "2020-02-29", "seen_at": "2022-06-30T08:00:00.5Z"}
    rows = make_rows(**{f"p{i:05d}": {"floors": i, "geometry": square(i), **values} for i in range(count)})
    with create_store(path, crs=crs) as store:
        write(store, insert=rows.set_crs(crs, allow_override=True))
    return rows


def rtree_says(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT rtreecheck('rtree_plots_geom')").fetchone()[0]


@pytest.mark.needs("gdal")
def test_gdal_reads_type_crs_extent_titles_and_code_lists(tmp_path):
    path = tmp_path / "twin.gpkg"
    fill(path, 3)
    said = subprocess.check_output(["ogrinfo", "-ro", "-so", path, "plots"], text=True)
    for line in (
        "IDENTIFIER=Plots 地块",
        "Geometry: 3D Polygon",
        f"Extent: ({E:.6f}, {N:.6f}) - ({E + 50:.6f}, {N + 10:.6f})",
        'ID["EPSG",4548]]',
        "FID Column = fid",
        "plot_id: String (0.0) UNIQUE NOT NULL",
        "floors: Integer64",
        "public: Integer(Boolean)",
        "built: Date",
        "domain name=plots_use",
    ):
        assert line in said
    uses = subprocess.check_output(["ogrinfo", "-ro", "-fielddomain", "plots_use", path], text=True)
    assert "home: Home 住宅" in uses
    heights = subprocess.check_output(["ogrinfo", "-ro", "-fielddomain", "plots_height_m", path], text=True)
    assert "Maximum value: 500" in heights
    with closing(sqlite3.connect(path)) as connection:
        titles = connection.execute("SELECT name, title FROM gpkg_data_columns WHERE column_name = 'floors'").fetchall()
    assert titles == [("层数", "Floors")]  # `name` is what GDAL from 3.7 on, and so QGIS, shows as the alias


@pytest.mark.needs("qgis")  # with whose bindings the validator of GDAL comes
def test_the_file_keeps_every_requirement_of_the_standard(tmp_path):
    path = tmp_path / "twin.gpkg"
    fill(path, 3, transverse_mercator(118.5, name="County plane"))
    with open_store(path, write=True) as store:
        for number, geometry in enumerate([None, square(5)]):
            rows = make_rows(**{f"e{number}": {"public": True, "geometry": geometry}})
            write(store, insert=rows.set_crs(store.crs, allow_override=True))
    validate = ["/usr/bin/python3", "-m", "osgeo_utils.samples.validate_gpkg", "--extra", "--warning-as-error", path]
    done = subprocess.run(validate, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.needs("gdal")
def test_gdal_opens_the_file_without_a_word_and_copies_it_whole(tmp_path):
    path = tmp_path / "twin.gpkg"
    fill(path, 100)
    copied = tmp_path / "copied.gpkg"
    done = subprocess.run(["ogr2ogr", copied, path, "plots"], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert (
        pyogrio.read_dataframe(copied)
        .drop(columns="opened")
        .equals(pyogrio.read_dataframe(path, layer="plots").drop(columns="opened"))
    )


def test_a_user_defined_crs_stands_in_the_file_and_comes_back(tmp_path):
    crs = transverse_mercator(118.5, name="CGCS2000 / Yinan 118.5E")
    path = tmp_path / "twin.gpkg"
    fill(path, 1, crs)
    seen = parse_crs(pyogrio.read_info(path, layer="plots")["crs"])
    assert seen.name == "CGCS2000 / Yinan 118.5E"
    assert seen.coordinate_operation.params[1].value == 118.5
    with open_store(path) as store:
        assert store.crs == crs
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id > 100000"
        row = connection.execute(sql).fetchone()
    assert row == ("NONE", 100001)


@pytest.mark.parametrize("count", [1, 50, 51, 52, 2_000, 30_000])
def test_the_spatial_index_filled_in_one_go_is_one_sqlite_accepts(tmp_path, count):
    path = tmp_path / "twin.gpkg"
    rows = fill(path, count)
    assert rtree_says(path) == "ok"
    middle = count // 2
    box = (E + 20 * middle + 1, N + 1, E + 20 * middle + 2, N + 2)
    found = pyogrio.read_dataframe(path, layer="plots", bbox=box)
    assert found["plot_id"].tolist() == [rows.index[middle]]


def test_the_spatial_index_stays_true_through_small_writes(tmp_path):
    path = tmp_path / "twin.gpkg"
    fill(path, 3_000)
    with open_store(path, write=True) as store:
        for i in range(0, 60, 3):
            write(
                store,
                insert=make_rows(**{f"n{i}": {"geometry": square(-1 - i)}}),
                update=make_rows(**{f"p{i:05d}": {"geometry": square(5_000 + i)}}),
                delete=(f"p{i + 1:05d}",),
            )
    assert rtree_says(path) == "ok"
    whole = pyogrio.read_dataframe(path, layer="plots")
    tree = shapely.STRtree(whole.geometry.to_numpy())
    for i in (-58, -1, 0, 1, 2, 2_999, 5_000, 5_057):
        box = square(i).buffer(-1).bounds
        found = pyogrio.read_dataframe(path, layer="plots", bbox=box)
        assert sorted(found["plot_id"]) == sorted(whole["plot_id"].iloc[tree.query(shapely.box(*box), "intersects")])
    assert pyogrio.read_info(path, layer="plots", force_total_bounds=True)["total_bounds"] == tuple(whole.total_bounds)


def test_the_spatial_index_of_a_layer_emptied_and_filled_again_is_sound(tmp_path):
    path = tmp_path / "twin.gpkg"
    rows = fill(path, 3_000)
    for kept in (1, 0):
        with open_store(path, write=True) as store:
            write(store, delete=store.read(LAYER).data.index[kept:])
        assert rtree_says(path) == "ok"
        assert len(pyogrio.read_dataframe(path, layer="plots", bbox=tuple(rows.total_bounds))) == kept
    with open_store(path, write=True) as store:
        write(store, insert=rows)
        write(store, delete=["p00000"], insert=make_rows(new={"geometry": square(-1)}))
    assert rtree_says(path) == "ok"
    assert pyogrio.read_dataframe(path, layer="plots", bbox=(E - 20, N, E - 15, N + 5))["plot_id"].tolist() == ["new"]


def test_the_file_is_a_single_plain_one_when_nobody_has_it_open(tmp_path):
    path = tmp_path / "twin.gpkg"
    fill(path, 2)
    with open_store(path) as store:
        assert store.count(LAYER) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["twin.gpkg"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_geometries_of_every_kind_survive_the_blob_bit_for_bit():
    kinds = [
        Point(1 / 3, 2 / 3),
        Point(1, 2, 3),
        shapely.from_wkt("LINESTRING Z (0 0 1, 1 1 2)"),
        shapely.from_wkt("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 1 1)), ((9 9, 10 9, 9 10, 9 9)))"),
        shapely.from_wkt("GEOMETRYCOLLECTION (POINT (1 1))"),
        Polygon(),
        Point(),
        None,
    ]
    blobs = encode_geometries(np.array(kinds, dtype=object), 4326)
    assert shapely.to_wkb(decode_geometries(blobs)).tolist() == shapely.to_wkb(np.array(kinds, dtype=object)).tolist()
    assert blobs[2][:4] == b"GP\0\x03"
    assert blobs[5][3] & 0b10000
    assert blobs[0][3] == 1


def test_blobs_of_other_writers_are_read_whatever_envelope_they_carry(tmp_path):
    path = tmp_path / "other.gpkg"
    rows = fill(tmp_path / "twin.gpkg", 2)
    pyogrio.write_dataframe(rows.drop(columns="seen_at"), path, layer="plots")
    with closing(sqlite3.connect(path)) as connection:
        blobs = [row[0] for row in connection.execute("SELECT geom FROM plots ORDER BY fid")]
    assert shapely.equals_exact(decode_geometries(blobs), rows.geometry.to_numpy()).all()
