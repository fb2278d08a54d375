"""`twin scene`: what people and programs are told."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests_pipe_rows import make_main
from twin.cli import main_group
from twin.errors import GeoidOffsetMissing, InvalidParameter, LayerNotFound

OFFSET = {"TWIN_GEOID_OFFSET": "-2.95 m, a test"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Five segments of a main, none with a diameter, and a valve well of unknown depth."""
    return make_main(tmp_path_factory.mktemp("store") / "main.gpkg")


def scene(store, *words, env=OFFSET):
    return CliRunner().invoke(main_group, ["--store", str(store), "scene", *map(str, words)], env=env)


def test_people_are_told_what_is_drawn_what_is_not_and_with_which_heights(store, tmp_path):
    done = scene(store, tmp_path / "scene")
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "pipe_segments 5 5 5: section unknown, 0.1 m wide" in lines
    assert "pipe_nodes 6 0 5: no well; 1: depth of the well or height of its cover unknown" in lines
    assert lines[-1] == "heights above the ellipsoid = 1985 heights -2.95 m (a test)"
    assert lines[-2].startswith(f"wrote {tmp_path / 'scene'}: 4 files, 0.0 MB")


def test_a_program_is_told_the_same(store, tmp_path):
    report = json.loads(scene(store, tmp_path / "scene", "pipe_segments", "--json").stdout)
    assert report["files"] == 4
    assert report["bytes"] == sum(file.stat().st_size for file in (tmp_path / "scene").rglob("*.*"))
    assert report["forms"].keys() == {"pipe_segments far", "pipe_segments near", "pipe_segments close"}
    assert report["described"]["layers"]["pipe_segments"] == {
        "revision": 2,
        "features": 5,
        "drawn": 5,
        "left_out": {},
        "assumed": {"section unknown, 0.1 m wide": 5},
    }


def test_a_moment_before_anything_was_there_has_nothing_to_draw(store, tmp_path):
    done = scene(store, tmp_path / "scene", "--as-of", "2020-01-01")
    assert isinstance(done.exception, InvalidParameter)
    assert not (tmp_path / "scene").exists()


def test_without_an_offset_nothing_is_written(store, tmp_path):
    done = scene(store, tmp_path / "scene", env={})
    assert isinstance(done.exception, GeoidOffsetMissing)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("layer", "error"), [("pipe_segment", LayerNotFound), ("roads", InvalidParameter)], ids=["misspelt", "flat"]
)
def test_a_layer_that_is_not_there_or_is_flat_is_refused(store, tmp_path, layer, error):
    assert isinstance(scene(store, tmp_path / "scene", layer).exception, error)
