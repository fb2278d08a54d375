"""Squares by implicit tiling: one tile that stands for the whole tree, and subtrees that say which squares there are.

References
----------
OGC 22-025r4, 3D Tiles 1.1: implicit tiling, subtree binary format, availability indexing; 3D metadata: property tables,
booleans, semantic TILE_BOUNDING_BOX.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.scenes.encoding import Encoding
from tiles.scenes.forms import forms_of
from tiles.scenes.plan import Address, Plan

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

SUBTREE = "subtree"
#: Of a subtree: a county has fewer, so that one says all. Clients take the squares as they are for the boxes of further
#: subtrees, until they have them, and what stands over the edge of one is seen late.
LEVELS = 9
#: How tight boxes are named in a tileset that has squares by implicit tiling.
SCHEMA: dict[str, Any] = {
    "id": "squares",
    "classes": {
        "square": {
            "properties": {
                "box": {
                    "type": "SCALAR",
                    "componentType": "FLOAT32",
                    "array": True,
                    "count": 12,
                    "required": True,
                    "semantic": "TILE_BOUNDING_BOX",
                }
            }
        }
    },
}


def is_implicit(plan: Plan, encoding: Encoding) -> bool:
    """Whether the squares of a plan are described so: those with one form each, for readers of the edition 1.1."""
    return encoding.edition == "1.1" and len(forms_of(plan.solids, quartered=False)) == 1


def describe_squares(plan: Plan, folder: str, ending: str, error_m: float) -> dict[str, Any]:
    """Describe all squares of a plan as one tile.

    Parameters
    ----------
    plan
        With squares.
    folder, ending
        What addresses of contents begin and end with.
    error_m
        Of the whole; of each square it is half of that of the one around it.
    """
    assert plan.root is not None
    (form,) = forms_of(plan.solids, quartered=False)
    half_m, (bottom, top) = plan.root.side_m / 2, plan.root.box[[2, 5]]
    middle = [*(plan.corner + half_m), (bottom + top) / 2]
    _, _, query = ending.partition("?")
    square = f"{folder}{{level}}/{{x}}/{{y}}"
    return {
        "boundingVolume": {"box": [*middle, *np.diag([half_m, half_m, (top - bottom) / 2 + 0.01]).ravel().tolist()]},
        "geometricError": error_m,
        "refine": "REPLACE",
        "content": {"uri": f"{square}/{form.name}{ending}"},
        "implicitTiling": {
            "subdivisionScheme": "QUADTREE",
            "subtreeLevels": LEVELS,
            "availableLevels": 1 + max(z for z, _, _ in plan.cells),
            "subtrees": {"uri": f"{square}.{SUBTREE}" + (f"?{query}" if query else "")},
        },
    }


def list_subtrees(plan: Plan) -> list[Address]:
    """The squares in which subtrees begin."""
    return [address for address in plan.cells if address[0] % LEVELS == 0]


def write_subtree(plan: Plan, address: Address) -> bytes:
    """Write which squares there are from one down, and the boxes of what is in them.

    Parameters
    ----------
    plan
        With squares.
    address
        One of `list_subtrees`.
    """
    z, x, y = address
    inside = [
        (cell_z - z, cell_x - (x << cell_z - z), cell_y - (y << cell_z - z), cell)
        for (cell_z, cell_x, cell_y), cell in plan.cells.items()
        if z <= cell_z <= z + LEVELS and (cell_x >> cell_z - z, cell_y >> cell_z - z) == (x, y)
    ]
    depths, columns, rows = np.array([each[:3] for each in inside]).T
    places = interleave(columns, rows)
    below = depths == LEVELS
    # The levels above have (4^depth - 1) / 3 squares.
    numbers = ((4**depths - 1) // 3 + places)[~below]
    order = np.argsort(numbers)
    there = [cell for (*_, cell), deeper in zip(inside, below.tolist(), strict=True) if not deeper]
    boxes = np.array([there[at].box for at in order.tolist()])
    views = [_pack_bits(numbers, (4**LEVELS - 1) // 3), _pack_boxes(boxes)]
    children: dict[str, int] = {"constant": 0}
    if below.any():
        children = {"bitstream": len(views), "availableCount": int(below.sum())}
        views.append(_pack_bits(places[below], 4**LEVELS))
    squares = {"bitstream": 0, "availableCount": len(there)}
    described = {
        "tileAvailability": squares,
        "contentAvailability": [squares],
        "childSubtreeAvailability": children,
        "propertyTables": [{"class": "square", "count": len(there), "properties": {"box": {"values": 1}}}],
        "tileMetadata": 0,
    }
    return _pack(described, views)


def interleave(columns: Numbers, rows: Numbers) -> Numbers:
    """The places of n squares in the Morton order of their level: the bits of the row before those of the column."""
    bits = np.arange(LEVELS)
    spread = 1 << 2 * bits
    places: Numbers = ((columns[:, None] >> bits & 1) * spread + (rows[:, None] >> bits & 1) * 2 * spread).sum(axis=1)
    return places


def _pack_bits(numbers: Numbers, count: int) -> bytes:
    """So many bits, those of some numbers set; the first is the least of the first byte."""
    bits = np.zeros(count, np.uint8)
    bits[numbers] = 1
    return np.packbits(bits, bitorder="little").tobytes()


def _pack_boxes(boxes: Floats) -> bytes:
    """Middles and half axes of n boxes, a centimetre wider than they are: more than what float32 leaves out."""
    middles = ((boxes[:, :3] + boxes[:, 3:]) / 2).astype(np.float32)
    halves = np.maximum(boxes[:, 3:] - middles, middles - boxes[:, :3]) + 0.01
    return np.column_stack([middles, (halves[:, :, None] * np.eye(3)).reshape(-1, 9)]).astype("<f4").tobytes()


def _pack(described: dict[str, Any], views: list[bytes]) -> bytes:
    """Join a document and its binary part, each filled up to a multiple of 8."""
    data, listed = bytearray(), []
    for view in views:
        listed.append({"buffer": 0, "byteOffset": len(data), "byteLength": len(view)})
        data += view + bytes(-len(view) % 8)
    whole = {"buffers": [{"byteLength": len(data)}], "bufferViews": listed} | described
    text = json.dumps(whole, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<4sIQQ", b"subt", 1, len(text), len(data)) + text + data
