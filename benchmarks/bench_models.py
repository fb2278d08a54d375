"""Every IFC file of the shared data into a twin, beside the bare iterator of ifcopenshell: the table of docs/bim.md.

The peer opens a file and draws its products, with as many threads, in a process that has loaded it already. A twin
starts a process for that, also reads what products say of themselves, places every vertex, outlines buildings, writes
rows, the file and the shapes, and the model as 3D Tiles. Beside seconds on the clock stand those of all processors,
which a busy machine does not stretch as much. Large files are brought in and drawn several times, in turn, and the
least of each counts, since a machine that others use too is now fast, now slow.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import ifcopenshell
import ifcopenshell.geom
import numpy as np
from support import peak_memory_mb

import layers
from bim.georeference.choosing import Assessment, assess_levels, declare_place
from bim.georeference.declared import Declaration
from bim.ifc.reading import read_ifc
from bim.ifc.supervising import Limits
from bim.importing import Order, import_model
from bim.model import Model
from tiles.scenes.encoding import PLAIN, Encoding
from tiles.scenes.source import TILESET, SceneSource
from twin.crs import parse_crs
from twin.errors import TwinError
from twin.frames import Frames
from twin.heights import GeoidOffset
from twin.store import Store
from twin.stores import create_store

DATA = Path(os.environ.get("TWIN_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")) / "ifc"
CATALOG = layers.catalog()
#: Of what is in many countries.
CRS = parse_crs("EPSG:4326")
SOMEWHERE = Declaration(name="place.toml", longitude_deg=118.4655, latitude_deg=35.5505, height_m=120.0, scale="true")
MODELS, ELEMENTS = CATALOG.layer("building_models"), CATALOG.layer("building_elements")
GEOID = GeoidOffset(offset_m=0.0, source="a benchmark")
LARGE_BYTES, TIMES = 1_000_000, 5


def place(model: Model) -> Assessment:
    """Where the file says that it is; somewhere in the county where it does not."""
    said = assess_levels(model.levels)
    if said.chosen is not None:
        return said
    x, y, z = model.levels.typical_m
    return declare_place(model.levels, replace(SOMEWHERE, anchor_m=(float(x), float(y), float(z))))


class Watch:
    """Seconds on the clock and of all processors, children included."""

    def __init__(self) -> None:
        self._began, self._used = time.perf_counter(), sum(os.times()[:4])

    def stop(self) -> tuple[float, float]:
        """Those since it was made; children count when they have ended."""
        return time.perf_counter() - self._began, sum(os.times()[:4]) - self._used


def draw_alone(path: Path) -> tuple[float, float]:
    """What the bare iterator needs."""
    watch = Watch()
    file = ifcopenshell.open(path)  # the iterator does not hold it
    iterator = ifcopenshell.geom.iterator(ifcopenshell.geom.settings(), file, multiprocessing.cpu_count())
    if iterator.initialize():
        while iterator.next():
            pass
    return watch.stop()


def scene_of(store: Store, encoding: Encoding = PLAIN) -> SceneSource:
    """The models of a store as 3D Tiles."""
    elements = {ELEMENTS.id: ELEMENTS}
    return SceneSource(layers=(MODELS,), frames=Frames(store), geoid=GEOID, elements=elements, encoding=encoding)


def bring_in(folder: Path, path: Path) -> tuple[str, tuple[float, float]]:
    """A row of the table, and what it took."""
    with create_store(folder / f"{path.name}.gpkg", crs=CRS) as store:
        watch = Watch()
        try:
            model = read_ifc(path, limits=Limits(product_s=10))
            where = place(model)
            imported = import_model(store, CATALOG, path, model, where, Order(author="benchmark", model_id=path.name))
        except TwinError as error:
            return f"refused: {error.detail.partition(';')[0]} | | | | | | |", watch.stop()
        source = scene_of(store)
        scene = sum(len(source.part(each).data) for each in (TILESET, *source.contents()))
        took = watch.stop()
    level = where.chosen.level if where.chosen and where.chosen.level else "declared"
    sizes = " | ".join(f"{size / 1000:,.0f}" for size in (path.stat().st_size, imported.kept_bytes, scene))
    return (
        f"{model.source.schema} | {len(imported.added):,} | {level} | {imported.level.level} | {sizes} | {took[0]:.1f}"
    ), took


def draw_in_turn(
    folder: Path, path: Path, took: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The least that the bare iterator and a twin need, of several times each."""
    bare, ours = [draw_alone(path)], [took]
    for number in range(1, TIMES):
        room = folder / str(number)
        room.mkdir(exist_ok=True)
        ours.append(bring_in(room, path)[1])
        bare.append(draw_alone(path))
    return least_of(bare), least_of(ours)


def least_of(times: list[tuple[float, float]]) -> tuple[float, float]:
    """The least on the clock, and of processors."""
    clock, used = zip(*times, strict=True)
    return min(clock), min(used)


def main(words: list[str]) -> None:
    """Print the table, and the ratio to the peer for large files."""
    files = sorted(path for path in DATA.rglob("*.*"))
    wanted = [path for path in files if not words or any(word in path.name for word in words)]
    names = "file, schema, elements, level, CIM, file kB, kept kB, 3D Tiles kB, s, s of the bare iterator, ratio"
    heads = [*names.split(", "), "of processors"]
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    ours, theirs = np.zeros(2), np.zeros(2)
    with TemporaryDirectory() as name:
        for path in wanted:
            row, took = bring_in(Path(name), path)
            beside = " | | "
            if path.suffix == ".ifc" and path.stat().st_size > LARGE_BYTES:
                bare, took = draw_in_turn(Path(name), path, took)
                row = f"{row.rpartition('|')[0]}| {took[0]:.1f}"
                beside = f"{bare[0]:.1f} | {took[0] / bare[0]:.2f} | {took[1] / bare[1]:.2f}"
                ours, theirs = ours + took, theirs + bare
            print(f"| `{path.relative_to(DATA).as_posix()}` | {row} | {beside} |", flush=True)
    if theirs.all():
        wall, used = ours / theirs
        print(f"large files by the bare iterator: {wall:.2f} on the clock, {used:.2f} of processors (limit 1.5)")
    child_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"most memory {peak_memory_mb():.0f} MB, and {child_mb:.0f} MB in the process that draws", end=", ")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
