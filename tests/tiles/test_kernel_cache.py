"""Compiled kernels on disk: found again by the next process, and no matter what happens to them, kernels work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

#: A small kernel, its result, and how many signatures it found compiled.
SCRIPT = """
import numpy as np
from tiles.kernels.index import leaf_bounds

print(leaf_bounds(np.array([[1.0, 2.0, 3.0, 4.0], [0.0, 5.0, 1.0, 9.0]])).tolist(), end=" ")
print("found" if leaf_bounds.stats.cache_hits else "compiled")
"""
RESULT = "[[0.0, 2.0, 3.0, 9.0], [0.0, 2.0, 3.0, 9.0]]"  # a leaf, and the branch that holds it


#: A kernel that is compiled for whole numbers or for others, in the order given.
TWO_KINDS = """
import sys
from tiles.kernels.clip import outside

for kind in sys.argv[1]:
    print(outside(-1, 9, 0, 5) if kind == "w" else outside(-0.25, 5.25, -0.125, 5.125))
"""


def start(*before: str, script: str = SCRIPT, given: str = "", **environment: str) -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    command = [*before, sys.executable, "-c", script, given]
    return subprocess.Popen(command, env=kept | environment, stdout=subprocess.PIPE, text=True)


def run(*before: str, script: str = SCRIPT, given: str = "", **environment: str) -> str:
    process = start(*before, script=script, given=given, **environment)
    said, _ = process.communicate()
    assert process.returncode == 0
    return said.strip()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a process has compiled the small kernel."""
    folder = tmp_path_factory.mktemp("cache")
    assert run(XDG_CACHE_HOME=str(folder)) == f"{RESULT} compiled"
    return folder


def test_the_next_process_finds_what_was_compiled(cache: Path, tmp_path: Path) -> None:
    assert run(XDG_CACHE_HOME=str(cache)) == f"{RESULT} found"
    assert [path.name for path in cache.iterdir()] == ["county-twin"]
    assert run(HOME=str(tmp_path)) == f"{RESULT} compiled"
    assert (tmp_path / ".cache" / "county-twin").is_dir()


@pytest.mark.parametrize(("kind", "size"), [("nbi", 0), ("nbi", 700), ("nbc", 9_000)])
def test_a_torn_file_is_replaced(kind: str, size: int, cache: Path, tmp_path: Path) -> None:
    # As a loss of power leaves them.
    torn = shutil.copytree(cache, tmp_path / "cache")
    (file,) = torn.rglob(f"*.{kind}")
    os.truncate(file, size)
    assert run(XDG_CACHE_HOME=str(torn)) == f"{RESULT} compiled"
    assert run(XDG_CACHE_HOME=str(torn)) == f"{RESULT} found"


def test_code_for_other_types_is_not_taken(tmp_path: Path) -> None:
    # Two processes that compile at once number their files alike, and the last one wins. West and south: 1 + 8.
    assert run(script=TWO_KINDS, given="wo", XDG_CACHE_HOME=str(tmp_path)).split() == ["9", "9"]
    whole, others = sorted(tmp_path.rglob("*.nbc"))
    others.write_bytes(whole.read_bytes())
    assert run(script=TWO_KINDS, given="o", XDG_CACHE_HOME=str(tmp_path)) == "9"


def test_where_nothing_can_be_written_kernels_are_compiled_every_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run(XDG_CACHE_HOME=str(tmp_path / "file")) == f"{RESULT} compiled"
    assert run(XDG_CACHE_HOME="/proc/nowhere") == f"{RESULT} compiled"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_user_without_a_home_or_rights_compiles_every_time(tmp_path: Path) -> None:
    stranger = ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    assert run(*stranger, HOME=str(locked)) == f"{RESULT} compiled"
    assert run(*stranger) == f"{RESULT} compiled"


@pytest.mark.parametrize("room", [0, 28_000], ids=["for nothing", "for the index and not for the code"])
def test_a_full_disk_costs_only_time(room: int, small_disk: Path) -> None:
    (small_disk / "county-twin").mkdir()
    free = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(bytes(free.f_bavail * free.f_frsize - room))
    for _ in range(2):
        assert run(XDG_CACHE_HOME=str(small_disk)) == f"{RESULT} compiled"


def test_processes_that_compile_at_once_do_not_break_each_other(tmp_path: Path) -> None:
    processes = [start(XDG_CACHE_HOME=str(tmp_path)) for _ in range(4)]
    assert {process.communicate()[0].split("]] ")[0] + "]]" for process in processes} == {RESULT}
    assert all(process.returncode == 0 for process in processes)
    assert run(XDG_CACHE_HOME=str(tmp_path)) == f"{RESULT} found"
