"""Every kind of file that departments deliver comes in, and nothing is left beside it."""

from __future__ import annotations

import sqlite3
import struct
import subprocess
import sys
import zipfile
from contextlib import closing
from dataclasses import replace

import ezdxf
import geopandas as gpd
import pyogrio
import pytest
import shapely

from twin.errors import SourceError
from twin.ingest.stage import hash_files, stage

COLUMNS = {"parcel_id": ["1", "2"], "name": ["沂南县", "莒南县"], "depth_m": [1.5, None]}


def listing(folder):
    return sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    "name", ["a.gpkg", "a.fgb", "a.shp", "a.tab", "a.mif", "a.gml", "a.sqlite", "a.gdb", "a.geojsonl"]
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_file_of_this_kind_comes_in_whole(take, parcels, deliver, rows_of, square, name):
    lonlat = name.endswith("geojsonl")
    options = {"ENCODING": "CP936"} if name in ("a.tab", "a.mif") else {}
    drivers = {"a.gdb": "OpenFileGDB", "a.geojsonl": "GeoJSONSeq", "a.sqlite": "SQLite", "a.mif": "MapInfo File"}
    shapes = [shapely.box(118.46, 35.55, 118.461, 35.551)] * 2 if lonlat else None
    path = deliver(
        name,
        COLUMNS,
        geometry=shapes,
        crs="OGC:CRS84" if lonlat else "EPSG:4548",
        **({"driver": drivers[name]} if name in drivers else {}),
        **options,
    )
    before = listing(path.parent)
    report = take(parcels, path, crs=None if lonlat or name not in ("a.tab", "a.mif") else "EPSG:4548")
    assert listing(path.parent) == before
    rows = rows_of(parcels)
    assert rows.name.tolist() == ["沂南县", "莒南县"]
    assert rows.depth_m.iloc[0] == 1.5
    assert report.inserted == 2
    if not lonlat:
        # A .tab keeps whole numbers, here of centimetres.
        assert rows.geometry["1"].hausdorff_distance(square()) < (0.02 if name == "a.tab" else 1e-6)


def test_geoparquet_comes_in(take, parcels, deliver, rows_of, square, tmp_path):
    frame = gpd.GeoDataFrame(COLUMNS, geometry=[square(0), square(1)], crs="EPSG:4548")
    frame.to_parquet(tmp_path / "a.parquet")
    report = take(parcels, tmp_path / "a.parquet")
    assert rows_of(parcels).name["1"] == "沂南县"
    assert report.files[0].crs.value == "EPSG:4548"


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
def test_geoparquet_of_either_encoding_comes_in(take, parcels, tmp_path, rows_of, square, encoding):
    path = tmp_path / "a.parquet"
    frame = gpd.GeoDataFrame({"parcel_id": ["1"]}, geometry=[square()], crs="EPSG:4548")
    frame.to_parquet(path, geometry_encoding=encoding, schema_version="1.1.0")
    take(parcels, path)
    assert rows_of(parcels).geometry["1"].equals(square())


def test_a_prj_with_a_chinese_name_in_gbk_is_read(take, parcels, deliver, rows_of, square):
    path = deliver("a.shp", {"parcel_id": ["1"]})
    prj = path.with_suffix(".prj")
    prj.write_bytes(prj.read_text().replace("CGCS2000_3_Degree_GK_CM_117E", "沂南坐标").encode("gbk"))
    assert take(parcels, path).files[0].crs.value == "EPSG:4548"
    assert rows_of(parcels).geometry["1"].equals(square())


def test_a_dbf_spelt_in_other_letters_belongs_to_the_shapefile(take, parcels, deliver):
    path = deliver("a.shp", {"parcel_id": ["1"]})
    path.with_suffix(".dbf").rename(path.with_name("A.DBF"))
    assert take(parcels, path).inserted == 1


def test_a_zip_in_capitals_with_the_litter_of_a_mac_is_read(take, parcels, deliver, rows_of):
    path = deliver("a.shp", {"parcel_id": ["1"], "名称": ["沂南"]}, encoding="GBK")
    path.with_suffix(".cpg").unlink()
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as packed:
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            packed.write(path.with_suffix(suffix), f"甲/A{suffix.upper()}")
            packed.writestr(f"__MACOSX/甲/._A{suffix.upper()}", b"x")
    take(parcels, archive)
    assert rows_of(parcels).name["1"] == "沂南"


