"""Real deliveries and the traps in them."""

from __future__ import annotations

import json
from hashlib import sha256

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

import layers
from twin.area import ellipsoidal_area_m2
from twin.crs import CRS84, parse_crs, reproject
from twin.errors import CrsError, SourceError
from twin.ingest import ingest_files, read_area
from twin.query import Query
from twin.stores import create_store

pytestmark = pytest.mark.needs("shared_data")

COUNTY = {"fields": {"level": {"constant": "county"}}}


@pytest.fixture(scope="module")
def areas():
    return layers.catalog().layer("admin_areas")


@pytest.fixture
def boundaries(shared_data):
    return shared_data / "boundaries"


@pytest.fixture
def vector(shared_data):
    return shared_data / "vector"


@pytest.fixture
def world(tmp_path):
    """A store in degrees, which can hold what lies outside China."""
    with create_store(tmp_path / "world.gpkg", crs=parse_crs("EPSG:4490")) as opened:
        yield opened


def read_yinan(path, store):
    """Yinan's outline from a file of counties in true degrees, in the storage CRS."""
    collection = json.loads(path.read_text("utf-8"))
    (feature,) = [f for f in collection["features"] if f["properties"]["district_adcode"] == 371321]
    return reproject([shapely.geometry.shape(feature["geometry"])], CRS84, store.crs)[0]


@pytest.fixture
def true_yinan(boundaries, store):
    return read_yinan(boundaries / "tianditu_cgcs2000_linyi_counties.geojson", store)


@pytest.fixture
def amap_yinan(boundaries, store):
    """The same outline as the offset one, shifted back by somebody else."""
    return read_yinan(boundaries / "amap_wgs84_linyi_counties.geojson", store)


def shift_m(a, b):
    """How far east and north the middle of one outline lies from that of another."""
    return a.centroid.x - b.centroid.x, a.centroid.y - b.centroid.y


@pytest.mark.parametrize(
    "name",
    [
        "datav_gcj02_371321_yinan.geojson",
        "datav_gcj02_371300_linyi_counties.geojson",
        "cnmaps_gcj02_371321_yinan.geojson",
        "cnmaps_gcj02_371300_linyi.geojson",
    ],
)
def test_gcj02_files_that_look_like_wgs84_are_refused(take, areas, boundaries, name):
    with pytest.raises(CrsError, match="--datum gcj02"):
        take(areas, boundaries / name)


def test_gcj02_files_are_known_by_their_columns_when_renamed(take, areas, boundaries, tmp_path):
    renamed = tmp_path / "yinan.geojson"
    renamed.write_bytes((boundaries / "datav_gcj02_371321_yinan.geojson").read_bytes())
    with pytest.raises(CrsError, match="DataV"):
        take(areas, renamed)


def test_gcj02_comes_back_to_where_it_was_before_the_offset(take, areas, boundaries, rows_of, amap_yinan):
    take(areas, boundaries / "datav_gcj02_371300_linyi_counties.geojson", datum="gcj02")
    rows = rows_of(areas)
    assert len(rows) == 12
    assert rows.name["371321"] == "沂南县"
    assert rows.source_datum["371321"] == "GCJ-02"
    east, north = shift_m(rows.geometry["371321"], amap_yinan)
    # Raw it lies some 500 m east; the two are editions of different years.
    assert abs(east) < 100
    assert abs(north) < 100


def test_taken_as_wgs84_it_would_lie_500_m_east(take, areas, boundaries, rows_of, amap_yinan):
    take(areas, boundaries / "datav_gcj02_371300_linyi_counties.geojson", datum="wgs84")
    east, _ = shift_m(rows_of(areas).geometry["371321"], amap_yinan)
    assert 490 < east < 540


def test_unmarked_gcj02_is_found_out_by_what_is_stored(take, areas, boundaries, tmp_path):
    take(areas, boundaries / "tianditu_cgcs2000_linyi_counties.geojson", mapping=COUNTY)
    collection = json.loads((boundaries / "datav_gcj02_371300_linyi_counties.geojson").read_text("utf-8"))
    for feature in collection["features"]:
        feature["properties"] = {name: feature["properties"][name] for name in ("adcode", "name", "level")}
    (tmp_path / "plain.geojson").write_text(json.dumps(collection), encoding="utf-8")
    with pytest.raises(CrsError, match="offset of internet maps"):
        take(areas, tmp_path / "plain.geojson", mode="sync")


def test_the_true_outlines_need_nothing_said(take, areas, boundaries, rows_of, true_yinan):
    take(areas, boundaries / "amap_wgs84_linyi_counties.geojson", mapping=COUNTY)
    east, north = shift_m(rows_of(areas).geometry["371321"], true_yinan)
    # Two generalisations of one boundary: their middles differ by about 100 m.
    assert abs(east) < 120
    assert abs(north) < 120


