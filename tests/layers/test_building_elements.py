"""Elements of building models are found by what they are, and their quantities summed up by storey."""

from __future__ import annotations

import orjson
import pytest

from layers.building_elements import BUILDING_ELEMENTS, element_quantities, find_elements
from layers.building_elements.conditions import Condition, read_conditions
from layers.building_elements.queries import list_properties
from tests_frames import make_frame
from twin.errors import InvalidParameter

BOX = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
CRS = "EPSG:4548"


def element(model, name, kind="element", of="IfcWall", storey=None, properties=None, **fields):
    return {
        "element_id": f"{model}.{name}",
        "model_id": model,
        "building_id": "b1" if model != "bridge" else None,
        "global_id": name,
        "kind": kind,
        "class": of,
        "name": fields.pop("title", name),
        "storey_id": None if storey is None else f"{model}.{storey}",
        "storey": {"zz": "1F", "aa": "2F"}.get(storey),
        "properties": None if properties is None else orjson.dumps(properties).decode(),
        "geometry": f"MULTI{BOX.replace('((', '(((').replace('))', ')))')}",
    } | fields


ROWS = [
    element("arch", "zz", "storey", "IfcBuildingStorey", title="1F", elevation_m=0.0),
    element("arch", "aa", "storey", "IfcBuildingStorey", title="2F", elevation_m=3.6),
    element("arch", "w1", storey="zz", properties={"Pset_WallCommon": {"IsExternal": True, "FireRating": "F90"}}),
    element(
        "arch",
        "w2",
        of="IfcWallStandardCase",
        storey="aa",
        area_m2=10.0,
        volume_m3=2.0,
        properties={"Pset_WallCommon": {"IsExternal": False, "Width": 0.1 + 0.2}, "Qto": {"Bricks": 100}},
    ),
    element("arch", "w3", storey="aa", volume_m3=1.5, properties={"防火": {"耐火等级": "一级"}, "Qto": {"Bricks": 60}}),
    element("arch", "w4", storey="aa", volume_m3=0.5, properties={"Type": {"IsExternal": "true", "Width": "wide"}}),
    element("arch", "s1", "space", "IfcSpace", storey="zz", area_m2=20.0),
    element("arch", "r1", of="IfcRoof"),
    element("mep", "zz", "storey", "IfcBuildingStorey", title="1F"),
    element("mep", "w1", of="IfcPipeSegment", storey="zz", length_m=4.0, properties={"A.b": {"c.d": -1e-3, 'a"q': 1}}),
    element("bridge", "w1", of="IfcBeam"),
]


@pytest.fixture(scope="module")
def rows():
    return make_frame(BUILDING_ELEMENTS, ROWS, CRS)


