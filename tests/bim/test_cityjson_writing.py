"""Buildings of the twin as CityJSON 2.0: valid, closed, and the same when they come back."""

from __future__ import annotations

import json
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

import layers
from bim.cityjson.exporting import export_buildings
from bim.cityjson.measures import measure_volumes
from bim.cityjson.reading import read_cityjson
from bim.georeference.choosing import assess_levels
from cityjson_rules import break_rules
from cityjson_schemas import break_schema
from twin.cli import main_group
from twin.crs import BBox, parse_crs
from twin.errors import InvalidParameter
from twin.ingest import ingest_rows
from twin.stores import create_store

STORAGE = parse_crs("EPSG:4548")


def block(x, y, dx, dy, *holes, z=120.0):
    return shapely.force_3d(shapely.Polygon(shapely.box(x, y, x + dx, y + dy).exterior, holes), z)


COURT = [(632_103, 3_936_003), (632_106, 3_936_003), (632_106, 3_936_006), (632_103, 3_936_006)]
#: A block of 10 m by 6 m by 18.6 m; one with a courtyard; two parts; and one of which no height is known.
ROWS = {
    "b-1": (shapely.MultiPolygon([block(632_000, 3_936_000, 10, 6)]), 18.6, 6, 120.0),
    "b-2": (shapely.MultiPolygon([block(632_100, 3_936_000, 9, 9, COURT)]), 10.0, 3, 120.0),
    "b-3": (
        shapely.MultiPolygon([block(632_200, 3_936_000, 5, 5), block(632_210, 3_936_000, 5, 4)]),
        4.0,
        1,
        120.0,
    ),
    "b-4": (shapely.MultiPolygon([block(632_300, 3_936_000, 10, 10)]), math.nan, 2, 120.0),
}
VOLUMES = {"b-1": 10 * 6 * 18.6, "b-2": (81 - 9) * 10, "b-3-1": 25 * 4, "b-3-2": 20 * 4, "b-4": 100 * 2 * 3}


@pytest.fixture
def place(tmp_path):
    return tmp_path / "county.gpkg"


@pytest.fixture
def store(place):
    rows = gpd.GeoDataFrame(
        {
            "building_id": list(ROWS),
            "name": ["一号楼", None, None, None],
            "height_m": [row[1] for row in ROWS.values()],
            "floors": [row[2] for row in ROWS.values()],
            "ground_m": [row[3] for row in ROWS.values()],
            "use": ["residential", None, None, None],
        },
        geometry=[row[0] for row in ROWS.values()],
        crs=STORAGE,
    )
    with create_store(str(place), crs=STORAGE) as store:
        ingest_rows(store, layers.catalog().layer("buildings"), rows, author="测试", reason="楼")
        yield store