def test_a_byte_order_mark_does_no_harm(take, areas, boundaries, rows_of):
    mapping = {"fields": {"area_id": "id", "level": {"constant": "county"}}}
    take(areas, boundaries / "old_bom_371300.geojson", mapping=mapping)
    assert "沂南县" in rows_of(areas).name.tolist()


def test_a_bare_geometry_comes_in_with_what_the_mapping_says(take, areas, boundaries, rows_of):
    fields = {"area_id": {"constant": "371321"}, "name": {"constant": "沂南县"}, "level": {"constant": "county"}}
    take(areas, boundaries / "cnmaps_gcj02_371321_yinan.geojson", datum="gcj02", mapping={"fields": fields})
    assert rows_of(areas).name["371321"] == "沂南县"


@pytest.mark.parametrize(
    ("name", "encoding", "why"),
    [
        ("gbk_linyi_no_cpg", "gb18030", "the bytes are strict GB18030"),
        ("gbk_linyi_with_cpg", "gb18030", "the .cpg file says GBK, and the bytes agree"),
    ],
)
def test_gbk_shapefiles_give_chinese_names(take, areas, vector, rows_of, name, encoding, why):
    report = take(areas, vector / name / "linyi_gbk.shp", mapping=COUNTY)
    assert {"沂南县", "莒南县", "兰陵县"} < set(rows_of(areas).name)
    decision = report.files[0].encoding
    assert (decision.value, decision.why) == (encoding, why)
    assert [(m.field, m.column) for m in report.files[0].matches][:2] == [("area_id", "代码"), ("name", "县区")]


def test_a_language_byte_names_gbk(world, areas, vector):
    mapping = {"fields": {"area_id": "COUNTY_ID", "name": "NAME99", **COUNTY["fields"]}}
    path = vector / "gbk_anhui_counties/chinese_encoding.shp"
    with pytest.raises(CrsError, match="--crs EPSG:4490 or --crs EPSG:4326"):
        ingest_files(world, areas, [path], mapping=mapping, author="t")
    report = ingest_files(world, areas, [path], mapping=mapping, crs="EPSG:4490", author="t")
    assert report.files[0].encoding.why == "language byte 0x4D says gbk, and the bytes agree"
    assert "天长市" in world.read(areas, Query()).data.name.tolist()


def test_one_row_of_gbk_without_any_hint_is_enough(world, areas, vector):
    mapping = {"fields": {"area_id": "ADCODE99", "name": "NAME", **COUNTY["fields"]}}
    path = vector / "gbk_no_hint/chinese_poly.shp"
    ingest_files(world, areas, [path], mapping=mapping, crs="EPSG:4490", author="t")
    assert world.read(areas, Query()).data.name.tolist() == ["黑龙江省"]


def test_impossible_degrees_are_refused_whatever_the_prj_says(take, wells, vector):
    with pytest.raises(CrsError, match="4041"):
        take(wells, vector / "gbk_ch_city/ch-city.shp", mapping={"source": {"key": "Name"}})


def test_zone_prefixed_eastings_without_prj_name_their_zone(take, areas, vector, rows_of, true_yinan):
    path = vector / "gauss_kruger_linyi_no_prj/linyi_cgcs2000_gk39.shp"
    with pytest.raises(CrsError, match=r"3° zone 39.*--crs EPSG:4527"):
        take(areas, path, mapping=COUNTY)
    with pytest.raises(CrsError, match="EPSG:4527"):
        take(areas, path, mapping=COUNTY, crs="EPSG:4548")
    take(areas, path, mapping=COUNTY, crs="EPSG:4527")
    assert shapely.hausdorff_distance(rows_of(areas).geometry["371321"], true_yinan) < 0.01


def test_a_prime_meridian_of_ferro_is_not_taken_for_greenwich(world, shared_data, wells):
    pipes = layers.catalog().layer("roads")
    path = shared_data / "networks/gas/gas_leitung/gas_leitung.shp"
    mapping = {"fields": {f.name: {"constant": "x"} for f in pipes.fields if f.required and not f.codes}}
    mapping["fields"] |= {f.name: {"constant": f.codes[0].value} for f in pipes.fields if f.required and f.codes}
    mapping["fields"][pipes.key] = {"sequence": "g"}
    report = ingest_files(world, pipes, [path], mapping=mapping, author="t")
    west, south, east, north = shapely.total_bounds(world.read(pipes, Query()).geometry)
    assert report.files[0].crs.value == "EPSG:31253"
    # Vorarlberg in the west of Austria; counted from Greenwich it would lie 17.67 degrees further west.
    assert 9.5 < west < east < 17.2
    assert 46.3 < south < north < 49.1