def test_kml_comes_in_with_longitude_and_latitude(take, parcels, write_text, rows_of):
    path = write_text(
        "a.kml",
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>1</name><Polygon><outerBoundaryIs>'
        "<LinearRing><coordinates>118.46,35.55 118.461,35.55 118.461,35.551 118.46,35.55</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon></Placemark></Document></kml>",
    )
    take(parcels, path, mapping={"source": {"key": "Name"}})
    x, y = rows_of(parcels).geometry["1"].centroid.coords[0]
    assert 632_300 < x < 632_600
    assert 3_936_500 < y < 3_936_800


def test_a_drawing_needs_a_crs_and_its_layers_are_kept_by_mapping(take, parcels, tmp_path, rows_of, square):
    drawing = ezdxf.new()
    drawing.header["$INSUNITS"] = 4
    for name, number in (("JMD", 0), ("DLSS", 1)):
        drawing.modelspace().add_lwpolyline(
            list(square(number).exterior.coords), close=True, dxfattribs={"layer": name}
        )
    drawing.saveas(tmp_path / "a.dxf")
    mapping = {"fields": {"parcel_id": {"sequence": "d"}}, "keep": {"Layer": ["JMD"]}}
    report = take(replace(parcels, geometry="LineString"), tmp_path / "a.dxf", crs="EPSG:4548", mapping=mapping)
    assert report.inserted == 1
    assert any("millimetres" in notice for notice in report.files[0].notices)


@pytest.mark.parametrize("name", ["a.tab", "a.mif"])
@pytest.mark.parametrize(("encoding", "decided"), [("GB18030", "gb18030"), ("UTF-8", "utf-8")])
def test_mapinfo_files_of_neutral_character_set_are_read_by_their_bytes(
    take, parcels, deliver, rows_of, name, encoding, decided
):
    path = deliver(name, COLUMNS, driver="MapInfo File", encoding=encoding)
    assert b"Neutral" in path.read_bytes()
    report = take(parcels, path, crs="EPSG:4548")
    assert rows_of(parcels).name["1"] == "沂南县"
    assert report.files[0].encoding.value == decided
    assert b"Neutral" in path.read_bytes()


@pytest.mark.parametrize(("version", "encoding"), [("R2000", "gbk"), ("R2018", "utf-8")])
def test_texts_of_a_drawing_are_read_by_its_age(take, wells, tmp_path, rows_of, version, encoding):
    # Since 2007 drawings are in UTF-8 whatever code page they name; GDAL believes the code page.
    drawing = ezdxf.new(version)
    drawing.encoding = encoding
    drawing.modelspace().add_text("沂南县", dxfattribs={"insert": (632885, 3936656)})
    drawing.saveas(tmp_path / "a.dxf")
    mapping = {"fields": {"well_id": {"sequence": "w"}, "name": "Text"}}
    take(wells, tmp_path / "a.dxf", crs="EPSG:4548", mapping=mapping)
    assert rows_of(wells).name["w1"] == "沂南县"


def test_names_and_values_cut_within_a_character_by_a_shapefile_are_mended_in_a_copy(take, parcels, tmp_path, rows_of):
    # GDAL cuts 县区名称 to ten bytes, in the middle of the fourth character, and cannot read that back.
    path = tmp_path / "delivery" / "a.shp"
    path.parent.mkdir()
    frame = gpd.GeoDataFrame(
        {"编号": ["1"], "县区名称": ["沂南县界湖"]}, geometry=[shapely.box(632885, 3936656, 632895, 3936666)], crs=4548
    )
    with pytest.warns(RuntimeWarning, match="laundered"):
        frame.to_file(path, encoding="UTF-8")
    with pytest.raises(UnicodeDecodeError):
        pyogrio.read_info(path)
    shorten_last_field(path.with_suffix(".dbf"), "沂南县界湖".encode()[:-1])
    before = listing(path.parent)
    report = take(parcels, path)
    assert rows_of(parcels).name["1"] == "沂南县界"
    assert any("in the middle of a character" in notice for notice in report.files[0].notices)
    assert listing(path.parent) == before


