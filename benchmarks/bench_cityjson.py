"""City models of many buildings into a twin, beside cjio, which only reads them: seconds of a core, each in one run.

cjio takes documents, so that it gets its own document of the same buildings; a twin reads the sequence, compares,
outlines and writes rows. `make bench ARGS=cityjson`; `python benchmarks/bench_cityjson.py 10000 100000` for others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from support import peak_memory_mb

import layers
from bim.cityjson.features import Feature
from bim.cityjson.reading import read_cityjson
from bim.cityjson.writing import head_of, write_document, write_sequence
from bim.georeference.choosing import assess_levels
from bim.importing import Order, import_model
from twin.crs import BBox, parse_crs
from twin.stores import create_store

CRS = parse_crs("EPSG:4548")
WEST, SOUTH = 632_000.0, 3_936_000.0
COUNTS = (2_000, 10_000)
_CJIO = """
import sys, time
from cjio import cityjson
began = time.process_time()
with open(sys.argv[1], encoding="utf-8") as file:
    read = cityjson.reader(file)
print(time.process_time() - began, len(read.j["CityObjects"]))
"""
_FACES = [[[3, 2, 1, 0]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]
_MEANING = {
    "surfaces": [{"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}],
    "values": [[0, 1, 2, 2, 2, 2]],
}


def make_features(count: int) -> Iterator[Feature]:
    """Boxes of 10 m by 6 m in rows of 400, of one to nine floors."""
    for number in range(count):
        x, y, floors = WEST + number % 400 * 20, SOUTH + number // 400 * 20, 1 + number % 9
        corners = np.array([(0, 0), (10, 0), (10, 6), (0, 6)], dtype=float) + np.array([x, y])
        vertices = np.concatenate([np.column_stack((corners, np.full(4, z))) for z in (100.0, 100.0 + 3 * floors)])
        solid: dict[str, Any] = {"type": "Solid", "lod": "2.2", "boundaries": [_FACES], "semantics": _MEANING}
        said = {"type": "Building", "attributes": {"storeysAboveGround": floors}, "geometry": [solid]}
        yield Feature(objects={f"b{number}": said}, vertices=vertices)


def run(count: int, folder: Path) -> str:
    """A row of the table."""
    head = head_of(CRS, around=BBox(WEST, SOUTH, WEST, SOUTH), title="boxes")
    sequence, document = folder / f"{count}.city.jsonl", folder / f"{count}.city.json"
    sequence.write_bytes(b"".join(write_sequence(head, make_features(count))))
    document.write_bytes(b"".join(write_document(head, make_features(count))))
    # In a process of its own: importing it changes how the json module of its process writes numbers.
    theirs = subprocess.run([sys.executable, "-c", _CJIO, document], check=True, capture_output=True, text=True)
    cjio_s, read = map(float, theirs.stdout.split())
    assert read == count
    began = time.process_time()
    model = read_cityjson(sequence)
    read_s = time.process_time() - began
    began = time.process_time()
    with create_store(str(folder / f"{count}.gpkg"), crs=CRS) as store:
        done = import_model(
            store, layers.catalog(), sequence, model, assess_levels(model.levels), Order(author="benchmark")
        )
    import_s = time.process_time() - began
    assert len(done.buildings) == count
    each_ms = 1000 * (read_s + import_s) / count
    return (
        f"{count:>8,} {cjio_s:8.2f} {read_s:8.2f} {import_s:8.2f} {each_ms:10.2f} {(read_s + import_s) / cjio_s:8.0f}"
        f" {peak_memory_mb():9.0f}"
    )


def main(words: list[str]) -> None:
    """Print the table."""
    print(f"{'':>8} {'cjio s':>8} {'read s':>8} {'import s':>8} {'ms each':>10} {'ratio':>8} {'peak MB':>9}")
    with TemporaryDirectory() as name:
        for count in [int(word) for word in words] or COUNTS:
            print(run(count, Path(name)), flush=True)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
