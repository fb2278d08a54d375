"""The tree of tiles as tileset.json.

References
----------
OGC 22-025r4, 3D Tiles 1.1: chapters 6 (tiles, bounding volumes, geometric error) and 7 (tileset.json). OGC 18-053r2, 3D
Tiles 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from tiles.scenes.encoding import PLAIN, Encoding
from tiles.scenes.forms import FAR, Form, forms_of
from tiles.scenes.plan import Cell, Plan

#: A square that is quartered gives way to its quarters from twice its side on a screen of 1080 lines.
_SHARE_OF_SIDE = 1 / 32
#: It never does so later than its quarters give way to what is closer.
_LEAST_ERROR_M = 2 * FAR.error_m


def describe_scene(
    plans: Mapping[str, Plan],
    query: str = "",
    extras: Mapping[str, Any] | None = None,
    encoding: Encoding = PLAIN,
) -> dict[str, Any]:
    """Describe layers as a tileset.

    Parameters
    ----------
    plans
        By layer id.
    query
        What the address of each content ends with.
    extras
        What more is to be said of the scene.
    encoding
        How contents are written.
    """
    drawn = {name: plan.root for name, plan in plans.items() if plan.root is not None}
    error = max([0.0, *(root.side_m for root in drawn.values())])
    children = [
        {"transform": plans[name].place.matrix()}
        | _describe_cell(root, plans[name], f"{name}/", f".{encoding.suffix}{query}")
        for name, root in drawn.items()
    ]
    root = {
        "boundingVolume": {"box": _enclose([plans[name] for name in drawn])},
        "geometricError": error,
        "refine": "ADD",
    }
    return {
        "asset": {"version": encoding.edition},
        "geometricError": error,
        "root": root | ({"children": children} if children else {}),
    } | ({"extras": dict(extras)} if extras else {})


def name_content(cell: Cell, form: Form) -> str:
    """The path of a content below its layer, without its suffix."""
    z, x, y = cell.address
    return f"{z}/{x}/{y}/{form.name}"


def _describe_cell(cell: Cell, plan: Plan, folder: str, ending: str) -> dict[str, Any]:
    """Describe a square: its quarters take its place, or each of its forms that of the one before."""
    first, *closer = forms_of(plan.solids, quartered=bool(cell.parts))
    tile = _describe_tile(cell, first, folder, ending) | {"refine": "REPLACE"}
    if cell.parts:
        error = max(cell.side_m * _SHARE_OF_SIDE, _LEAST_ERROR_M)
        return tile | {
            "geometricError": error,
            "children": [_describe_cell(part, plan, folder, ending) for part in cell.parts],
        }
    inner = tile
    for form in closer:
        inner["children"] = [_describe_tile(cell, form, folder, ending)]
        inner = inner["children"][0]
    return tile


def _describe_tile(cell: Cell, form: Form, folder: str, ending: str) -> dict[str, Any]:
    middle, half = (cell.box[:3] + cell.box[3:]) / 2, (cell.box[3:] - cell.box[:3]) / 2 + 0.01
    box = np.concatenate([middle, np.diag(half).ravel()]).round(2).tolist()
    return {
        "boundingVolume": {"box": box},
        "geometricError": form.error_m,
        "content": {"uri": f"{folder}{name_content(cell, form)}{ending}"},
    }


def _enclose(plans: Sequence[Plan]) -> list[float]:
    """A box, turned as the first plan has its axes, around all solids; geocentric, as nothing moves what holds it."""
    corners = [
        plan.place.to_geocentric(np.array(list(product(*plan.root.box.reshape(2, 3).T))))
        for plan in plans
        if plan.root is not None
    ]
    if not corners:
        return [0.0] * 12
    place = plans[0].place
    local = place.to_local(np.concatenate(corners))
    low, high = local.min(axis=0) - 0.1, local.max(axis=0) + 0.1  # what it holds is rounded
    middle = place.to_geocentric((low + high) / 2)
    box: list[float] = np.concatenate([middle, (place.axes * (high - low)[:, None] / 2).ravel()]).tolist()
    return box
