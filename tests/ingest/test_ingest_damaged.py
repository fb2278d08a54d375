"""What is cut off or damaged is refused, and never read as far as it comes."""

from __future__ import annotations

import json
import struct

import ezdxf
import geopandas as gpd
import pyarrow.parquet as pq
import pytest

from twin.errors import SourceError

THREE = {"parcel_id": ["1", "2", "3"]}


def refuse(take, layer, path, says, **options):
    with pytest.raises(SourceError, match=says):
        take(layer, path, **options)


def test_a_dbf_that_lies_about_itself_is_refused(take, parcels, deliver):
    path = deliver("a.shp", THREE)
    path.with_suffix(".dbf").write_bytes(b"\x03" + b"\0" * 31)
    refuse(take, parcels, path, "not a dBASE table")


def test_a_shp_that_is_shorter_than_its_header_says_is_refused(take, parcels, deliver):
    path = deliver("a.shp", THREE)
    path.write_bytes(path.read_bytes()[:-200])
    refuse(take, parcels, path, r"a\.shp is cut off")


def test_a_dbf_without_its_last_row_does_not_drop_a_shape(take, parcels, deliver):
    path = deliver("a.shp", THREE)
    dbf = path.with_suffix(".dbf")
    length = struct.unpack("<H", dbf.read_bytes()[10:12])[0]
    dbf.write_bytes(dbf.read_bytes()[:-length])
    refuse(take, parcels, path, r"a\.dbf is cut off: it does not hold the 3 rows")


def test_shapes_and_rows_of_other_numbers_are_refused(take, parcels, deliver):
    path = deliver("a.shp", THREE)
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[4:8] = struct.pack("<I", 2)
    dbf.write_bytes(data)
    refuse(take, parcels, path, r"a\.shp has 3 shapes, but a\.dbf 2 rows")


def test_rows_marked_as_deleted_are_left_out_and_told(take, parcels, deliver, rows_of):
    path = deliver("a.shp", THREE)
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    header, length = struct.unpack("<HH", data[8:12])
    data[header + length] = ord("*")
    dbf.write_bytes(data)
    assert "1 rows are marked as deleted in the .dbf and were left out" in take(parcels, path).files[0].notices
    assert rows_of(parcels).index.tolist() == ["1", "3"]


@pytest.mark.parametrize("missing", [20, 150])
def test_a_flatgeobuf_that_lacks_its_end_is_refused(take, parcels, deliver, missing):
    path = deliver("a.fgb", THREE)
    path.write_bytes(path.read_bytes()[:-missing])
    refuse(take, parcels, path, r"a\.fgb (is cut off: of 3 features|cannot be read)")


@pytest.fixture
def drawing(tmp_path, square):
    document = ezdxf.new("R2018")
    for number in range(2):
        document.modelspace().add_lwpolyline(list(square(number).exterior.coords)[:4], close=True)
    path = tmp_path / "a.dxf"
    document.saveas(path)
    return path


def test_a_drawing_that_is_cut_off_is_refused(take, parcels, drawing):
    text = drawing.read_bytes()
    drawing.write_bytes(text[: text.rfind(b"LWPOLYLINE")])
    refuse(take, parcels, drawing, "does not end with EOF", crs="EPSG:4548")


def test_a_binary_drawing_is_refused(take, parcels, drawing):
    document = ezdxf.readfile(drawing)
    document.saveas(drawing, fmt="bin")
    refuse(take, parcels, drawing, "binary drawing", crs="EPSG:4548")


@pytest.mark.parametrize("geo", ["{broken", "[1]", "{}", json.dumps({"primary_column": "a", "columns": {"a": {}}})])
def test_geoparquet_whose_metadata_make_no_sense_is_refused(take, parcels, square, tmp_path, geo):
    path = tmp_path / "a.parquet"
    gpd.GeoDataFrame({"parcel_id": ["1"]}, geometry=[square()], crs="EPSG:4548").to_parquet(path)
    pq.write_table(pq.read_table(path).replace_schema_metadata({"geo": geo}), path)
    refuse(take, parcels, path, r"metadata of a\.parquet")


def test_damaged_pages_of_parquet_are_refused(take, parcels, square, tmp_path):
    path = tmp_path / "a.parquet"
    gpd.GeoDataFrame({"parcel_id": ["1"]}, geometry=[square()], crs="EPSG:4548").to_parquet(path)
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    path.write_bytes(data)
    refuse(take, parcels, path, r"a\.parquet is damaged")


def test_a_damaged_database_is_called_so_without_its_sql(take, parcels, deliver):
    path = deliver("a.gpkg", THREE)
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(SourceError, match="the database is damaged or cut off") as refusal:
        take(parcels, path)
    assert "SELECT" not in refusal.value.detail