def test_an_old_crs_member_names_a_projected_crs(tmp_path, shared_data):
    roads = layers.catalog().layer("roads")
    path = shared_data / "networks/water/ky4_pipes.geojson"
    mapping = {"fields": {f.name: {"constant": f.codes[0].value} for f in roads.fields if f.required and f.codes}}
    mapping["fields"][roads.key] = {"source": "name"}
    with create_store(tmp_path / "kentucky.gpkg", crs=parse_crs("EPSG:3547")) as kentucky:
        report = ingest_files(kentucky, roads, [path], mapping=mapping, author="t")
        bounds = shapely.total_bounds(kentucky.read(roads, Query()).geometry)
    assert (report.files[0].crs.value, report.files[0].crs.why) == ("EPSG:3547", "crs member of the file")
    assert bounds.tolist() == [4942452.99, 3888684.75, 4993232.24, 3917411.25]


def test_a_collection_with_crs_members_in_its_parts_is_no_layer(faults_of, wells, vector):
    (fault,) = faults_of(wells, vector / "named_crs_legacy.geojson", mapping={"fields": {"well_id": {"sequence": "w"}}})
    assert (fault.what, fault.value) == ("the geometry type is wrong", "GeometryCollection")


BROKEN = {"fields": {"parcel_id": {"sequence": "p"}}}


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("open_ring.geojson", "the geometry cannot be read: a ring does not close, or its type is unknown"),
        ("invalid_rings.geojson", "the geometry is invalid; repairing it would change its area by 0.37 of it"),
        ("invalid_coordinates.geojson", "the geometry type is wrong"),
    ],
)
def test_broken_geometries_are_faults_that_say_why(faults_of, parcels, vector, name, what):
    assert what in {fault.what for fault in faults_of(parcels, vector / "broken" / name, mapping=BROKEN)}


def test_coordinates_beyond_all_degrees_are_refused(take, wells, vector):
    with pytest.raises(CrsError, match=r"-1\.797693135e\+308"):
        take(wells, vector / "broken/invalid_coordinates.geojson", mapping={"fields": {"well_id": {"sequence": "w"}}})


def test_malformed_json_is_refused(take, parcels, vector):
    with pytest.raises(SourceError, match=r"invalid_json\.geojson cannot be read.*line 3"):
        take(parcels, vector / "broken/invalid_json.geojson")


def test_a_shapefile_without_index_and_attributes_is_restored_elsewhere(take, parcels, vector, rows_of):
    before = sorted((vector / "broken").iterdir())
    report = take(parcels, vector / "broken/error_union.shp", crs="EPSG:4548", mapping=BROKEN, repair_tolerance=1e-3)
    assert report.inserted == 511
    assert report.repaired == 78
    assert sorted((vector / "broken").iterdir()) == before
    assert shapely.is_valid(rows_of(parcels).geometry.to_numpy()).all()


def test_city_models_that_gdal_cannot_decode_are_refused_and_leave_no_side_file(take, parcels, shared_data):
    models = shared_data / "citymodels"
    before = sorted(models.iterdir())
    for name in ("potsdam_lod1_citygml2.gml", "lod2_buildings_v3.gml"):
        with pytest.raises(SourceError, match="cannot be read"):
            take(parcels, models / name)
    assert sorted(models.iterdir()) == before


def test_a_drawing_that_says_where_it_is_still_needs_a_crs(take, parcels, vector):
    with pytest.raises(CrsError, match=r"GEODATA.*is not read"):
        take(parcels, vector / "houses_of_parliament_georeferenced.dxf", mapping=BROKEN)


def test_m_values_of_a_file_geodatabase_are_dropped_and_told(world, parcels, vector):
    path = vector / "testopenfilegdb.gdb.zip"
    with pytest.raises(SourceError, match=r"has 37 layers.*--source-layer"):
        ingest_files(world, parcels, [path], author="t")
    report = ingest_files(world, parcels, [path], source_layer="polygonm", mapping=BROKEN, author="t")
    assert any("M values of 1 geometries were dropped" in notice for notice in report.files[0].notices)


def test_folders_of_a_kml_are_layers_to_choose_from(take, parcels, vector):
    with pytest.raises(SourceError, match=r"--source-layer.*Google Campus"):
        take(parcels, vector / "kml_samples.kml")


def test_the_world_list_of_stations_lies_and_is_found_out(faults_of, wells, shared_data, write_text):
    path = shared_data / "sites/isd-history.csv"
    mapping = {"source": {"key": "USAF", "z": "ELEV(M)"}, "fields": {"name": "STATION NAME"}, "keep": {"CTRY": "CH"}}
    faults = faults_of(wells, path, mapping=mapping)
    # Stations at 0, 0 are nowhere near China, and the first list of them is far from the storage CRS too.
    assert {fault.what for fault in faults} >= {"the place is out of reach of the storage CRS EPSG:4548"}
    assert all(fault.file == "isd-history.csv" and fault.row for fault in faults)