def shorten_last_field(path, value):
    """Rewrite a .dbf with two text columns so that the last is exactly as wide as `value`, and holds it."""
    data = bytearray(path.read_bytes())
    header = struct.unpack("<H", data[8:10])[0]
    first = data[32 + 16]
    data[64 + 16] = len(value)
    data[10:12] = struct.pack("<H", 1 + first + len(value))
    path.write_bytes(bytes(data[:header]) + bytes(data[header : header + 1 + first]) + value + b"\x1a")


def test_a_wrong_cpg_is_overruled_by_the_bytes(take, parcels, deliver, rows_of):
    path = deliver("a.shp", {"编号": ["1"], "名称": ["沂南县"]}, encoding="GBK")
    path.with_suffix(".cpg").write_text("UTF-8")
    report = take(parcels, path)
    assert rows_of(parcels).name["1"] == "沂南县"
    assert "the .cpg file says UTF-8, but the bytes are not" in report.files[0].encoding.why


def test_a_shapefile_without_attributes_comes_in(take, parcels, deliver, rows_of):
    path = deliver("a.shp", {"parcel_id": ["1", "2"]})
    for suffix in (".dbf", ".shx", ".cpg"):
        path.with_suffix(suffix).unlink()
    before = listing(path.parent)
    take(parcels, path, mapping={"fields": {"parcel_id": {"sequence": "p"}}})
    assert rows_of(parcels).index.tolist() == ["p1", "p2"]
    assert listing(path.parent) == before


def test_suffixes_in_capitals_are_the_same_file(take, parcels, deliver):
    path = deliver("a.shp", COLUMNS)
    for part in list(path.parent.iterdir()):
        part.rename(part.with_name(part.stem.upper() + part.suffix.upper()))
    assert take(parcels, path.with_name("A.SHP")).inserted == 2


def test_a_zip_with_one_data_set_is_unpacked_elsewhere_even_with_gbk_names(take, parcels, deliver, rows_of):
    path = deliver("地块.shp", COLUMNS)
    archive = path.parent / "交付.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for part in path.parent.glob("地块.*"):
            # An archiver that writes GBK names as they are.
            packed.writestr(zipfile.ZipInfo(("资料/" + part.name).encode("gbk").decode("cp437")), part.read_bytes())
    take(parcels, archive)
    assert rows_of(parcels).name["1"] == "沂南县"


def test_a_zip_with_two_data_sets_is_refused_and_both_are_named(take, parcels, deliver):
    path = deliver("a.gpkg", COLUMNS)
    archive = path.parent / "both.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(path, "a.gpkg")
        packed.write(path, "b.gpkg")
    with pytest.raises(SourceError, match=r"holds 2: a\.gpkg, b\.gpkg"):
        take(parcels, archive)


def test_of_several_layers_the_only_fitting_one_is_read(take, parcels, deliver, tmp_path):
    path = deliver("a.gpkg", {"x": ["1"]}, geometry=[shapely.Point(632885, 3936656)], layer="points")
    deliver("a.gpkg", COLUMNS, layer="areas")
    report = take(parcels, path)
    assert (report.inserted, report.files[0].source_layer) == (2, "areas")
    assert "of its 2 layers, areas was read" in report.files[0].notices


def test_of_several_fitting_layers_none_is_guessed(take, parcels, deliver):
    path = deliver("a.gpkg", COLUMNS, layer="old")
    deliver("a.gpkg", COLUMNS, layer="new")
    with pytest.raises(SourceError, match=r"--source-layer: old \(Polygon\), new \(Polygon\)"):
        take(parcels, path)
    assert take(parcels, path, source_layer="new").inserted == 2
    with pytest.raises(SourceError, match="no layer newer"):
        take(parcels, path, source_layer="newer")


def test_a_geopackage_in_write_ahead_mode_is_read_with_its_last_rows_and_left_alone(take, parcels, deliver, tmp_path):
    path = deliver("a.gpkg", COLUMNS, SPATIAL_INDEX="NO")
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("UPDATE a SET name = '费县' WHERE parcel_id = '1'")
        other.commit()
        assert path.with_name("a.gpkg-wal").stat().st_size > 0
        before = [entry for entry in listing(path.parent) if not entry[0].endswith("-shm")]
        take(parcels, path)
        assert [entry for entry in listing(path.parent) if not entry[0].endswith("-shm")] == before


def test_a_folder_that_cannot_be_written_is_read(take, parcels, deliver):
    path = deliver("a.shp", COLUMNS)
    path.with_suffix(".shx").unlink()
    path.parent.chmod(0o555)
    try:
        assert take(parcels, path).inserted == 2
        assert not path.with_suffix(".shx").exists()
    finally:
        path.parent.chmod(0o755)


