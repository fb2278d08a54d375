"""Scenes for other readers: meshes made small by meshopt, and the edition 1.0 of 3D Tiles."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from blocks_meshopt import unpack
from layers.buildings import BUILDINGS
from layers.pipelines import PIPE_SEGMENTS
from scene_files import Glb, judge
from tests_pipe_rows import make_main
from tiles.kernels.meshopt import pack_attributes, pack_sequence
from tiles.scenes.encoding import Encoding
from tiles.scenes.folder import write_scene
from tiles.scenes.source import SceneSource
from twin.errors import SceneNotFound
from twin.frames import Frames
from twin.heights import GeoidOffset
from twin.stores import open_store

GEOID = GeoidOffset(offset_m=-2.95, source="a test")
MESHOPT, OLD = Encoding(compress="meshopt"), Encoding(edition="1.0")


@given(
    data=st.data(),
    count=st.sampled_from([1, 15, 16, 17, 255, 256, 257, 600]),
    stride=st.sampled_from([4, 8, 12, 64]),
    most=st.sampled_from([0, 1, 7, 255]),
)
def test_attributes_are_what_they_were_however_they_change(data, count, stride, most):
    steps = data.draw(arrays(np.uint8, (count, stride), elements=st.integers(0, most)))
    rows = np.cumsum(steps, axis=0).astype(np.uint8)
    told = {"mode": "ATTRIBUTES", "filter": "NONE", "count": count, "byteStride": stride}
    assert unpack(pack_attributes(rows).tobytes(), told) == rows.tobytes()


@given(numbers=st.lists(st.integers(0, 2**31)))
def test_numbers_of_vertices_are_what_they_were(numbers):
    packed = pack_sequence(np.array(numbers, np.int64)).tobytes()
    told = {"mode": "INDICES", "count": len(numbers), "byteStride": 4}
    assert unpack(packed, told) == np.array(numbers, np.uint32).tobytes()


def test_what_does_not_change_takes_two_bits_for_sixteen_bytes():
    """A header, of each block of 256 a byte for 4 groups and no more, and the tail of 32."""
    assert len(pack_attributes(np.full((256, 4), 77, np.uint8))) == 1 + 4 * 256 // 16 // 4 + 32


@pytest.fixture(scope="module")
def source(sample_store):
    with open_store(str(sample_store)) as store:
        yield SceneSource(layers=(PIPE_SEGMENTS, BUILDINGS), frames=Frames(store), geoid=GEOID)


@pytest.fixture(scope="module")
def paths(source):
    """A content of each form."""
    return {path.rsplit("/")[-1]: path for path in source.contents()}.values()


def test_packed_meshes_are_the_same_to_a_millimetre_and_much_smaller(source, paths):
    small = replace(source, encoding=MESHOPT)
    for path in paths:
        one, other = source.part(path).data, small.part(path).data
        plain, packed = Glb.read(one), Glb.read(other)
        assert packed.rows() == plain.rows()
        for part, like in zip(packed.parts(), plain.parts(), strict=True):
            reach = max(np.abs(like[0] - packed.document["nodes"][0]["translation"]).max(), 1.0)
            assert np.abs(part[0] - like[0]).max() < max(0.0006, reach / 2**22)
            assert np.array_equal(part[1], like[1])
            assert np.array_equal(part[2], like[2])
            assert part[3] == like[3]
        bounds = [(accessor["min"], accessor["max"]) for accessor in packed.document["accessors"] if "min" in accessor]
        found = [
            (packed.accessor(at).min(axis=0).tolist(), packed.accessor(at).max(axis=0).tolist())
            for at, accessor in enumerate(packed.document["accessors"])
            if "min" in accessor
        ]
        assert found == bounds
        assert {*packed.document["extensionsRequired"]} == {"EXT_meshopt_compression", "KHR_mesh_quantization"}
        if "close" in path:
            assert len(one) - len(other) > 0.65 * size_of_meshes(plain)


def size_of_meshes(glb: Glb) -> int:
    return sum(view["byteLength"] for view in glb.document["bufferViews"] if "target" in view)


@pytest.mark.needs("node")
def test_the_judge_of_khronos_finds_no_error_in_packed_files(source, paths, tmp_path):
    small = replace(source, encoding=MESHOPT)
    files = [tmp_path / f"{number}.glb" for number, _ in enumerate(paths)]
    for file, path in zip(files, paths, strict=True):
        file.write_bytes(small.part(path).data)
    assert judge(*files) == {str(file): [] for file in files}


def read_b3dm(data: bytes):
    """The glTF, how many features there are, and what they say; by the letter of 3D Tiles 1.0, 10.2."""
    magic, version, length, *sizes = struct.unpack_from("<4s6I", data)
    assert (magic, version, length) == (b"b3dm", 1, len(data))
    assert sizes[1] == sizes[3] == 0
    start = 28 + sizes[0]
    features, table = json.loads(data[28:start]), json.loads(data[start : start + sizes[2]])
    start += sizes[2]
    assert start % 8 == length % 8 == 0
    return data[start:], features["BATCH_LENGTH"], table


@pytest.mark.needs("node")
def test_the_edition_1_0_draws_the_same_and_says_the_same_in_batch_tables(source, paths, tmp_path):
    old, files = replace(source, encoding=OLD), []
    for path in paths:
        inner, count, table = read_b3dm(old.part(path.replace(".glb", ".b3dm")).data)
        files.append(tmp_path / f"{len(files)}.glb")
        files[-1].write_bytes(inner)
        plain, batched = Glb.read(source.part(path).data), Glb.read(inner)
        rows = [{name: table[name][at] for name in table if table[name][at] is not None} for at in range(count)]
        assert rows == plain.rows()
        assert not {"EXT_mesh_features", "EXT_structural_metadata"} & {*batched.document.get("extensionsUsed", [])}
        for part, like in zip(batched.parts("_BATCHID"), plain.parts(), strict=True):
            assert all(np.array_equal(each, other) for each, other in zip(part, like, strict=True))
    assert judge(*files) == {str(file): [] for file in files}


def test_a_folder_of_the_edition_1_0_names_what_it_has(tmp_path):
    make_main(tmp_path / "main.gpkg")
    with open_store(str(tmp_path / "main.gpkg")) as store:
        source = SceneSource(layers=(PIPE_SEGMENTS,), frames=Frames(store), geoid=GEOID, encoding=OLD)
        write_scene(source, tmp_path / "scene")
        with pytest.raises(SceneNotFound):
            source.part("pipe_segments/0/0/0/far.glb")
        tags = [replace(source, encoding=each).etag("tileset.json") for each in (OLD, MESHOPT, Encoding())]
        assert len(set(tags)) == 3
    scene = json.loads((tmp_path / "scene" / "tileset.json").read_text())
    assert scene["asset"] == {"version": "1.0"}
    uri = scene["root"]["children"][0]["content"]["uri"]
    assert uri == "pipe_segments/0/0/0/far.b3dm"
    assert (tmp_path / "scene" / uri).read_bytes()[:4] == b"b3dm"
