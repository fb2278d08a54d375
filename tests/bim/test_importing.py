"""Models in a twin: what rows say of a building whose numbers are known, and what a newer file changes."""

from __future__ import annotations

import json

import pytest
import shapely
import zstandard

import layers
from bim.georeference.choosing import assess_levels, declare_place
from bim.georeference.declared import Declaration
from bim.identity import first_name
from bim.ifc.reading import read_ifc
from bim.importing import Order, import_model
from bim.packing import unpack_placed
from tests_models import survey_building, write_building
from twin.crs import parse_crs
from twin.errors import InvalidParameter, NotGeoreferenced
from twin.query import Query
from twin.store import Changes
from twin.stores import create_store

CATALOG = layers.catalog()
MODELS, ELEMENTS, BUILDINGS = (CATALOG.layer(name) for name in ("building_models", "building_elements", "buildings"))
CRS = parse_crs("EPSG:4548")
EAST, NORTH = 632_885.0, 3_936_656.0
PLACE = Declaration(
    name="place.toml", crs="EPSG:4548", easting_m=EAST, northing_m=NORTH, height_m=120.0, scale="grid", x_axis_deg=0.0
)
ORDER = Order(author="survey")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    first = write_building(folder / "学校.ifc")
    second = write_building(folder / "学校_v2.ifc", wall_names={"South": "南墙"}, without=("East",))
    return first, second


@pytest.fixture(scope="module")
def models(files):
    return [read_ifc(file) for file in files]


@pytest.fixture
def store(tmp_path):
    with create_store(tmp_path / "county.gpkg", crs=CRS) as store:
        yield store


def take(store, files, models, number=0, order=ORDER, place=PLACE):
    model = models[number]
    return import_model(store, CATALOG, files[number], model, declare_place(model.levels, place), order)


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (("Undefined", " 教学楼  A ", "B"), "教学楼 A"),
        ((None, float("nan"), "", "  "), None),
        (("XYZ", "// BUILDING/NAME //", "Default Building", "building name"), None),
        (("Building 7",), "Building 7"),
    ],
)
def test_what_programs_write_where_nobody_gave_a_name_is_none(texts, name):
    assert first_name(*texts) == name


def test_a_model_is_three_layers_of_rows(store, files, models):
    report = take(store, files, models)

    assert (report.model_id, len(report.added), report.changed, report.removed) == ("学校", 11, (), ())
    assert set(report.revisions) == {"building_models", "building_elements", "buildings"}
    model = store.read(MODELS).data.iloc[0]
    assert (model["name"], model["file"], model["storeys"], model["elements"], model["shapes"]) == (
        "School",
        "学校.ifc",
        2,
        11,
        7,
    )
    # From above the roof is seen: 13 m by 9 m in metres of the grid.
    assert model.geometry.area == pytest.approx(13 * 9, abs=0.01)


def test_a_building_stands_on_what_its_outer_walls_enclose(store, files, models):
    (name,) = take(store, files, models).buildings

    building = store.read(BUILDINGS).data.loc[name]
    assert building["footprint_basis"] == "section"
    assert building.geometry.area == pytest.approx(12 * 8, abs=0.01)
    west, south, east, north = building.geometry.bounds
    assert (west, south) == pytest.approx((EAST, NORTH), abs=0.002)
    assert (east - west, north - south) == pytest.approx((12, 8), abs=0.002)
    # True metres: at this place the grid draws them 1.000218 times as long.
    assert building["footprint_m2"] == pytest.approx(96 / 1.000218**2, rel=1e-4)
    assert (building["ground_m"], building["height_m"]) == pytest.approx((120.0, 6.3), abs=0.002)
    assert building["floors"] == 1  # walls and spaces are in the lower storey only
    assert building["floor_area_m2"] == pytest.approx(11.4 * 7.4)


