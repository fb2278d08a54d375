"""CesiumJS over implicit tiling: the picture of the listed tree, what hangs over the edge of its square, parameters."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import PIL.Image
import pytest

import layers
from api.app import create_app
from blocks_cesium import HEIGHT_PX, WIDTH_PX, open_scene, to_earth
from layers.buildings import BUILDINGS
from scene_subtrees import CRS, house, houses
from tests_frames import make_frame
from tests_server import run_server
from tests_transforms import find_transformer
from tiles.scenes.stage import Stage
from twin.heights import GeoidOffset
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store

#: Of the houses, on the central meridian: the grid points north there.
CORNER = (499_000, 3_939_000)
OFFSET = "-3 m, a test"


def find_cross() -> tuple[float, float]:
    """Where the four quarters of the houses meet, metres from (500000, 3940000)."""
    rows = houses(2_500, corner=CORNER)
    frame = make_frame(BUILDINGS, rows.reset_index(drop=True).to_dict("records"), CRS)
    plan = Stage.of(frame, GeoidOffset.parse(OFFSET)).plan
    middle = plan.place.to_geocentric(np.array([[*(plan.corner + plan.root.side_m / 2), 100.0]]))
    lon, lat, _ = find_transformer(4978, 4979).transform(*middle.T)
    x, y = find_transformer("EPSG:4326", "EPSG:4548").transform(lon[0], lat[0])
    return float(x) - 500_000, float(y) - 3_940_000


@pytest.fixture(scope="module")
def cross():
    return find_cross()


@pytest.fixture(scope="module")
def service(tmp_path_factory, cross):
    """2,500 houses, and a hall 40 m high whose middle is 35 m east of the cross, and its western end 40 m west."""
    x, y = cross
    hall = house("hall", 500_000 + x - 40, 3_940_000 + y + 30, (150, 10), height_m=40.0, use="culture")
    rows = pd.concat([houses(2_500, corner=CORNER), make_frame(BUILDINGS, [hall], CRS).data])
    with create_store(tmp_path_factory.mktemp("town") / "town.gpkg", crs=CRS) as store:
        store.write(BUILDINGS, Changes(insert=rows), author="zhang", reason="survey")
        with run_server(create_app(Settings(geoid_offset=OFFSET), store, layers.catalog())) as address:
            yield f"{address}/scenes/buildings/tileset.json"


def asked_by(page) -> list[str]:
    names = page.evaluate("JSON.stringify(performance.getEntriesByType('resource').map((each) => each.name))")
    return [name.partition("/scenes/buildings/")[2] for name in json.loads(names) if "/scenes/" in name]


def see(tileset, folder):
    """The picture from a place beside the town, and what was fetched for it."""
    with open_scene(tileset, to_earth(0, 200, 100), 900, folder, -0.5) as (page, _):
        page.evaluate("scene.render()")
        picture = PIL.Image.open(io.BytesIO(page.take_picture())).convert("RGB")
        return np.asarray(picture.crop((0, 0, WIDTH_PX, HEIGHT_PX))).astype(int), asked_by(page)


@pytest.mark.needs("chromium")
def test_the_picture_is_that_of_the_listed_tree(service, tmp_path):
    implied, fetched = see(service, tmp_path / "implied")
    listed, others = see(f"{service}?edition=1.0", tmp_path / "listed")
    PIL.Image.fromarray(implied.astype(np.uint8)).save(tmp_path / "implied.png")
    PIL.Image.fromarray(listed.astype(np.uint8)).save(tmp_path / "listed.png")
    drawn = (listed.min(axis=2) < 250).mean()
    assert drawn > 0.1
    assert (np.abs(implied - listed).max(axis=2) > 8).mean() < 0.001
    assert fetched.count("buildings/0/0/0.subtree") == 1
    assert not any(name.endswith(".subtree") for name in others)
    squares = [{name.partition(".")[0] for name in names if "block" in name} for names in (fetched, others)]
    assert squares[0] == squares[1]


@pytest.mark.needs("chromium")
def test_what_hangs_over_the_edge_of_its_square_is_seen_where_its_square_is_not(service, cross, tmp_path):
    x, y = cross
    with open_scene(service, to_earth(x - 30, y + 35, 140), 12, tmp_path) as (page, pick):
        seen, _ = pick(to_earth(x - 30, y + 35, 140))
        # Where the square of the hall begins is not on the screen.
        edge = page.evaluate(
            f"Cesium.SceneTransforms.worldToWindowCoordinates(scene, at({to_earth(x, y + 35, 140)})).x"
        )
    assert seen["building_id"] == "hall"
    assert edge > WIDTH_PX


@pytest.mark.needs("chromium")
def test_a_moment_and_packing_are_asked_for_of_subtrees_and_squares(service, tmp_path):
    query = "?datetime=2999-12-31T00:00:00Z&compress=meshopt"
    with open_scene(f"{service}{query}", to_earth(0, 0, 100), 300, tmp_path) as (page, pick):
        seen, _ = pick(to_earth(5, 4, 106))
        fetched = [name for name in asked_by(page) if "tileset" not in name]
    assert seen["building_id"].startswith("b")
    assert len(fetched) > 2
    for name in fetched:
        path, _, asked = name.partition("?")
        assert path.endswith((".subtree", ".glb"))
        assert "datetime=2999-12-31T00" in asked
        assert "compress=meshopt" in asked
