"""Several models of one building: which of them says what it is, and what the others add."""

from __future__ import annotations

import pytest
import shapely
from ifcopenshell import api

import layers
from bim.georeference.choosing import declare_place
from bim.georeference.declared import Declaration
from bim.ifc.classes import serves
from bim.ifc.reading import read_ifc
from bim.importing import Order, import_model
from bimread_models import add_block, add_storeys, empty_model, write_model
from tests_models import survey_building, write_building
from twin.crs import parse_crs
from twin.errors import InvalidParameter
from twin.query import Query
from twin.store import Changes
from twin.stores import create_store

CATALOG = layers.catalog()
ELEMENTS, BUILDINGS = (CATALOG.layer(name) for name in ("building_elements", "buildings"))
CRS = parse_crs("EPSG:4548")
EAST, NORTH = 632_885.0, 3_936_656.0
PLACE = Declaration(
    name="place.toml", crs="EPSG:4548", easting_m=EAST, northing_m=NORTH, height_m=120.0, scale="grid", x_axis_deg=0.0
)
ORDER = Order(author="survey")


def write_services(path):
    """Lights under the ceiling, a cabinet and a room: what services of the building of `write_building` are."""
    file = empty_model()
    (storey,) = add_storeys(file, (0.0,))
    lights = [
        add_block(file, "IfcLightFixture", f"Light {x}", size=(0.5, 0.5, 0.1), at=(x, y, 2.5))
        for x in (1.0, 6.0, 10.5)
        for y in (1.0, 6.5)
    ]
    cabinet = add_block(file, "IfcElectricDistributionBoard", "Board", size=(0.6, 0.3, 1.8), at=(0.4, 0.4, 0.0))
    api.spatial.assign_container(file, products=[*lights, cabinet], relating_structure=storey)
    room = add_block(file, "IfcSpace", "101", size=(11.4, 7.4, 2.8), at=(0.3, 0.3, 0.0))
    api.aggregate.assign_object(file, products=[room], relating_object=storey)
    return write_model(file, path)


def write_structure(path):
    """Columns and one slab, larger than the building: what stands on the ground is not what encloses it."""
    file = empty_model()
    (storey,) = add_storeys(file, (0.0,))
    columns = [
        add_block(file, "IfcColumn", f"C{x}{y}", size=(0.4, 0.4, 6.0), at=(x, y, 0.0))
        for x in (-1.0, 12.6)
        for y in (-1.0, 8.6)
    ]
    slab = add_block(file, "IfcSlab", "Deck", size=(14.0, 10.0, 0.3), at=(-1.0, -1.0, 6.0))
    api.spatial.assign_container(file, products=[*columns, slab], relating_structure=storey)
    return write_model(file, path)


def write_twins(path):
    """Two IfcBuildings in one file: a large and a small one, wall to wall."""
    file = empty_model()
    (large,) = add_storeys(file, (0.0,))
    (small,) = add_storeys(file, (0.0,))
    for storey, x, width in ((large, 0.0, 9.0), (small, 9.0, 3.0)):
        block = add_block(file, "IfcWall", "W", size=(width, 8.0, 6.0), at=(x, 0.0, 0.0))
        api.spatial.assign_container(file, products=[block], relating_structure=storey)
    return write_model(file, path)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    writers = {
        "architecture": write_building,
        "services": write_services,
        "structure": write_structure,
        "twins": write_twins,
    }
    return {name: write(folder / f"{name}.ifc") for name, write in writers.items()}


@pytest.fixture(scope="module")
def models(files):
    return {name: read_ifc(file) for name, file in files.items()}


@pytest.fixture
def take(tmp_path, files, models):
    """Import a model by its name; the store is `take.store`."""
    with create_store(tmp_path / "county.gpkg", crs=CRS) as store:

        def take(name, **asked):
            order = Order(author="survey", **asked)
            return import_model(
                store, CATALOG, files[name], models[name], declare_place(models[name].levels, PLACE), order
            )

        take.store = store
        yield take


def only_building(store):
    (row,) = store.read(BUILDINGS).data.to_dict("records")
    return row


ARCHITECTURE = {"area": 12 * 8, "height_m": 6.3, "floor_area_m2": 11.4 * 7.4}


