"""A model of known size in a store: a hall of four walls with a roof of glass, 60 balls on poles, and an opening."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import shapely

from bim.model import Shapes
from bim.packing import pack_placed
from bim.placed import Placed
from layers.building_elements import BUILDING_ELEMENTS
from layers.building_models import BUILDING_MODELS
from layers.buildings import BUILDINGS
from tests_frames import make_frame
from twin.catalog import Catalog
from twin.crs import CRS
from twin.store import Changes, Store, Write

BOX = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
SIDES = np.array([(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6)])
SIDES = np.concatenate([SIDES, [(1, 5, 7), (1, 7, 3), (0, 2, 6), (0, 6, 4)]])
BALLS = 60
#: A place in the town of the API's tests.
TOWN = (500_000.0, 3_900_000.0, 90.0)
#: Name, class, kind, middle and size; metres from the place of the model, 20 by 12 by 6.
PIECES = [
    ("south", "IfcWall", "element", (0, -6, 3), (20, 0.2, 6)),
    ("north", "IfcWall", "element", (0, 6, 3), (20, 0.2, 6)),
    ("east", "IfcWall", "element", (10, 0, 3), (0.2, 12, 6)),
    ("west", "IfcWall", "element", (-10, 0, 3), (0.2, 12, 6)),
    ("glass", "IfcRoof", "element", (0, 0, 6), (19, 11, 0.1)),
    ("door", "IfcOpeningElement", "opening", (0, -6, 1), (2, 0.4, 30)),
    *((f"ball{at:02}", "IfcFurniture", "element", (at % 10 - 5, at // 10, 1), (0.5, 0.5, 0.5)) for at in range(BALLS)),
]


def turned(angle_deg: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return np.array([(cos, -sin, 0), (sin, cos, 0), (0, 0, 1)])


def make_placed(origin: tuple[float, float, float], model_id: str = "hall") -> Placed:
    """The model at a place; balls are one mesh, each turned by a degree more than the one before."""
    solid = [piece for piece in PIECES if not piece[0].startswith("ball")]
    transforms = np.tile(np.eye(4), (len(PIECES), 1, 1))
    for at, (name, _, _, middle, _) in enumerate(PIECES):
        transforms[at, :3, 3] = middle
        if name.startswith("ball"):
            transforms[at, :3, :3] = turned(at)
    meshes = len(solid) + 1
    sizes = [size for *_, size in solid] + [PIECES[-1][-1]]
    shapes = Shapes(
        vertices=np.concatenate([BOX * size for size in sizes]),
        triangles=np.tile(SIDES, (meshes, 1)).astype(np.int32),
        surfaces=np.repeat([0] * 4 + [1, 0, 2], len(SIDES)).astype(np.int32),
        vertex_offsets=np.arange(meshes + 1) * len(BOX),
        triangle_offsets=np.arange(meshes + 1) * len(SIDES),
        looks=np.array([(0.8, 0.8, 0.8, 1.0), (0.2, 0.4, 1.0, 0.4), (0.0, 0.6, 0.0, 1.0)]),
        look_names=("plaster", "glass", "green"),
        elements=np.arange(len(PIECES), dtype=np.int32),
        meshes=np.minimum(np.arange(len(PIECES)), meshes - 1).astype(np.int32),
        transforms=transforms,
    )
    return Placed(origin=origin, shapes=shapes, element_ids=tuple(f"{model_id}.{piece[0]}" for piece in PIECES))


def name_model(origin: tuple[float, float, float]) -> str:
    """The digest of its shapes at a place."""
    return hashlib.sha256(pack_placed(make_placed(origin))).hexdigest()


def add_model(store: Store, catalog: Catalog, crs: CRS) -> Catalog:
    """Put the model and a house without one into the town of the API's tests; return a catalog with their layers."""
    began = datetime(2020, 1, 1, tzinfo=UTC)
    write_model(store, crs, TOWN, None, began)
    x, y, height_m = TOWN
    outline = shapely.multipolygons([shapely.box(x + 50, y, x + 60, y + 8)])
    house = {"building_id": "house", "ground_m": height_m, "height_m": 6.0, "geometry": shapely.force_3d(outline)}
    houses = replace(BUILDINGS, id="houses", zooms=(0, 22))
    insert = make_frame(houses, [house], crs).data
    store.write(houses, Changes(insert=insert), author="zhang", reason="a house", effective=began)
    more = [houses, *(replace(layer, zooms=(0, 22)) for layer in (BUILDING_MODELS, BUILDING_ELEMENTS))]
    return replace(catalog, layers={**catalog.layers, **{layer.id: layer for layer in more}})


def write_model(
    store: Store,
    crs: CRS,
    origin: tuple[float, float, float],
    building_id: str | None,
    effective: datetime | None = None,
) -> str:
    """Put the model into a store; return the digest of its shapes."""
    data, digest = pack_placed(make_placed(origin)), name_model(origin)
    x, y, height_m = origin
    outline = shapely.force_3d(shapely.multipolygons([shapely.box(x - 10, y - 6, x + 10, y + 6)]), z=height_m)
    model = {"model_id": "hall", "building_id": building_id, "placed": digest, "geometry": outline}
    elements = [
        {"element_id": f"hall.{name}", "model_id": "hall", "global_id": name, "kind": kind, "class": name_of_class}
        | {"name": f"一层 {name}", "storey": "1F", "properties": '{"Pset":{"IsExternal":true}}', "geometry": outline}
        for name, name_of_class, kind, _, _ in PIECES
    ]
    writes = [
        Write(layer=layer, changes=Changes(insert=make_frame(layer, rows, crs).data))
        for layer, rows in ((BUILDING_MODELS, [model]), (BUILDING_ELEMENTS, elements))
    ]
    store.write_together(writes, author="zhang", reason="a model", effective=effective, keep=[data])
    return digest
