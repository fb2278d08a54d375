"""Every analysis answers as of a day, in Python, by command and by API, whatever is edited later."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import shapely
from click.testing import CliRunner
from fastapi.testclient import TestClient

import layers
from api.app import create_app
from clash_models import make_placed, model_writes
from tests_frames import make_frame
from tests_pipe_rows import CRS, nodes, segments
from twin.asking import ask
from twin.cli import main_group
from twin.errors import InvalidParameter
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store, open_store

#: A main from the works S to the house H with a ring F, R; a sewer that flows round; a gas pipe through the main.
PLACES = {"S": (0, 0), "V": (30, 0), "A": (60, 0), "W": (90, 0), "H": (120, 0), "F": (60, 20), "R": (80, 20)}
PLACES |= {"D": (90, 20), "K": (0, 50), "L": (30, 50), "M": (15, 70), "G1": (75, -20), "G2": (75, 10)}
KINDS = {
    "S": {"appurtenance": "waterworks"},
    "V": {"appurtenance": "valve"},
    "W": {"appurtenance": "valve"},
    "H": {"feature": "house"},
}
SEWER = {"class": "PS", "flow_direction": "forward"}
PIPES = {name: {} for name in ("S_V", "V_A", "A_W", "W_H", "A_F", "F_R", "R_A", "W_D")}
PIPES |= dict.fromkeys(("K_L", "L_M", "M_K"), SEWER) | {"G1_G2": {"class": "RQ"}}

AREA = "POLYGON ((500055 3939990, 500085 3939990, 500085 3940030, 500055 3940030, 500055 3939990))"
ASKED = {
    "trace_upstream": {"node": "A"},
    "trace_downstream": {"node": "A"},
    "trace_connected": {"node": "A"},
    "shortest_path": {"from_node": "S", "to_node": "R"},
    "isolation": {"node": "A"},
    "dead_ends": {},
    "loops": {},
    "unserved": {},
    "flow_faults": {},
    "long_section": {"from_node": "S", "to_node": "H"},
    "cross_section": {"line": "LINESTRING (500070 3939990, 500070 3940030)", "coordinates": "storage"},
    "pipe_conflicts": {},
    "find_elements": {"having": "Pset_WallCommon.IsExternal=true"},
    "element_quantities": {"storey": "1F"},
    "building_clashes": {},
    "dig": {"area": AREA, "depth_m": "2", "coordinates": "storage"},
}
#: Of a model; it stands with a metre in the house, which is not its own.
WALL = {"element_id": "m.w", "model_id": "m", "kind": "element", "class": "IfcWall", "storey": "1F", "area_m2": 3.0}
WALL |= {"properties": '{"Pset_WallCommon":{"IsExternal":true}}', "geometry": None}
THEN = "2021-06-01"
CATALOG = layers.catalog()


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """The town as it was surveyed in 2021, what it answered then, and a year later nothing left of it but one pipe."""
    path = tmp_path_factory.mktemp("town") / "town.gpkg"
    pipes = segments(PLACES, **{name: {"diameter_mm": 200} | each for name, each in PIPES.items()})
    house = {"building_id": "b", "geometry": f"MULTIPOLYGON Z (({_box(500_086, 3_940_010)}))"}
    rows = {
        "pipe_nodes": nodes(PLACES, KINDS),
        "pipe_segments": pipes,
        "buildings": [house],
    }
    with create_store(path, crs=CRS) as store:
        for name, given in rows.items():
            layer = CATALOG.layer(name)
            changes = Changes(insert=make_frame(layer, given, CRS).data)
            store.write(layer, changes, author="li", reason="survey", effective=datetime(2021, 1, 1, tzinfo=UTC))
        placed = make_placed((500_085.0, 3_940_012.0, 100.0), [("m.w", ((0, 0, 0), (2, 0.5, 2)))])
        outline = f"MULTIPOLYGON Z (({_box(500_080, 3_940_010)}))"
        writes, data = model_writes("m", None, placed, [WALL], outline, store.crs)
        told = {"author": "li", "reason": "a model", "effective": datetime(2021, 1, 1, tzinfo=UTC)}
        store.write_together(writes, **told, keep=[data])
        before = {name: answer(store, name) for name in CATALOG.analyses}
        for name, gone in (
            ("pipe_segments", [row["segment_id"] for row in pipes[1:]]),
            ("buildings", ["b"]),
            ("building_elements", ["m.w"]),
        ):
            changes = Changes(delete=tuple(gone))
            store.write(
                CATALOG.layer(name), changes, author="li", reason="torn", effective=datetime(2022, 1, 1, tzinfo=UTC)
            )
    return path, before


def _box(x, y):
    corners = shapely.get_coordinates(shapely.box(x, y, x + 10, y + 10))
    return "(" + ", ".join(f"{x} {y} 100" for x, y in corners) + ")"


def answer(store, name, as_of=datetime(2021, 6, 1, tzinfo=UTC)):
    return told(ask(CATALOG.analysis(name), CATALOG, store, parameters=ASKED[name], as_of=as_of).to_dict())


def told(reply):
    return {name: reply[name] for name in ("figures", "features", "note")}


@pytest.mark.parametrize("name", CATALOG.analyses)
def test_an_answer_of_before_stays_what_it_was(town, name):
    path, before = town
    assert any(keys for roles in before[name]["features"].values() for keys in roles.values())
    with open_store(path) as store:
        assert answer(store, name) == before[name]
        try:
            now = answer(store, name, as_of=None)
        except InvalidParameter as refused:  # what was asked for is not there any more
            now = refused.detail
        assert now != before[name]
        with TestClient(create_app(Settings(), store, CATALOG)) as client:
            asked = {"inputs": ASKED[name] | {"datetime": THEN}, "outputs": {"result": {}}}
            assert told(client.post(f"/processes/{name}/execution", json=asked).json()) == before[name]
    words = [f"{key}={value}" for key, value in ASKED[name].items()]
    said = CliRunner().invoke(main_group, ["ask", name, *words, "--as-of", THEN, "--store", str(path), "--json"])
    assert told(json.loads(said.output)) == before[name]


def names_in(value, figures):
    """Yield all names of figures in a value, at any depth, with what they are called."""
    for each in value if isinstance(value, list) else [value]:
        for name, inner in each.items():
            called = figures.get(name)
            yield name, called
            if called and called.members:
                yield from names_in(inner, called.members)


def all_figures(figures):
    for name, figure in figures.items():
        yield name, figure
        yield from all_figures(figure.members)


@pytest.mark.parametrize("name", CATALOG.analyses)
def test_every_figure_is_called_something_in_both_languages_and_with_its_unit(town, name):
    analysis, told = CATALOG.analysis(name), town[1][name]["figures"]
    assert list(told) == list(analysis.figures)
    assert [each for each, called in names_in(told, analysis.figures) if called is None] == []
    for each, called in all_figures(analysis.figures):
        assert called.title.isascii()
        assert not called.title_zh.isascii()
        if each.endswith("_m"):
            assert called.unit == "m"


def test_the_description_of_a_process_says_what_its_figures_are(town):
    with open_store(town[0]) as store, TestClient(create_app(Settings(), store, CATALOG)) as client:
        described = client.get("/processes/isolation").json()["outputs"]["result"]["schema"]["properties"]["figures"]
        page = client.get("/processes/dig?f=html").text
    assert described["properties"]["isolated_length_m"] == {"title": "Length shut off 停供管段长度", "x-ogc-unit": "m"}
    assert "阀门失效时扩大关阀" in described["properties"]["next_ring"]["title"]
    assert "<code>foundation_depth_m</code>" in page
    assert "基础埋深" in page


def test_a_command_says_what_its_figures_are(town):
    words = [f"{key}={value}" for key, value in ASKED["long_section"].items()]
    said = CliRunner().invoke(main_group, ["ask", "long_section", *words, "--as-of", THEN, "--store", str(town[0])])
    lines = [line.split() for line in said.output.splitlines()]
    assert ["length_m", "Length", "长度", "120.00", "m"] in lines
    assert ["点号", "里程", "地面标高"] in lines  # below the names of the columns
