"""City models written for tests: boxes, and headers around them."""

from __future__ import annotations

import json
from pathlib import Path

CRS = "https://www.opengis.net/def/crs/EPSG/0/4548"


def box_vertices(x=0, y=0, z=0, dx=10_000, dy=6_000, dz=3_000):
    """Eight corners in millimetres: four below, four above, each counter-clockwise from the south-west."""
    return [[x + a * dx, y + b * dy, z + c * dz] for c in (0, 1) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))]


#: Shell of a box: ground, roof, four walls, each counter-clockwise from outside.
BOX = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]
MEANING = {
    "surfaces": [{"type": "GroundSurface"}, {"type": "RoofSurface", "slope": 0.5}, {"type": "WallSurface"}],
    "values": [[0, 1, 2, 2, 2, 2]],
}


def solid(shell=None, *, lod="2.2", **members):
    return {"type": "Solid", "lod": lod, "boundaries": [BOX if shell is None else shell], **members}


def building(*geometries, kind="Building", **members):
    return {"type": kind, "geometry": list(geometries), **members}


def city(objects, vertices=None, *, crs=CRS, translate=(632_000.0, 3_936_000.0, 100.0), **members):
    """A whole CityJSON 2.0 of millimetres around a place of the county."""
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": list(translate)},
        "metadata": {"referenceSystem": crs} if crs else {},
        "CityObjects": objects,
        "vertices": box_vertices() if vertices is None else vertices,
        **members,
    }


def save(path: Path, said) -> Path:
    path.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    return path


def save_sequence(path: Path, *features, **members) -> Path:
    """A CityJSONSeq: each feature is objects and their vertices."""
    head = city({}, [], **members)
    lines = [head] + [
        {"type": "CityJSONFeature", "id": next(iter(objects)), "CityObjects": objects, "vertices": vertices}
        for objects, vertices in features
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path