def test_elements_know_their_storey_their_heights_and_all_that_the_file_says(store, files, models):
    take(store, files, models)

    rows = store.read(ELEMENTS).data.set_index("name", drop=False)
    wall = rows.loc["South"]
    assert (wall["class"], wall["kind"], wall["storey"]) == ("IfcWall", "element", "Storey 1")
    assert json.loads(wall["properties"]) == {
        "Pset_WallCommon": {"IsExternal": True, "FireRating": "2 h"},
        "Qto_WallBaseQuantities": {"NetVolume": pytest.approx(21.6)},
    }
    assert (wall["bottom_m"], wall["top_m"], wall["volume_m3"]) == pytest.approx((120.0, 126.0, 21.6), abs=0.002)
    assert wall.geometry.area == pytest.approx(12 * 0.3, abs=0.002)
    assert rows.loc["Floor", "material"] == "C30"
    assert rows.loc["101", "area_m2"] == pytest.approx(11.4 * 7.4)
    assert rows.loc["101", "kind"] == "space"
    assert (rows["model_id"] == "学校").all()


def test_what_was_delivered_and_its_shapes_are_kept(store, files, models):
    take(store, files, models)

    model = store.read(MODELS).data.iloc[0]
    delivered = zstandard.ZstdDecompressor().decompress(store.kept(model["delivered"]))
    assert delivered == files[0].read_bytes()
    placed = unpack_placed(store.kept(model["placed"]))
    assert set(placed.element_ids) == set(store.keys(ELEMENTS))
    assert len(placed.shapes.meshes) == 7


def test_the_same_file_again_changes_nothing(store, files, models):
    take(store, files, models)
    latest = store.latest()

    report = take(store, files, models)

    assert (report.unchanged, report.added, report.revisions) == (11, (), {})
    assert store.latest() == latest


def test_a_newer_file_is_a_difference_by_global_id(store, files, models):
    first = take(store, files, models)
    before = store.latest(ELEMENTS)

    report = take(store, files, models, 1)

    assert report.model_id == "学校"
    # A wall has another name; another wall is missing, so that its storey covers less.
    assert (len(report.added), len(report.changed), len(report.removed), report.unchanged) == (0, 2, 1, 8)
    assert report.buildings == first.buildings
    names = set(store.read(ELEMENTS).data["name"])
    assert "南墙" in names
    assert {"South", "East"}.isdisjoint(names)
    assert {"South", "East"} <= set(store.read(ELEMENTS, Query(as_of=before)).data["name"])


def test_a_dry_run_writes_nothing(store, files, models):
    report = take(store, files, models, order=Order(author="survey", dry_run=True))

    assert (len(report.added), report.revisions, store.latest()) == (11, {}, 0)


def test_a_surveyed_building_keeps_its_outline_and_gets_what_nobody_knew(store, files, models):
    square = shapely.force_3d(shapely.box(EAST - 1, NORTH - 1, EAST + 13, NORTH + 9), 118.0)
    rows = survey_building("B1", square, ground_m=118.0, use="education", cim_level=2)
    store.write(BUILDINGS, Changes(insert=rows), author="survey", reason="survey")

    report = take(store, files, models)

    assert report.buildings == ("B1",)
    building = store.read(BUILDINGS).data.loc["B1"]
    assert building.geometry.area == pytest.approx(14 * 10)
    assert (building["ground_m"], building["use"]) == (118.0, "education")
    assert building["height_m"] == pytest.approx(6.3, abs=0.002)
    assert building["cim_level"] == report.level.level
    assert any("ground of the model is 120.00 m, the known one 118.00 m" in notice for notice in report.notices)


def test_a_second_building_of_the_same_plan_must_be_named(store, files, models):
    take(store, files, models)
    elsewhere = Declaration(
        name="b.toml", crs="EPSG:4548", easting_m=EAST + 300, northing_m=NORTH, height_m=120.0, scale="grid"
    )

    with pytest.raises(InvalidParameter, match="stands 300 m away: say --model 学校 to move it"):
        take(store, files, models, place=elsewhere)
    report = take(store, files, models, place=elsewhere, order=Order(author="survey", model_id="学校-2"))

    assert (report.model_id, len(report.added)) == ("学校-2", 11)
    assert len(store.read(BUILDINGS).data) == 2


def test_what_stands_nowhere_is_refused(store, files, models):
    with pytest.raises(NotGeoreferenced, match=r"twin bim 学校\.ifc --georef 学校\.ifc\.toml"):
        import_model(store, CATALOG, files[0], models[0], assess_levels(models[0].levels), ORDER)
    assert store.latest() == 0