@pytest.mark.parametrize("kind", [10, 12])
@pytest.mark.filterwarnings("ignore:geometry column type")
def test_curves_come_in_as_straight_pieces_and_the_notice_says_so(take, parcels, deliver, rows_of, kind):
    # A circle of radius 5 m as one circular string, in a curve polygon (10) or a multi-surface (12), as survey
    # software writes arcs into a GeoPackage.
    path = deliver("a.gpkg", {"parcel_id": ["1"]}, SPATIAL_INDEX="NO")
    points = [(632885, 3936656), (632890, 3936661), (632895, 3936656), (632890, 3936651), (632885, 3936656)]
    wkb = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", *point) for point in points)
    wkb = struct.pack("<BII", 1, 10, 1) + wkb
    if kind == 12:
        wkb = struct.pack("<BII", 1, 12, 1) + wkb
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE a SET geom = ?", (b"GP\0\1" + struct.pack("<i", 4548) + wkb,))
        file.commit()
    report = take(parcels, path)
    assert rows_of(parcels).geometry["1"].area == pytest.approx(3.14159265 * 25, rel=0.01)
    assert "curves were replaced by straight pieces" in report.files[0].notices


@pytest.fixture
def impatient():
    """GDAL gives up at once on a locked database instead of waiting for seconds."""
    pyogrio.set_gdal_config_options({"SQLITE_BUSY_TIMEOUT": "10"})
    yield
    pyogrio.set_gdal_config_options({"SQLITE_BUSY_TIMEOUT": None})


def test_a_database_that_somebody_holds_locked_is_refused(take, parcels, deliver, impatient):
    path = deliver("a.gpkg", COLUMNS)
    # In another process: SQLite's locks do not hold within one.
    hold = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('BEGIN EXCLUSIVE'); print('held'); input()"
    with subprocess.Popen(
        [sys.executable, "-uc", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SourceError, match="cannot be read"):
            take(parcels, path)
        holder.communicate("\n")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.gpkg", b"", "is empty"),
        ("a.shp", b"\0" * 50, "cannot be read"),
        ("a.gpkg", b"SQLite format 3\0" + b"\0" * 200, "cannot be read"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [', "cannot be read"),
        ("a.fgb", b"fgb\x03fgb\x00" + b"\1" * 50, "holds no layers"),
        ("a.parquet", b"PAR1oops", "is not a Parquet file"),
        ("a.zip", b"PK\3\4oops", "cannot be unpacked"),
        ("a.dwg", b"AC1032", "save it as .dxf, or convert it"),
        ("a.mdb", b"\0\1\0\0Standard Jet DB\0", "mdb-export FILE TABLE"),
        ("a.rar", b"Rar!", "unpack it first, or pack it as .zip"),
        ("a.geojson.gz", b"\x1f\x8b", "unpack it first, or pack it as .zip"),
        ("a.vrt", b"<OGRVRTDataSource/>", "only points to other data"),
        ("a.inp", b"[JUNCTIONS]\n", "cannot be read"),
    ],
)
def test_broken_and_foreign_files_are_refused_by_name(take, parcels, tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=says) as refusal:
        take(parcels, tmp_path / name)
    assert name in refusal.value.detail
    assert "twin-ingest-" not in refusal.value.detail


def test_absent_files_and_plain_folders_are_refused(take, parcels, tmp_path):
    with pytest.raises(SourceError, match=r"there is no file nothing\.shp"):
        take(parcels, tmp_path / "nothing.shp")
    with pytest.raises(SourceError, match="is a folder"):
        take(parcels, tmp_path)


def test_the_digest_is_that_of_the_file_and_of_all_parts_where_there_are_several(deliver):
    path = deliver("a.gpkg", COLUMNS)
    with stage(path) as staged:
        assert staged.sha256 == hash_files([path])
        assert [part.name for part in staged.path.parent.iterdir()] == ["a.gpkg"]
    shapefile = deliver("b.shp", COLUMNS)
    with stage(shapefile) as staged:
        first = staged.sha256
    shapefile.with_suffix(".dbf").write_bytes(shapefile.with_suffix(".dbf").read_bytes() + b"\0")
    with stage(shapefile) as staged:
        assert staged.sha256 != first