def assert_architecture(row):
    assert row["geometry"].area == pytest.approx(ARCHITECTURE["area"], abs=0.01)
    assert row["height_m"] == pytest.approx(ARCHITECTURE["height_m"], abs=0.002)
    assert row["floor_area_m2"] == pytest.approx(ARCHITECTURE["floor_area_m2"])
    assert row["footprint_basis"] == "section"


@pytest.mark.parametrize(
    "order", [("architecture", "services", "structure"), ("services", "structure", "architecture")]
)
def test_the_model_that_encloses_rooms_says_what_a_building_is_whichever_comes_first(take, order):
    reports = [take(name) for name in order]

    assert len({report.buildings for report in reports}) == 1
    assert_architecture(only_building(take.store))
    count = take.store.count(ELEMENTS, Query())
    assert count == sum(len(report.added) for report in reports)
    latest = take.store.latest()
    for name in order:
        take(name)
    assert take.store.latest() == latest  # nothing goes to and fro


def test_services_alone_make_a_building_of_their_hull_and_say_so(take):
    report = take("services")

    row = only_building(take.store)
    # Lights of 0.5 m from (1, 1) to (11, 7), and the board from (0.4, 0.4) to (1.0, 0.7): the corners of their hull.
    corners = [(0.4, 0.4), (1.0, 0.4), (11.0, 1.0), (11.0, 7.0), (1.0, 7.0), (0.4, 0.7)]
    assert row["geometry"].area == pytest.approx(shapely.Polygon(corners).area, abs=0.01)
    assert row["footprint_basis"] == "projection"
    (notice,) = report.notices
    assert "the hull of the services until a model of its walls comes" in notice


def test_services_add_only_their_level_to_a_surveyed_building(take):
    square = shapely.force_3d(shapely.box(EAST, NORTH, EAST + 12, NORTH + 8), 120.0)
    take.store.write(BUILDINGS, Changes(insert=survey_building("B1", square)), author="survey", reason="survey")

    report = take("services")

    assert (report.buildings, report.notices) == (("B1",), ())
    row = only_building(take.store)
    assert row["cim_level"] == report.level.level
    assert all(row[name] is None or row[name] != row[name] for name in ("name", "height_m", "floors", "floor_area_m2"))


def test_the_building_with_the_most_ground_in_common_is_meant(take):
    # A shed that the model covers as a whole, and the house of which it covers nine tenths.
    shed = shapely.force_3d(shapely.box(EAST + 0.5, NORTH + 0.5, EAST + 1.5, NORTH + 1.5), 120.0)
    house = shapely.force_3d(shapely.box(EAST + 1.5, NORTH, EAST + 12.5, NORTH + 8), 120.0)
    for key, outline in (("B1", shed), ("B2", house)):
        take.store.write(BUILDINGS, Changes(insert=survey_building(key, outline)), author="survey", reason="survey")

    assert take("architecture").buildings == ("B2",)


def test_two_buildings_of_a_file_on_one_outline_are_parts_of_it(take):
    square = shapely.force_3d(shapely.box(EAST, NORTH, EAST + 12, NORTH + 8), 120.0)
    take.store.write(BUILDINGS, Changes(insert=survey_building("B1", square)), author="survey", reason="survey")

    assert take("twins").buildings == ("B1",)

    rows = take.store.read(ELEMENTS).data
    assert set(rows["building_id"]) == {"B1"}
    assert only_building(take.store)["height_m"] == pytest.approx(6.0, abs=0.002)


def test_a_building_that_is_asked_for_is_the_one_or_is_told_to_be_new(take):
    take("architecture")

    report = take("structure", building_id="B7")

    assert report.buildings == ("B7",)
    assert report.notices[0].startswith("there was no building B7: it is made from the model")
    with pytest.raises(InvalidParameter, match=r"twins\.ifc has 2 buildings: --building is for a model of one"):
        take("twins", building_id="B7")


def test_classes_of_services_are_known_in_every_schema():
    assert all(map(serves, ("IfcPipeSegment", "IfcFlowTerminal", "IfcSensor", "IfcDistributionBoard")))
    assert not any(map(serves, ("IfcWall", "IfcColumn", "IfcFurniture", "IfcBuildingElementProxy", "BuildingPart")))
