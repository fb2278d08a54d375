"""Two models of one building, a pipe below it and a neighbour, as boxes worked out by hand."""

from __future__ import annotations

import hashlib

import numpy as np
import shapely
from ifcopenshell import guid

from bim.model import Shapes
from bim.packing import pack_placed
from bim.placed import Placed
from clash_bodies import box
from layers import catalog
from tests_frames import make_frame
from twin.crs import parse_crs, reproject
from twin.store import Changes, Write
from twin.stores import create_store

#: On the central meridian of EPSG:4549, low: metres of the grid are true ones there, and north is north.
E, N, Z = 500_000.0, 3_930_000.0, 1.0

#: Model, name, class, what it is part of, and its corners in metres from the place above.
PIECES = [
    ("arch", "wall", "IfcWallStandardCase", None, ((0, 0, 0), (10, 0.2, 3))),
    ("arch", "void", "IfcOpeningElement", "wall", None),
    ("arch", "door", "IfcDoor", "void", ((2, 0, 0), (3, 0.2, 2))),
    ("arch", "column", "IfcColumn", None, ((5, -0.1, 0), (5.4, 0.3, 3))),
    ("arch", "slab", "IfcSlab", None, ((0, 0, -0.2), (10, 8, 0))),
    ("arch", "bar", "IfcReinforcingBar", None, ((1, 1, -0.12), (9, 1.02, -0.1))),
    ("arch", "stair", "IfcStair", None, None),
    ("arch", "flight", "IfcStairFlight", "stair", ((7, 3, 0), (8, 5, 2))),
    ("arch", "landing", "IfcSlab", "stair", ((7, 4.9, 1.8), (8, 6, 2))),
    ("arch", "lamp", "IfcLamp", None, ((5.43, 0.3, 1), (5.6, 0.5, 1.2))),
    ("mep", "duct", "IfcDuctSegment", None, ((4, -1, 2), (4.1, 5, 2.1))),
]
#: Where the second model says that its own place is.
SHIFT = (3.0, 0.0, 1.0)

PIPE = {"segment_id": "p", "from_node": "P1", "to_node": "P2", "class": "JS", "diameter_mm": 200,
        "depth_ref": "outer_top", "from_depth_m": 0.15, "to_depth_m": 0.15,
        "geometry": shapely.LineString([(E - 5, N + 4, Z - 0.25), (E + 15, N + 4, Z - 0.25)])}  # fmt: skip
BUILDINGS = [
    {"building_id": "own", "ground_m": Z, "height_m": 3.0, "foundation_depth_m": 1.0,
     "geometry": shapely.force_3d(shapely.MultiPolygon([shapely.box(E, N, E + 10, N + 8)]))},
    {"building_id": "next", "name": "邻楼", "ground_m": Z, "height_m": 6.0, "foundation_depth_m": 2.0,
     "geometry": shapely.force_3d(shapely.MultiPolygon([shapely.box(E + 9.9, N, E + 20, N + 8)]))},
]  # fmt: skip

#: What shares room by more than 10 mm: how thick that is, and its volume (of the pipe nobody worked that out).
FOUND = {
    ("arch.column", "arch.wall"): (-0.2, 0.4 * 0.2 * 3),
    ("arch.wall", "mep.duct"): (-0.1, 0.1 * 0.2 * 0.1),
    ("arch.slab", "p"): (-0.05, None),
    ("arch.slab", "next"): (-0.1, 0.1 * 8 * 0.2),
    ("arch.wall", "next"): (-0.1, 0.1 * 0.2 * 3),
}


def global_id(number):
    """A GlobalId by number."""
    return guid.compress(f"{number:032x}")


def make_placed(origin, pieces, *, shift=(0.0, 0.0, 0.0)):
    """Boxes by key as the shapes of a model, with coordinates counted from a shifted place."""
    drawn = [(key, corners) for key, corners in pieces if corners is not None]
    meshes = [box(*(np.subtract(corner, shift) for corner in corners)) for _, corners in drawn]
    count = len(meshes)
    shapes = Shapes(
        vertices=np.concatenate([points for points, _ in meshes]),
        triangles=np.concatenate([triangles for _, triangles in meshes]).astype(np.int32),
        surfaces=np.zeros(12 * count, np.int32),
        vertex_offsets=np.arange(count + 1) * 8,
        triangle_offsets=np.arange(count + 1) * 12,
        looks=np.array([(0.8, 0.8, 0.8, 1.0)]),
        look_names=("plaster",),
        elements=np.arange(count, dtype=np.int32),
        meshes=np.arange(count, dtype=np.int32),
        transforms=np.tile(np.eye(4), (count, 1, 1)),
    )
    return Placed(origin=origin, shapes=shapes, element_ids=tuple(key for key, _ in drawn))


def model_writes(model_id, building_id, placed, elements, outline, crs):
    """What puts a model into a store, and the bytes that it keeps."""
    data = pack_placed(placed)
    digest = hashlib.sha256(data).hexdigest()
    row = {"model_id": model_id, "building_id": building_id, "placed": digest, "geometry": outline}
    layers = catalog()
    writes = [
        Write(layer=layers.layer(name), changes=Changes(insert=make_frame(layers.layer(name), rows, crs).data))
        for name, rows in (("building_models", [row]), ("building_elements", elements))
    ]
    return writes, data


def make_store(path, crs="EPSG:4549"):
    """The store; in another CRS everything stands at the same place."""
    found = catalog()
    with create_store(path, crs=parse_crs(crs)) as store:
        for name, rows in (("pipe_segments", [PIPE]), ("buildings", BUILDINGS)):
            data = make_frame(found.layer(name), rows, "EPSG:4549").data
            moved = data.set_geometry(reproject(data.geometry.to_numpy(), data.crs, store.crs), crs=store.crs)
            store.write(found.layer(name), Changes(insert=moved), author="zhang", reason="survey")
        for model_id, shift in (("arch", (0.0, 0.0, 0.0)), ("mep", SHIFT)):
            write_model(store, model_id, shift)
    return path


def write_model(store, model_id, shift):
    """Write one of both models."""
    own = [piece for piece in PIECES if piece[0] == model_id]
    at = np.add((E, N, Z), shift)
    (point,) = reproject(np.array([shapely.Point(at)]), parse_crs("EPSG:4549"), store.crs)
    outline = shapely.force_3d(shapely.MultiPolygon([shapely.box(E, N - 1, E + 10, N + 8)]), Z)
    (outline,) = reproject(np.array([outline]), parse_crs("EPSG:4549"), store.crs)
    elements = [
        {
            "element_id": f"{model_id}.{name}",
            "model_id": model_id,
            "building_id": "own",
            "global_id": global_id(100 * (model_id == "mep") + number),
            "parent_id": parent and f"{model_id}.{parent}",
            "kind": "opening" if name == "void" else "element",
            "class": kind,
            "name": f"{name} 1",
            "storey": "1F",
            "geometry": None,
        }
        for number, (_, name, kind, parent, _) in enumerate(own, start=1)
    ]
    pieces = [(f"{model_id}.{name}", corners) for _, name, _, _, corners in own]
    placed = make_placed((point.x, point.y, at[2]), pieces, shift=shift)
    writes, data = model_writes(model_id, "own", placed, elements, outline, store.crs)
    store.write_together(writes, author="zhang", reason="a model", keep=[data])
