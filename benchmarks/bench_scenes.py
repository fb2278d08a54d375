"""150,000 pipe segments as 3D Tiles, and the same tubes by trimesh, segment by segment, as one would write it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from bench_clearance import make_segments
from peers import install
from support import CRS, peak_memory_mb, print_ratio

from layers.pipelines import PIPE_SEGMENTS
from tiles.scenes.folder import write_scene
from tiles.scenes.forms import CLOSE
from tiles.scenes.source import SceneSource
from tiles.scenes.stage import Stage
from twin.frame import Frame
from twin.frames import Frames
from twin.heights import GeoidOffset
from twin.rows import Rows
from twin.store import Changes
from twin.stores import create_store

COUNT, FEW, LIMIT_S = 150_000, 5_000, 60
GEOID = GeoidOffset(offset_m=-2.95, source="a benchmark")
#: Runs where trimesh is: reads axes and radii, writes a file of tubes for every 2,000.
PEER = """
import sys, time
import numpy as np, trimesh
axes, radius = np.load(sys.argv[1]), np.load(sys.argv[2])
start = time.perf_counter()
for first in range(0, len(axes), 2000):
    tubes = [
        trimesh.creation.cylinder(radius=r, segment=line, sections=12)
        for line, r in zip(axes[first : first + 2000], radius[first : first + 2000])
    ]
    whole = trimesh.util.concatenate(tubes)
    whole.vertex_normals
    open(f"{sys.argv[3]}/{first}.glb", "wb").write(whole.export(file_type="glb"))
print(time.perf_counter() - start)
"""


def time_peer(python: Path, folder: Path) -> float:
    command = [str(python), "-c", PEER, str(folder / "axes.npy"), str(folder / "radius.npy"), str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def time_ours(frame: Frame) -> float:
    """The closest form of all tiles, attributes included."""
    start = time.perf_counter()
    stage = Stage.of(Frame(layer=frame.layer, rows=frame.rows, revision=1), GEOID)
    for cell in stage.plan.cells.values():
        if not cell.parts:
            stage.draw(cell, CLOSE)
    return time.perf_counter() - start


def compare(segments, folder: Path) -> None:
    """Time both ways in turn on some of the segments."""
    python = install(folder, "trimesh", ("trimesh==5.2.0", "scipy"))
    some = Frame(layer=PIPE_SEGMENTS, rows=Rows(data=segments.iloc[:FEW], fid=np.arange(FEW)), revision=1)
    solids = PIPE_SEGMENTS.solids(some.data)
    np.save(folder / "axes.npy", (solids.axes - solids.axes[0]).reshape(-1, 2, 3))
    np.save(folder / "radius.npy", solids.width_m / 2)
    pairs = [(time_ours(some), time_peer(python, folder)) for _ in range(3)]
    ours, theirs = np.median(pairs, axis=0)
    print_ratio(f"{FEW:,} segments, closest form", ours, theirs, peer="trimesh, without attributes")
    print(f"  trimesh writes {sum(file.stat().st_size for file in folder.glob('*.glb')) / 1e6:.1f} MB")


def main() -> None:
    """Print the time and the size of a whole scene, and the ratio to the peer."""
    segments = (
        make_segments(COUNT)
        .assign(status="in_service", owner="示例供水公司", material="PE")
        .set_index("segment_id", drop=False)
    )
    with TemporaryDirectory() as name, create_store(Path(name) / "pipes.gpkg", crs=CRS) as store:
        store.write(PIPE_SEGMENTS, Changes(insert=segments), author="benchmark", reason="benchmark")
        frames = Frames(store)
        frames.get(PIPE_SEGMENTS).data  # noqa: B018 rows are read here
        source = SceneSource(layers=(PIPE_SEGMENTS,), frames=frames, geoid=GEOID)
        report = write_scene(source, Path(name) / "scene")
        held = "kept" if report.seconds < LIMIT_S else "BROKEN"
        print(f"{COUNT:,} segments to {report.files:,} files: {report.seconds:.1f} s (limit {LIMIT_S}: {held})")
        print(f"  {report.bytes / 1e6:.0f} MB: " + ", ".join(f"{k} {v / 1e6:.0f}" for k, v in report.forms.items()))
        print(f"  most memory {peak_memory_mb():.0f} MB, load of the machine {os.getloadavg()[0]:.1f}")
        compare(segments, Path(name))


if __name__ == "__main__":
    sys.exit(main())
