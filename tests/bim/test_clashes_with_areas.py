"""What of elements stands within areas: widths and areas worked out by hand, stores in metres and in degrees."""

from __future__ import annotations

import json
import math
import shutil

import bcf.v3.bcfxml
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

import layers
from bim.clash import building_clashes
from bim.clash.areas import measure_width
from clash_models import E, N, Z, make_store
from layers.building_clashes import OTHERS
from tests_frames import make_frame
from twin.asking import ask
from twin.cli import main_group
from twin.errors import InvalidParameter
from twin.layer import dimension_of
from twin.replies import write_reply
from twin.store import Changes
from twin.stores import open_store

CATALOG = layers.catalog()
#: From 40 mm within the east end of wall and slab on, far to the north-east; and all but a strip in the west.
EAST = shapely.box(E + 9.96, N - 20_000, E + 20_000, N + 20_000)
WEST = shapely.Polygon([(E - 5, N - 5), (E + 0.5, N - 5), (E + 0.5, N + 2), (E - 5, N + 2)])
#: Element and area: how wide it is within, and what of it.
WITHIN = {
    ("arch.wall", "east"): (-0.04, 0.04 * 0.2),
    ("arch.slab", "east"): (-0.04, 0.04 * 8),
    ("arch.wall", "west"): (-0.2, 0.5 * 0.2),
    ("arch.slab", "west"): (-0.5, 0.5 * 2),
}


def plan(key, outline, kind):
    return {"area_id": key, "name": key, "kind": kind, "version": "2020", "geometry": shapely.MultiPolygon([outline])}


def make(path, crs="EPSG:4549"):
    layer = CATALOG.layer("planning_areas")
    with open_store(make_store(path, crs), write=True) as store:
        rows = [plan("east", EAST, "planning"), plan("west", WEST, "urban")]
        data = make_frame(layer, rows, "EPSG:4549").data.to_crs(store.crs)
        store.write(layer, Changes(insert=data), author="zhang", reason="a plan")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("areas") / "twin.gpkg")


@pytest.fixture
def store(made, tmp_path):
    with open_store(shutil.copy(made, tmp_path / "twin.gpkg"), write=True) as store:
        yield store


def ask_areas(store, **parameters):
    given = {"areas": "planning_areas", "against": "areas"} | parameters
    return ask(building_clashes, CATALOG, store, parameters=given)


def told(reply):
    shapes = [shape.properties for shape in reply.answer.shapes]
    return {(each["first_id"], each["second_id"]): (each["measured_m"], each["shared_m2"]) for each in shapes}


def near(expected, **tolerance):
    return {pair: pytest.approx(values, **tolerance) for pair, values in expected.items()}


def test_what_stands_within_is_told_with_its_width_and_area(store):
    reply = ask_areas(store)
    assert told(reply) == near(WITHIN, abs=2e-5)  # metres 1 m above the ellipsoid are not those of the grid
    by_pair = {(each.properties["first_id"], each.properties["second_id"]): each for each in reply.answer.shapes}
    slab = by_pair["arch.slab", "west"]
    ((x, y, z),) = shapely.get_coordinates(slab.geometry, include_z=True)
    assert shapely.box(E, N, E + 0.5, N + 2).contains(shapely.Point(x, y))
    assert z == pytest.approx(Z - 0.1, abs=1e-3)
    said = slab.properties
    assert (said["rule"], said["second_layer"], said["second_name"]) == ("CLASH", "planning_areas", "west")
    assert (said["shared_m3"], said["limit_m"], said["building_id"]) == (None, -0.01, "own")
    assert reply.answer.features["CLASH"] == {
        "building_elements": ("arch.slab", "arch.wall"),
        "planning_areas": ("east", "west"),
    }
    (evidence,) = (each for each in reply.to_dict()["evidence"] if each["layer"] == "planning_areas")
    assert evidence["rows"] == 2


def test_without_against_they_come_with_everything_else(store):
    everything = told(ask_areas(store, against=None))
    assert {pair: everything[pair] for pair in WITHIN} == near(WITHIN, abs=2e-5)
    assert len(everything) == 5 + len(WITHIN)
    assert not any(
        second in ("east", "west") for _, second in told(ask_areas(store, second_class="IfcWall", against=""))
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"areas_filter": "kind = 'urban'"}, {("arch.wall", "west"), ("arch.slab", "west")}),
        ({"areas_filter": "name = 'nowhere'"}, set()),
        ({"tolerance_m": 0.05}, {("arch.wall", "west"), ("arch.slab", "west")}),
        ({"tolerance_m": 0.3}, {("arch.slab", "west")}),
        ({"first_class": "IfcWall", "areas_filter": "kind = 'planning'"}, {("arch.wall", "east")}),
        ({"model": "mep"}, set()),
        ({"as_of": 1}, set()),
    ],
)
def test_only_what_is_asked_for_is_told(store, asked, found):
    as_of = asked.get("as_of")
    given = {name: value for name, value in asked.items() if name != "as_of"} | {"areas": "planning_areas"}
    reply = ask(building_clashes, CATALOG, store, parameters={"against": "areas"} | given, as_of=as_of)
    assert set(told(reply)) == found