def documents(path):
    """The documents of a file, with the head of a sequence first."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(params=[".city.json", ".city.jsonl"])
def written(store, tmp_path, request):
    path = tmp_path / f"城区{request.param}"
    export_buildings(store, layers.catalog(), path)
    return path


def test_what_is_written_keeps_every_rule(written):
    assert [break_rules(said) for said in documents(written)] == [[]] * len(documents(written))


def test_what_is_written_fits_the_schema(written):
    assert [break_schema(said) for said in documents(written)] == [[]] * len(documents(written))


def test_what_comes_back_is_what_was_written(written):
    model = read_cityjson(written)

    names = model.elements["element_id"].to_numpy()[model.shapes.elements]
    volumes = dict(zip(names.tolist(), measure_volumes(model.shapes)[model.shapes.meshes].tolist(), strict=True))
    assert volumes == pytest.approx(VOLUMES)
    assert assess_levels(model.levels).chosen.crs.to_epsg() == 4548
    told = model.properties[model.properties["set"] == "CityJSON"].set_index(["row", "name"])
    assert told.loc[(0, "measuredHeight"), "number"] == 18.6
    assert told.loc[(0, "storeysAboveGround"), "number"] == 6
    assert told.loc[(0, "function"), "value"] == "residential"
    assert model.elements["name"].iloc[0] == "一号楼"
    assert model.shapes.place(0)[0].min(axis=0) == pytest.approx([632_000, 3_936_000, 120])
    assert model.shapes.place(0)[0].max(axis=0) == pytest.approx([632_010, 3_936_006, 138.6])


def test_faces_look_outside_and_say_what_they_are(written):
    model = read_cityjson(written)

    points, triangles = model.shapes.place(0)
    faces = points[triangles]
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    up = np.sign(np.round(normals[:, 2], 6))
    names = [model.shapes.look_names[look] for look in model.shapes.surfaces[: len(triangles)]]
    assert {(name, float(way)) for name, way in zip(names, up, strict=True)} == {
        ("GroundSurface", -1.0),
        ("RoofSurface", 1.0),
        ("WallSurface", 0.0),
    }


def test_a_height_that_nobody_knows_is_said_to_be_assumed(store, tmp_path):
    done = export_buildings(store, layers.catalog(), tmp_path / "a.jsonl")

    said = {line["id"]: line["CityObjects"] for line in documents(tmp_path / "a.jsonl")[1:]}
    assert said["b-4"]["b-4"]["attributes"]["heightIsAssumed"] is True
    assert "heightIsAssumed" not in said["b-1"]["b-1"]["attributes"]
    assert (done.buildings, done.assumed, done.without_geometry) == (4, 1, 0)


def test_a_box_and_a_date_choose_what_is_written(store, tmp_path):
    layer = layers.catalog().layer("buildings")
    box = BBox(632_001, 3_936_001, 632_002, 3_936_002)

    done = export_buildings(store, layers.catalog(), tmp_path / "a.jsonl", box=box)
    before = export_buildings(store, layers.catalog(), tmp_path / "b.jsonl", as_of=store.latest(layer) - 1)

    assert [line["id"] for line in documents(tmp_path / "a.jsonl")[1:]] == ["b-1"]
    assert (done.buildings, before.buildings) == (1, 0)


def test_another_grid_moves_every_corner(store, tmp_path):
    export_buildings(store, layers.catalog(), tmp_path / "a.json", crs=parse_crs("EPSG:4549"))

    (said,) = documents(tmp_path / "a.json")
    assert said["metadata"]["referenceSystem"] == "https://www.opengis.net/def/crs/EPSG/0/4549"
    assert break_rules(said) == []
    # 632,000 m east of the zone of 117° is about 140 km west of the meridian of 120°.
    assert said["transform"]["translate"][0] == pytest.approx(360_000, abs=5_000)


@pytest.mark.parametrize(
    ("name", "crs", "words"),
    [
        ("a.gml", None, "must end in .city.json"),
        ("a.json", "EPSG:4490", "has metres"),
        ("a.json", "+proj=tmerc +lon_0=118.5 +ellps=GRS80 +units=m", "by its EPSG code"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(store, tmp_path, name, crs, words):
    with pytest.raises(InvalidParameter, match=words):
        export_buildings(store, layers.catalog(), tmp_path / name, crs=crs and parse_crs(crs))

    assert not (tmp_path / name).exists()


def test_the_command_writes_a_file_and_says_what_is_in_it(store, place, tmp_path):
    file = tmp_path / "城区.city.json"
    words = ["cityjson", str(file), "--store", str(place), "--box", "117", "35", "119", "36"]

    first = CliRunner().invoke(main_group, words)
    again = CliRunner().invoke(main_group, words)

    assert first.exit_code == 0, first.output
    assert "4 buildings" in first.output
    assert "1 have an assumed height" in first.output
    assert "is there already" in str(again.exception)
    assert set(documents(file)[0]["CityObjects"]) == {"b-1", "b-2", "b-3", "b-3-1", "b-3-2", "b-4"}
