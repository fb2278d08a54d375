"""Implicit tiling: bits by hand, and by a reader of the specification the same tree as the one that is listed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from layers.buildings import BUILDINGS
from scene_files import Glb
from scene_subtrees import Subtree, read_tiles
from tests_frames import make_frame
from tiles.scenes import implicit
from tiles.scenes.encoding import Encoding
from tiles.scenes.implicit import interleave, list_subtrees, write_subtree
from tiles.scenes.plan import Cell, Plan
from tiles.scenes.source import SceneSource
from twin.earth import Place
from twin.errors import SceneNotFound
from twin.frames import Frames
from twin.heights import GeoidOffset
from twin.stores import open_store

GEOID = GeoidOffset(offset_m=-2.95, source="a test")
OLD = Encoding(edition="1.0")


def plan_of(addresses):
    """A plan of squares alone, each with a box that tells its address."""

    def grow(address):
        z, x, y = address
        below = [(z + 1, 2 * x + right, 2 * y + up) for up in (0, 1) for right in (0, 1)]
        box = np.array([x, y, z, x + 2, y + 4, z + 6], dtype=float)
        parts = tuple(grow(each) for each in below if each in addresses)
        return Cell(address=address, side_m=8 / 2**z, numbers=np.arange(1), box=box, parts=parts)

    nothing = BUILDINGS.solids(make_frame(BUILDINGS, [], "EPSG:4548").data)
    return Plan(place=Place(lon=0, lat=0), solids=nothing, root=grow((0, 0, 0)))


#: The whole, its quarters south-east and north-west, and of the former the quarter north-east.
ADDRESSES = [(0, 0, 0), (1, 1, 0), (1, 0, 1), (2, 3, 1)]


def test_places_in_a_level_are_those_of_the_specification():
    found = interleave(np.array([0b11, 0b1010, 0b0110]), np.array([0b00, 0b0011, 0b0101]))
    assert found.tolist() == [0b0101, 0b01001110, 0b00110110]


def test_bits_are_those_found_by_hand():
    plan = plan_of(ADDRESSES)
    assert list_subtrees(plan) == [(0, 0, 0)]
    subtree = Subtree.read(write_subtree(plan, (0, 0, 0)))
    # Level 0 has number 0, level 1 numbers 1 to 4 (SW, SE, NW, NE), level 2 begins at 5: x 11, y 01 is 0111 = 7.
    data = subtree.view(0)
    assert data[:2] == bytes([0b00001101, 0b00010000])
    assert not any(data[2:])
    assert len(data) == 10_923  # 87,381 squares in nine levels
    assert subtree.document["tileAvailability"] == {"bitstream": 0, "availableCount": 4}
    assert subtree.document["contentAvailability"] == [{"bitstream": 0, "availableCount": 4}]
    assert subtree.document["childSubtreeAvailability"] == {"constant": 0}
    boxes = subtree.boxes(implicit.SCHEMA)
    # In the order of the bits; half as wide as the boxes are, and a centimetre.
    assert boxes[:, :3].tolist() == [[1, 2, 3], [2, 2, 4], [1, 3, 4], [4, 3, 5]]
    assert boxes[:, 3:] == pytest.approx(np.tile(np.diag([1.01, 2.01, 3.01]).ravel(), (4, 1)), abs=1e-6)


def test_a_tree_that_is_deeper_goes_on_in_further_subtrees(monkeypatch):
    monkeypatch.setattr(implicit, "LEVELS", 2)
    plan = plan_of(ADDRESSES)
    assert list_subtrees(plan) == [(0, 0, 0), (2, 3, 1)]
    above, below = (Subtree.read(write_subtree(plan, address)) for address in list_subtrees(plan))
    assert above.view(0) == bytes([0b00001101])
    assert above.document["childSubtreeAvailability"] == {"bitstream": 2, "availableCount": 1}
    assert above.view(2) == bytes([0b10000000, 0])
    assert below.view(0) == bytes([1])
    assert below.boxes(implicit.SCHEMA)[:, :3].tolist() == [[4, 3, 5]]


@pytest.fixture(scope="module")
def sources(sample_store):
    """The buildings of the sample county in both editions."""
    with open_store(str(sample_store)) as store:
        made = {"layers": (BUILDINGS,), "frames": Frames(store), "geoid": GEOID}
        yield SceneSource(**made), SceneSource(**made, encoding=OLD)


def tiles_of(source):
    scene = json.loads(source.part("tileset.json").data)
    return list(read_tiles(scene, lambda path: source.part(path).data))


@pytest.mark.parametrize("levels", [9, 2, 1])
def test_both_editions_have_the_same_tree_with_the_same_boxes_and_errors(sources, levels, monkeypatch):
    monkeypatch.setattr(implicit, "LEVELS", levels)
    new, old = sources
    assert len(new.subtrees()) == (1 if levels == 9 else sum(cell.address[0] % levels == 0 for cell in cells_of(new)))
    assert old.subtrees() == []
    listed = {tile.uri.removesuffix(".b3dm"): tile for tile in tiles_of(old)}
    implied = {tile.uri.removesuffix(".glb"): tile for tile in tiles_of(new)}
    assert len(implied) > 20
    assert implied.keys() == listed.keys()
    for uri, tile in implied.items():
        same = listed[uri]
        assert tile.box == pytest.approx(same.box, abs=0.02)
        assert tile.transform == pytest.approx(same.transform)
        assert (tile.refine, tile.is_last) == (same.refine, same.is_last)
        # What nothing takes the place of has no error where it is listed; by the rule it cannot be said.
        assert tile.is_last or tile.error_m == same.error_m
    assert {tile.error_m for tile in implied.values()} == {2048 / 2**level for level in range(6)}


def cells_of(source):
    return list(source.stage(BUILDINGS).plan.cells.values())


def test_what_is_drawn_is_in_its_box_and_the_whole_in_the_first_square(sources):
    source, _ = sources
    for tile in tiles_of(source):
        points = np.concatenate([points for points, *_ in Glb.read(source.part(tile.uri).data).parts()])
        assert (np.abs(points - tile.box[:3]) <= tile.box[[3, 7, 11]]).all()
        # Boxes are tight but for what is not shown from far, and that is no wall on the outside of a last square.
        assert not tile.is_last or (np.abs(points - tile.box[:3]).max(axis=0) >= tile.box[[3, 7, 11]] - 0.03).all()
        if tile.uri == "buildings/0/0/0/block.glb":
            assert (np.abs(points - tile.square[:3]) <= tile.square[[3, 7, 11]]).all()


def test_boxes_are_needed_since_buildings_stand_over_edges_of_squares(sources):
    (source, _), over = sources, 0
    for tile in tiles_of(source):
        low, high = tile.box[:2] - tile.box[[3, 7]], tile.box[:2] + tile.box[[3, 7]]
        over += ((low < tile.square[:2] - tile.square[[3, 7]]) | (high > tile.square[:2] + tile.square[[3, 7]])).any()
    assert over > 5


def test_what_the_subtree_says_is_there_is_there_and_nothing_else(sources):
    source, _ = sources
    there = {tile.uri for tile in tiles_of(source)}
    for z in range(7):
        for x in range(2**z):
            for y in range(2**z):
                uri = f"buildings/{z}/{x}/{y}/block.glb"
                if uri in there:
                    assert source.part(uri).data[:4] == b"glTF"
                    continue
                with pytest.raises(SceneNotFound):
                    source.part(uri)
    for path in ("buildings/1/0/0.subtree", "buildings/9/0/0.subtree", "roads/0/0/0.subtree"):
        with pytest.raises(SceneNotFound):
            source.part(path)


def test_the_edition_1_0_has_no_subtree(sources):
    _, old = sources
    scene = json.loads(old.part("tileset.json").data)
    assert "schema" not in scene
    assert "implicitTiling" not in json.dumps(scene)
    with pytest.raises(SceneNotFound):
        old.part("buildings/0/0/0.subtree")