def test_what_is_nearer_than_a_clearance_is_told_with_its_distance(store):
    """The duct stands from 4 m to 4.1 m east: 3.5 m from the west area and 5.86 m from the east one."""
    reply = ask_areas(store, clearance_m=3.6, model="mep")
    assert told(reply) == {("mep.duct", "west"): (pytest.approx(3.5, abs=1e-4), 0.0)}
    assert reply.answer.figures["CLEAR"] == 1
    assert reply.answer.shapes[0].geometry.x == pytest.approx(E + 0.5 + 1.75, abs=1e-3)
    assert told(ask_areas(store, clearance_m=3.4, model="mep")) == {}


def test_of_a_store_in_degrees_the_same_is_found(tmp_path):
    with open_store(make(tmp_path / "degrees.gpkg", "EPSG:4490")) as store:
        assert told(ask_areas(store, areas_filter="kind = 'urban'")) == near(
            {pair: values for pair, values in WITHIN.items() if pair[1] == "west"}, abs=1e-3
        )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"areas": None}, "against=areas needs a layer"),
        ({"areas": "trees"}, "there is no layer trees; there are"),
        ({"areas": "pipe_segments"}, "pipe_segments has no polygons"),
        ({"areas": "buildings"}, "buildings is compared in space already"),
        ({"areas": None, "against": None, "areas_filter": "kind = 'urban'"}, "name it as areas"),
        ({"areas_filter": "colour = 'red'"}, "there is no property colour"),
    ],
)
def test_what_makes_no_sense_is_refused(store, asked, said):
    with pytest.raises(InvalidParameter, match=said):
        ask_areas(store, **asked)


def test_the_layer_knows_all_layers_of_areas():
    areas = {
        layer.id
        for layer in CATALOG.layers.values()
        if dimension_of(layer.geometry) == 2 and layer.solids is None and not layer.id.startswith("building_")
    }
    assert areas <= {code.value for code in OTHERS}
    assert len(areas) == 4


def test_the_command_keeps_them_and_writes_geojson_and_topics(made, tmp_path, store):
    path = shutil.copy(made, tmp_path / "kept.gpkg")
    words = ["ask", "building_clashes", "areas=planning_areas", "areas_filter=kind = 'urban'", "--keep"]
    said = CliRunner().invoke(main_group, [*words, "--out", str(tmp_path / "c.geojson"), "--store", str(path)])
    assert (said.exit_code, "kept in building_clashes: revision" in said.output) == (0, True), said.output
    features = json.loads((tmp_path / "c.geojson").read_text("utf-8"))["features"]
    assert sum(each["properties"].get("second_layer") == "planning_areas" for each in features) == 2
    with open_store(path) as kept:
        rows = kept.read(CATALOG.layer("building_clashes")).data.set_index("second_id")
    assert len(rows) == 7
    assert sorted(rows.loc["west", "shared_m2"]) == pytest.approx([0.1, 1.0], abs=1e-5)
    reply = ask_areas(store)
    write_reply(reply, CATALOG, tmp_path / "c.bcf")
    book = bcf.v3.bcfxml.BcfXml(tmp_path / "c.bcf")
    (slab,) = (each for each in book.topics.values() if each.topic.title.endswith("IfcSlab slab 1 – west"))
    assert "Area within 占压面积 1.0000 m²" in slab.topic.description
    ((_, view),) = slab.viewpoints.items()
    (_, area) = view.visualization_info.components.selection.component
    assert area.authoring_tool_id == "planning_areas/west"


@pytest.mark.parametrize(
    ("outline", "width_m"),
    [
        (shapely.box(0, 0, 3, 0.2), 0.2),
        (shapely.box(0, 0, 2, 2), 2.0),
        (shapely.Polygon([(0, 0), (2, 0), (1, math.sqrt(3))]), 4 / 6 * math.sqrt(3)),  # 4 A / U of a triangle
        (shapely.affinity.rotate(shapely.box(0, 0, 3, 0.2), 31), 0.2),
        (
            shapely.Polygon([(0, 0), (9, 0), (9, 0.1), (0.1, 0.1), (0.1, 9), (0, 9)]),
            4 * (0.9 + 0.89) / 36,
        ),  # bent strip
    ],
)
def test_widths_are_those_of_strips_squares_and_bent_strips(outline, width_m):
    assert measure_width(outline) == pytest.approx(width_m)
    assert measure_width(shapely.transform(outline, lambda xy: xy + np.array([500.0, 300.0]))) == pytest.approx(width_m)
