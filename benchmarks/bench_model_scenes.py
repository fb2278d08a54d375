"""Models as binary glTF: our bytes, and those of ifcopenshell's own writer of glTF, which IfcConvert has too."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ifcopenshell
import ifcopenshell.geom
import numpy as np

from bim.georeference.georeference import Georeference
from bim.ifc.reading import read_ifc
from bim.model import Model
from bim.placed import Placed, place_model
from bim.rows import kind_of
from tiles.scenes.encoding import Encoding
from tiles.scenes.glb import write_glb
from tiles.scenes.properties import Property
from tiles.scenes.shapes import draw_shapes
from twin.crs import parse_crs

DATA = Path(__file__).parents[2] / "shared" / "data" / "ifc"
FILES = ("building/AC20-FZK-Haus.ifc", "building/LargeBuilding.ifc", "mep/duplex_electrical.ifc")
LIMIT = 0.5
CRS = parse_crs("EPSG:4548")
PLACE = Georeference(level=50, crs=CRS, x=632885.385, y=3936656.695, height_m=120.5, axis_deg=30.0)


def write_ours(model: Model, placed: Placed, encoding: Encoding) -> bytes:
    """All elements, each with its GlobalId, class and name."""
    elements = model.elements
    drawn = np.array([kind_of(name) == "element" for name in elements["class"]])
    owners = np.where(drawn[placed.shapes.elements], placed.shapes.elements, -1)
    parts = draw_shapes(placed.shapes, owners, repeat=True)
    table = [_tell(name, elements[name].fillna("").astype(str)) for name in ("global_id", "class", "name")]
    return write_glb(parts, (0, 0, 0), table, len(elements), "elements", encoding)


def _tell(name: str, values: Iterable[str]) -> Property:
    texts = [value.encode() for value in values]
    starts = np.cumsum([0, *map(len, texts)]).astype(np.uint32)
    described = {"type": "STRING"}
    return Property(name=name, described=described, codes=None, values=b"".join(texts), starts=starts.tobytes())


def write_theirs(file: Path, out: Path, *, welded: bool) -> int:
    """The file by ifcopenshell's writer: with normals, as ours has them, or welded and without."""
    geometry: Any = ifcopenshell.geom  # has no types
    model, settings = ifcopenshell.open(str(file)), geometry.settings()
    settings.set("weld-vertices", welded)
    writer = geometry.serializers.gltf(str(out), settings)
    writer.setFile(model)
    writer.setUnitNameAndMagnitude("METER", 1.0)
    writer.writeHeader()
    iterator = geometry.iterator(settings, model, 2)
    goes_on = iterator.initialize()
    while goes_on:
        writer.write(iterator.get())
        goes_on = iterator.next()
    writer.finalize()
    return out.stat().st_size


def main() -> None:
    """Print bytes and ratios of each file."""
    print("kB: plain and packed by us; with normals and welded without them by ifcopenshell; packed by with normals")
    with TemporaryDirectory() as name:
        for each in FILES:
            model = read_ifc(DATA / each)
            placed = place_model(model, PLACE, CRS, tuple(model.elements["element_id"]))
            started = time.perf_counter()
            plain, packed = (len(write_ours(model, placed, way)) for way in (Encoding(), Encoding(compress="meshopt")))
            took = time.perf_counter() - started
            normals, welded = (
                write_theirs(DATA / each, Path(name) / f"{way}.glb", welded=way) for way in (False, True)
            )
            held = "kept" if packed <= LIMIT * normals else "BROKEN"
            sizes = "  ".join(f"{size / 1000:7.0f}" for size in (plain, packed, normals, welded))
            print(
                f"{Path(each).name:<24} {sizes}  ratio {packed / normals:.2f} (limit {LIMIT:g}: {held}), {took:.1f} s"
            )
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
