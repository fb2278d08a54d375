"""Volumes: what was written comes back, mapped, or nothing does."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numba
import numpy as np
import pytest

from tiles.volume import Volume, open_volume, read_title, write_volume

ARRAYS = {
    "whole": np.arange(1000),
    "none": np.empty((0, 2)),
    "flags": np.array([True, False, True]),
    "places": np.arange(6.0).reshape(3, 2),
    "bytes": np.frombuffer(b"\x00\xff", dtype=np.uint8).copy(),
}
TITLE = {"name": "一", "number": 3, "broken": ["a", "b"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_volume(tmp_path / "one", Volume(title=TITLE, arrays=ARRAYS))
    return tmp_path / "one"


def test_arrays_and_title_come_back_as_they_were(path):
    volume = open_volume(path)
    assert volume.title == TITLE
    assert read_title(path) == TITLE
    assert list(volume.arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert volume.arrays[name].dtype == array.dtype
        assert np.array_equal(volume.arrays[name], array)


def test_kernels_take_them_for_what_they_take_others_for(path):
    # Another type would have every kernel compiled once more.
    assert {name: numba.typeof(array) for name, array in open_volume(path).arrays.items()} == {
        name: numba.typeof(array) for name, array in ARRAYS.items()
    }


def test_writing_to_them_changes_no_file(path):
    before = path.read_bytes()
    open_volume(path).arrays["whole"][:] = 7
    assert path.read_bytes() == before
    assert open_volume(path).arrays["whole"][999] == 999


def test_who_has_a_volume_open_keeps_it_when_another_takes_its_place(path):
    old = open_volume(path)
    write_volume(path, Volume(title={}, arrays={"whole": np.zeros(5, dtype=np.int64)}))
    assert old.arrays["whole"].sum() == 499_500
    assert open_volume(path).arrays["whole"].tolist() == [0] * 5
    path.unlink()
    assert old.arrays["places"].tolist() == [[0, 1], [2, 3], [4, 5]]


def test_a_volume_is_for_its_user_alone(path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o620)  # somebody else may have written to it
    assert open_volume(path) is None


def test_a_torn_volume_is_none(path):
    whole = path.read_bytes()
    for size in [*range(0, 400, 7), len(whole) // 2, len(whole) - 64, len(whole) - 1]:
        path.write_bytes(whole[:size])
        assert open_volume(path) is None
    path.write_bytes(whole + bytes(64))
    assert open_volume(path) is None


def test_a_volume_of_which_one_bit_is_wrong_is_none(path):
    whole = path.read_bytes()
    for place in [*range(0, 600, 11), *range(600, len(whole), 997)]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert open_volume(path) is None, place


@pytest.mark.parametrize("data", [b"SQLite format 3\x00" + bytes(1000), b"{}", bytes(5000), os.urandom(5000)])
def test_a_file_of_another_kind_is_none(data, path):
    path.write_bytes(data)
    assert open_volume(path) is None
    assert read_title(path) is None


def test_what_is_not_there_is_none(tmp_path):
    assert open_volume(tmp_path / "nothing") is None
    assert open_volume(tmp_path) is None
    assert read_title(tmp_path / "nothing") is None


@pytest.mark.needs("mount")
def test_a_full_disk_keeps_what_was_there_and_no_draft(small_disk):
    write_volume(small_disk / "one", Volume(title=TITLE, arrays=ARRAYS))
    with pytest.raises(OSError, match="No space"):
        write_volume(small_disk / "one", Volume(title={}, arrays={"large": np.zeros(2_000_000)}))
    assert [path.name for path in small_disk.iterdir()] == ["one"]
    assert open_volume(small_disk / "one").title == TITLE