def found(rows, **asked):
    answer = find_elements.function(rows, **asked)
    keys = answer.features["found"]["building_elements"]
    assert answer.figures["elements"] == len(keys) == sum(answer.figures["classes"].values())
    return list(keys)


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({"global_id": "w1"}, ["arch.w1", "bridge.w1", "mep.w1"]),
        ({"global_id": "w1", "building": "b1"}, ["arch.w1", "mep.w1"]),
        ({"global_id": "w1", "model": "arch"}, ["arch.w1"]),
        ({"storey": "1F"}, ["arch.s1", "arch.w1", "mep.w1"]),
        ({"storey": "arch.zz"}, ["arch.s1", "arch.w1"]),
        ({"storey": "3F"}, []),
        ({"kind": "space"}, ["arch.s1"]),
        ({"ifc_class": "IfcWall"}, ["arch.w1", "arch.w2", "arch.w3", "arch.w4"]),
        ({"ifc_class": "IfcWallStandardCase"}, ["arch.w2"]),
        ({"having": "IsExternal=true"}, ["arch.w1", "arch.w4"]),
        ({"having": "Pset_WallCommon.IsExternal = true"}, ["arch.w1"]),
        ({"having": "IsExternal<>true"}, ["arch.w2"]),
        ({"having": "FireRating"}, ["arch.w1"]),
        ({"having": "FireRating=F90; IsExternal=false"}, []),
        ({"having": "FireRating>=F30"}, []),
        ({"having": "Width=0.3"}, ["arch.w2"]),
        ({"having": "Width>0.3"}, []),
        ({"having": "Width>=0.3"}, ["arch.w2"]),
        ({"having": "Width<>0.3"}, ["arch.w4"]),
        ({"having": "Width<1;Bricks>99", "ifc_class": "IfcWall"}, ["arch.w2"]),
        ({"having": "防火.耐火等级=一级"}, ["arch.w3"]),
        ({"having": "A.b.c.d<0"}, ["mep.w1"]),
        ({"having": "c.d=-0.001"}, ["mep.w1"]),
        ({"having": 'a"q'}, ["mep.w1"]),
        ({"having": "Pset"}, []),
        ({"having": " ; "}, [row["element_id"] for row in sorted(ROWS, key=lambda row: row["element_id"])]),
    ],
)
def test_elements_are_found_by_what_they_are(rows, asked, keys):
    assert found(rows, **asked) == keys


@pytest.mark.parametrize("text", ["=3", "Width>=", "Width = ", "<", "a;=b"])
def test_a_condition_without_a_name_or_a_value_is_refused(text):
    with pytest.raises(InvalidParameter, match="is no condition") as refused:
        read_conditions(text)
    assert refused.value.members["parameter"] == "having"


def test_a_value_may_hold_signs_of_comparison():
    assert read_conditions("rule=a<=b") == (Condition(name="rule", op="=", value="a<=b"),)


def test_quantities_are_summed_up_by_storey_from_below(rows):
    answer = element_quantities.function(rows, model="arch", quantity="Bricks")
    told = [
        (each["storey"], each["elevation_m"], each["class"], each["elements"]) for each in answer.figures["amounts"]
    ]
    assert told == [
        ("1F", 0.0, "IfcSpace", 1),
        ("1F", 0.0, "IfcWall", 1),
        ("2F", 3.6, "IfcWall", 2),
        ("2F", 3.6, "IfcWallStandardCase", 1),
        (None, None, "IfcBuildingStorey", 2),
        (None, None, "IfcRoof", 1),
    ]
    first, second, walls, one, *_ = answer.figures["amounts"]
    assert (first["area_m2"], first["area_m2_stated_by"]) == (20.0, 1)
    assert not {"area_m2", "volume_m3", "length_m", "Bricks"} & second.keys()  # nobody says it: that is not 0
    assert (walls["volume_m3"], walls["volume_m3_stated_by"]) == (2.0, 2)  # 1.5 + 0.5
    assert (walls["Bricks"], walls["Bricks_stated_by"]) == (60.0, 1)
    assert (one["volume_m3"], one["area_m2"], one["Bricks"]) == (2.0, 10.0, 100.0)


def test_storeys_of_the_same_name_in_two_models_are_two(rows):
    answer = element_quantities.function(rows, building="b1", storey="1F")
    assert [(each["model"], each["storey"]) for each in answer.figures["amounts"]] == [
        ("arch", "1F"),
        ("arch", "1F"),
        ("mep", "1F"),
    ]
    assert answer.features["counted"]["building_elements"] == ("arch.s1", "arch.w1", "mep.w1")


def test_nothing_has_no_quantities():
    answer = element_quantities.function(make_frame(BUILDING_ELEMENTS, [], CRS))
    assert answer.figures == {"elements": 0, "amounts": []}


def test_properties_are_counted_by_their_names(rows):
    counted = list_properties(rows, range(len(ROWS)))
    assert list(counted.items())[:2] == [("Pset_WallCommon.IsExternal", 2), ("Qto.Bricks", 2)]
    assert counted["A.b.c.d"] == 1
