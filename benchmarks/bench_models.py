"""Every IFC file of the shared data into a twin, beside the bare iterator of ifcopenshell: the table of docs/bim.md.

The peer opens a file and draws its products, with as many threads; a twin also reads what they say of themselves,
places every vertex, outlines buildings, and writes rows, the file and the shapes.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import ifcopenshell
import ifcopenshell.geom
from support import peak_memory_mb

import layers
from bim.georeference.choosing import Assessment, assess_levels, declare_place
from bim.georeference.declared import Declaration
from bim.ifc.reading import read_ifc
from bim.ifc.supervising import Limits
from bim.importing import Order, import_model
from bim.model import Model
from twin.crs import parse_crs
from twin.errors import TwinError
from twin.store import Store
from twin.stores import create_store

DATA = Path(os.environ.get("TWIN_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")) / "ifc"
CATALOG = layers.catalog()
#: Of what is in many countries.
CRS = parse_crs("EPSG:4326")
SOMEWHERE = Declaration(name="place.toml", longitude_deg=118.4655, latitude_deg=35.5505, height_m=120.0, scale="true")
LARGE_BYTES = 1_000_000


def place(model: Model) -> Assessment:
    """Where the file says that it is; somewhere in the county where it does not."""
    said = assess_levels(model.levels)
    if said.chosen is not None:
        return said
    x, y, z = model.levels.typical_m
    return declare_place(model.levels, replace(SOMEWHERE, anchor_m=(float(x), float(y), float(z))))


def draw_alone(path: Path) -> float:
    """Seconds that the bare iterator needs."""
    began = time.perf_counter()
    file = ifcopenshell.open(path)  # the iterator does not hold it
    iterator = ifcopenshell.geom.iterator(ifcopenshell.geom.settings(), file, multiprocessing.cpu_count())
    if iterator.initialize():
        while iterator.next():
            pass
    return time.perf_counter() - began


def bring_in(store: Store, path: Path) -> str:
    """A row of the table."""
    began = time.perf_counter()
    try:
        model = read_ifc(path, limits=Limits(product_s=10))
        where = place(model)
        imported = import_model(store, CATALOG, path, model, where, Order(author="benchmark", model_id=path.name))
    except TwinError as error:
        return f"refused: {error.detail.partition(';')[0]} | | | | | | |"
    seconds = time.perf_counter() - began
    level = where.chosen.level if where.chosen and where.chosen.level else "declared"
    size = f"{path.stat().st_size / 1000:,.0f} | {imported.kept_bytes / 1000:,.0f}"
    return (
        f"{model.source.schema} | {len(imported.added):,} | {level} | {imported.level.level} | {size} | {seconds:.1f}"
    )


def main(words: list[str]) -> None:
    """Print the table, and the ratio to the peer for large files."""
    files = sorted(path for path in DATA.rglob("*.*") if "bsi_rules" not in path.parts)
    wanted = [path for path in files if not words or any(word in path.name for word in words)]
    print(
        "| file | schema | elements | level | CIM | file kB | kept kB | s | s of the bare iterator |\n"
        + "|---" * 9
        + "|"
    )
    with TemporaryDirectory() as folder, create_store(Path(folder, "models.gpkg"), crs=CRS) as store:
        for path in wanted:
            row = bring_in(store, path)
            large = path.suffix == ".ifc" and path.stat().st_size > LARGE_BYTES
            theirs = f"{draw_alone(path):.1f}" if large else ""
            print(f"| `{path.relative_to(DATA).as_posix()}` | {row} | {theirs} |", flush=True)
    print(f"most memory {peak_memory_mb():.0f} MB, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