def test_chinese_stations_that_lie_in_switzerland_are_faults(faults_of, wells, shared_data, write_text):
    lines = (shared_data / "sites/meteostat_stations_cn.jsonl").read_text("utf-8").splitlines()
    stations = [json.loads(line) for line in lines]
    near = [s for s in stations if s["id"] == "06659" or (115 < s["location"]["longitude"] < 120)]
    rows = [
        f"{s['id']},{s['location']['longitude']},{s['location']['latitude']},{s['location']['elevation']}" for s in near
    ]
    path = write_text("stations.csv", "id,longitude,latitude,elevation\n" + "\n".join(rows) + "\n")
    (fault,) = faults_of(wells, path)
    assert fault.row == 1 + [s["id"] for s in near].index("06659")


def test_one_column_of_latitude_and_longitude_comes_in_by_mapping(world, wells, shared_data):
    path = shared_data / "sites/leipzig_mobile/sites.csv"
    mapping = {"source": {"key": "site_id", "latlon": "coordinates"}, "fields": {"name": "construction"}}
    report = ingest_files(world, wells, [path], mapping=mapping, author="t")
    west, south, east, north = shapely.total_bounds(world.read(wells, Query()).geometry)
    assert report.inserted == 380
    assert 12.2 < west < east < 12.6
    assert 51.2 < south < north < 51.5


def test_a_delivery_on_disk_is_left_as_it_is(take, areas, vector):
    folder = vector / "gbk_linyi_no_cpg"
    before = [(part.name, part.stat().st_mtime_ns, part.stat().st_size) for part in sorted(folder.iterdir())]
    take(areas, folder / "linyi_gbk.shp", mapping=COUNTY)
    assert [(part.name, part.stat().st_mtime_ns, part.stat().st_size) for part in sorted(folder.iterdir())] == before


def test_the_outline_of_a_county_is_read_for_a_new_store(boundaries, store, true_yinan):
    area = read_area(boundaries / "tianditu_cgcs2000_linyi_counties.geojson", store.crs)
    # Twelve counties of 17149 km² (measured in EPSG:4527) as one outline.
    assert area.area / 1e6 == pytest.approx(17149, rel=2e-3)
    assert area.contains(true_yinan.buffer(-1))
    with pytest.raises(CrsError):
        read_area(boundaries / "datav_gcj02_371321_yinan.geojson", store.crs)


def test_farms_in_another_hemisphere_keep_their_area(world, shared_data, parcels):
    path = shared_data / "vector/swellendam_farms/farms_33S.shp"
    mapping = {"fields": {"parcel_id": {"sequence": "f"}}}
    report = ingest_files(world, parcels, [path], mapping=mapping, author="t", repair_tolerance=1e-3)
    assert report.inserted == 2008
    stored = world.read(parcels, Query()).data.geometry
    bounds = np.round(shapely.total_bounds(stored), 2)
    assert (bounds[:2] > [20, -34.4]).all()
    assert (bounds[2:] < [21, -33.7]).all()
    # The same polygons by PROJ's geodesics, with a vertex every 50 m; a border is right to a millimetre.
    delivered = gpd.read_file(path)
    fine = shapely.segmentize(delivered.geometry[delivered.is_valid].to_numpy(), 50)
    degrees = gpd.GeoSeries(fine, crs=delivered.crs).to_crs(4326)
    true_m2 = [abs(Geod(ellps="WGS84").geometry_area_perimeter(farm)[0]) for farm in degrees]
    valid = [f"f{row + 1}" for row in np.flatnonzero(delivered.is_valid)]
    off_m2 = ellipsoidal_area_m2(stored[valid].to_numpy(), world.crs) - true_m2
    assert (np.abs(off_m2) < 0.001 * shapely.length(fine)).all()
    assert len(valid) > 1900


@pytest.mark.parametrize(("source", "area_km2"), [("tianditu_cgcs2000", 1722.9), ("amap_wgs84", 1717.7)])
def test_the_area_of_the_county_depends_on_the_source_and_the_revision_says_which(
    store, areas, boundaries, rows_of, source, area_km2
):
    path = boundaries / f"{source}_linyi_counties.geojson"
    mapping = {"fields": {"area_id": "district_adcode", "name": "district_name", **COUNTY["fields"]}}
    report = ingest_files(store, areas, [path], mapping=mapping, author="t")
    (yinan,) = reproject(rows_of(areas).geometry[["371321"]].to_numpy(), store.crs, parse_crs("EPSG:4527"))
    assert yinan.area / 1e6 == pytest.approx(area_km2, abs=0.05)  # measured in that grid by others
    (revision,) = store.revisions(areas)
    assert (revision.source, revision.sha256) == (path.name, report.sha256)
    assert revision.sha256 == sha256(path.read_bytes()).hexdigest()
