"""City models enter the twin as buildings, each with the level of its own detail."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

import layers
from bim.cityjson.lods import cim_level
from bim.cityjson.reading import read_cityjson
from bim.georeference.choosing import assess_levels
from bim.importing import Order, import_model
from cityjson_files import BOX, MEANING, box_vertices, building, city, save, save_sequence, solid
from twin.crs import parse_crs
from twin.errors import NotGeoreferenced
from twin.ingest import ingest_rows
from twin.query import Query
from twin.stores import create_store


@pytest.fixture
def store(tmp_path):
    with create_store(str(tmp_path / "county.gpkg"), crs=parse_crs("EPSG:4548")) as store:
        yield store


def moved(faces, by):
    return [[[index + by for index in ring] for ring in face] for face in faces]


def enter(store, file):
    model = read_cityjson(file)
    return import_model(store, layers.catalog(), file, model, assess_levels(model.levels), Order(author="测试"))


@pytest.fixture
def two(tmp_path):
    """A block of LoD 1, and a house of LoD 2.2 with a storey that has a room."""
    objects = {
        "block": building(solid(lod="1.2"), attributes={"storeysAboveGround": 4, "storeysBelowGround": 1}),
        "house": building(
            solid(moved(BOX, 8), semantics=MEANING), attributes={"name": "学校"}, children=["house-part"]
        ),
        "house-part": building(kind="BuildingPart", parents=["house"]),
    }
    return save(tmp_path / "城区.city.json", city(objects, box_vertices() + box_vertices(x=50_000, dz=12_000)))


def test_buildings_of_a_city_model_are_buildings_of_the_twin(store, two):
    imported = enter(store, two)

    rows = store.read(layers.catalog().layer("buildings")).data.sort_values("height_m")
    assert rows["height_m"].tolist() == pytest.approx([3, 12])
    assert rows["ground_m"].tolist() == [100, 100]
    assert rows["footprint_m2"].tolist() == pytest.approx([60, 60], rel=1e-3)  # the grid stretches a little
    assert rows["cim_level"].tolist() == [2, 3]
    assert rows["floors"].tolist()[0] == 4
    assert rows["floors_below"].tolist()[0] == 1
    assert rows["name"].tolist()[1] == "学校"
    assert rows.geometry.iloc[1].bounds == pytest.approx((632_050, 3_936_000, 632_060, 3_936_006), abs=2e-3)
    assert imported.level.level == 3
    assert len(imported.added) == 3


def test_the_same_city_model_again_changes_nothing(store, two):
    enter(store, two)

    again = enter(store, two)

    assert (again.added, again.changed, again.removed, again.unchanged) == ((), (), (), 3)
    assert again.revisions == {}


def test_what_a_city_model_says_stays_with_its_elements(store, two):
    enter(store, two)

    elements = store.read(layers.catalog().layer("building_elements"), Query()).data.set_index("global_id")
    assert '"storeysAboveGround":4' in elements.loc["block", "properties"]
    assert '"RoofSurface.area_m2":60.0' in elements.loc["house", "properties"]
    assert elements.loc["house-part", "parent_id"].endswith(".house")


def test_without_a_crs_nothing_enters(store, tmp_path):
    file = save(tmp_path / "a.json", city({"B": building(solid())}, crs=None))

    with pytest.raises(NotGeoreferenced, match="--georef"):
        enter(store, file)


@pytest.mark.parametrize(
    ("lods", "inside", "level"),
    [
        ([], False, 1),
        ([0], False, 2),
        ([1.3], False, 2),
        ([1.2, 2.2], False, 3),
        ([2.3], False, 4),
        ([3], False, 4),
        ([2], True, 5),
    ],
)
def test_levels_of_detail_are_cim_levels(lods, inside, level):
    assert cim_level(lods, has_interior=inside) == level


class Counting:
    """A store that counts what it is asked."""

    def __init__(self, store):
        self.store, self.asked = store, []

    def __getattr__(self, name):
        found = getattr(self.store, name)
        if name in {"read", "scan", "count"}:
            self.asked.append(name)
        return found


def row_of_boxes(tmp_path, count):
    """Boxes of 10 m by 6 m in a row, 20 m from each other, as a sequence."""
    features = [({f"box-{number}": building(solid())}, box_vertices(x=number * 20_000)) for number in range(count)]
    return save_sequence(tmp_path / f"{count}.city.jsonl", *features)


def test_the_store_is_asked_as_often_for_many_buildings_as_for_few(store, tmp_path):
    asked = []
    for count in (1, 3, 12):
        counting = Counting(store)
        enter(counting, row_of_boxes(tmp_path, count))
        asked.append(len(counting.asked))

    assert asked[2] == asked[1] + 1  # it looks into each model that is there


def test_each_building_stands_on_the_outline_that_it_shares_most_with(store, tmp_path):
    # Surveyed: the first box and 4 m beside it; half of the second box and the other half; a third far from all.
    known = {"survey-1": (0, 14), "survey-2a": (20, 25), "survey-2b": (25, 30), "survey-3": (200, 210)}
    rows = gpd.GeoDataFrame(
        {"building_id": list(known)},
        geometry=[
            shapely.MultiPolygon([shapely.box(632e3 + a, 3936e3, 632e3 + b, 3936006)]) for a, b in known.values()
        ],
        crs=store.crs,
    )
    layer = layers.catalog().layer("buildings")
    ingest_rows(store, layer, rows, author="测试", reason="楼")

    imported = enter(store, row_of_boxes(tmp_path, 3))

    first, second, third = imported.buildings
    assert first == "survey-1"
    assert second in {"survey-2a", "survey-2b"}  # the grid stretches the box by some tenths of a millimetre
    assert third.startswith("bim-")
    assert sorted(store.keys(layer)) == sorted([*known, third])
