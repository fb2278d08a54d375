"""QGIS 3.40 draws scenes from above where the layer has its pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

import tests_qgis
from blocks_models import write_model
from layers.building_elements import BUILDING_ELEMENTS
from layers.building_models import BUILDING_MODELS
from layers.buildings import BUILDINGS
from layers.pipelines import PIPE_SEGMENTS
from tests_frames import make_frame
from tests_pipe_rows import CRS, segments
from tests_qgis import BACKPORT, run_in_qgis
from tiles.scenes.encoding import Encoding
from tiles.scenes.folder import write_scene
from tiles.scenes.source import SceneSource
from twin.crs import parse_crs
from twin.frames import Frames
from twin.heights import GeoidOffset
from twin.store import Changes
from twin.stores import create_store

LOOK = Path(tests_qgis.__file__).with_name("scene_in_qgis.py")
PLACES = {"A": (0, 0), "B": (40, 0), "C": (40, 30)}


@pytest.mark.needs("qgis_backport")
def test_pipes_are_drawn_where_they_lie_and_nowhere_else(tmp_path):
    wide = {"diameter_mm": 1000}
    rows = make_frame(PIPE_SEGMENTS, segments(PLACES, A_B=wide, B_C=wide), CRS).data
    with create_store(tmp_path / "pipes.gpkg", crs=CRS) as store:
        store.write(PIPE_SEGMENTS, Changes(insert=rows), author="zhang", reason="survey")
        geoid = GeoidOffset(offset_m=-3, source="a test")
        write_scene(SceneSource(layers=(PIPE_SEGMENTS,), frames=Frames(store), geoid=geoid), tmp_path / "scene")
    asked = {"tileset": str(tmp_path / "scene" / "tileset.json"), "picture": str(tmp_path / "seen.png")}
    asked |= {"crs": "EPSG:4548", "x": 500_020, "y": 3_940_010, "half_m": 40}
    on, off = [(-18, -10), (0, -10), (20, 0), (20, 18)], [(-25, -10), (0, -8), (0, -12), (18, 0), (22, 0), (20, 23)]
    found = run_in_qgis(LOOK, asked | {"places": on + off}, version=BACKPORT)
    assert (found["valid"], found["drawn"]) == (True, [True] * len(on) + [False] * len(off))


@pytest.mark.needs("qgis_backport")
def test_blocks_are_drawn_over_their_outlines_and_courtyards_are_open(tmp_path):
    ring = (
        "(({0} {1} 100, {2} {1} 100, {2} {3} 100, {0} {3} 100, {0} {1} 100), ({4} {5} 100, {4} {7} 100, {6} {7} 100, "
    )
    ring += "{6} {5} 100, {4} {5} 100))"
    at = [500_000, 3_940_000, 500_040, 3_940_030, 500_010, 3_940_010, 500_030, 3_940_020]
    row = {"building_id": "b", "ground_m": 100.0, "height_m": 2.0, "geometry": f"MULTIPOLYGON Z ({ring.format(*at)})"}
    with create_store(tmp_path / "houses.gpkg", crs=CRS) as store:
        rows = make_frame(BUILDINGS, [row], CRS).data
        store.write(BUILDINGS, Changes(insert=rows), author="zhang", reason="survey")
        geoid = GeoidOffset(offset_m=-3, source="a test")
        encoding = Encoding(edition="1.0")  # it does not know implicit tiling
        source = SceneSource(layers=(BUILDINGS,), frames=Frames(store), geoid=geoid, encoding=encoding)
        write_scene(source, tmp_path / "scene")
    asked = {"tileset": str(tmp_path / "scene" / "tileset.json"), "picture": str(tmp_path / "seen.png")}
    asked |= {"crs": "EPSG:4548", "x": 500_020, "y": 3_940_015, "half_m": 40}
    on, off = [(-15, 0), (15, 0), (0, 10), (0, -10), (18, 13)], [(0, 0), (-8, 3), (-25, 0), (0, 20)]
    found = run_in_qgis(LOOK, asked | {"places": on + off}, version=BACKPORT)
    assert (found["valid"], found["drawn"]) == (True, [True] * len(on) + [False] * len(off))


@pytest.mark.needs("qgis_backport")
def test_a_model_is_drawn_from_near_and_its_block_from_far(tmp_path):
    outline = shapely.force_3d(shapely.multipolygons([shapely.box(499_991, 3_939_995, 500_009, 3_940_005)]), z=100)
    hall = {"building_id": "hall", "geometry": outline, "ground_m": 100.0, "height_m": 6.0, "use": "medical"}
    with create_store(tmp_path / "town.gpkg", crs=CRS) as store:
        rows = make_frame(BUILDINGS, [hall], CRS).data
        store.write(BUILDINGS, Changes(insert=rows), author="zhang", reason="survey")
        write_model(store, parse_crs(CRS), (500_000.0, 3_940_000.0, 100.0), "hall")
        geoid = GeoidOffset(offset_m=-3, source="a test")
        source = SceneSource(
            layers=(BUILDINGS, BUILDING_MODELS),
            frames=Frames(store),
            geoid=geoid,
            elements={BUILDING_ELEMENTS.id: BUILDING_ELEMENTS},
            encoding=Encoding(edition="1.0"),
        )
        write_scene(source, tmp_path / "scene")
    asked = {"tileset": str(tmp_path / "scene" / "tileset.json"), "crs": "EPSG:4548", "x": 500_000, "y": 3_940_000}

    def look(picture, half_m, places):
        more = {"picture": str(tmp_path / picture), "half_m": half_m, "places": places}
        return run_in_qgis(LOOK, asked | more, version=BACKPORT)

    # Walls of 20 by 12 m around a roof of 19 by 11: between them one sees the ground. The block is 18 by 10.
    walls, roof, gaps = [(0, 6), (0, -6), (10, 0), (-10, 0)], [(-5.5, -3), (8, 4)], [(0, 5.7), (9.7, 0), (0, 6.5)]
    near = look("near.png", 12, walls + roof + gaps)
    assert (near["valid"], near["drawn"]) == (True, [True] * 6 + [False] * 3)
    far = look("far.png", 1500, [(0, 0), (20, 0)])
    assert (far["valid"], far["drawn"]) == (True, [True, False])
