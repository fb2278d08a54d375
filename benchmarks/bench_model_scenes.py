"""Models as binary glTF: our bytes, and those of ifcopenshell's own writer of glTF, which is that of IfcConvert.

With all properties means the content `whole` of a scene as a client gets it; the peer writes names and GlobalIds only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bench_models
import ifcopenshell
import ifcopenshell.geom
import numpy as np

from bim.georeference.georeference import Georeference
from bim.ifc.reading import read_ifc
from bim.importing import Order, import_model
from bim.model import Model
from bim.placed import Placed, place_model
from bim.rows import kind_of
from tiles.scenes.encoding import Encoding
from tiles.scenes.glb import write_glb
from tiles.scenes.properties import Property
from tiles.scenes.shapes import draw_shapes
from twin.crs import parse_crs
from twin.stores import create_store

DATA = Path(__file__).parents[2] / "shared" / "data" / "ifc"
FILES = (
    "building/AC20-FZK-Haus.ifc",
    "building/LargeBuilding.ifc",
    "building/duplex_georeferenced_ifc2x3.ifc",
    "mep/duplex_electrical.ifc",
    "structure/schependomlaan_V_L_Constructief.ifc",
)
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


def write_whole(path: Path, model: Model, folder: Path) -> bytes:
    """The model as a scene has it from close by, packed: all fields of its elements, with all property sets."""
    with create_store(folder / f"{path.name}.gpkg", crs=bench_models.CRS) as store:
        order = Order(author="benchmark", model_id=path.stem)
        import_model(store, bench_models.CATALOG, path, model, bench_models.place(model), order)
        source = bench_models.scene_of(store, Encoding(compress="meshopt"))
        (name,) = (each for each in source.contents() if each.endswith("/whole.glb"))
        return source.part(name).data


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
    print("kB by us: plain, packed, packed with all properties; by ifcopenshell: with normals, welded without them")
    print("ratio: packed and packed with all properties by with normals")
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
            whole = len(write_whole(DATA / each, model, Path(name)))
            held = "kept" if max(packed, whole) <= LIMIT * normals else "BROKEN"
            sizes = "  ".join(f"{size / 1000:7.0f}" for size in (plain, packed, whole, normals, welded))
            ratios = f"{packed / normals:.2f} {whole / normals:.2f}"
            print(f"{Path(each).name:<32} {sizes}  ratio {ratios} (limit {LIMIT:g}: {held}), {took:.1f} s", flush=True)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
