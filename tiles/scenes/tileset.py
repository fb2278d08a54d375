"""The tree of tiles as tileset.json.

References
----------
OGC 22-025r4, 3D Tiles 1.1: chapters 6 (tiles, bounding volumes, geometric error) and 7 (tileset.json). OGC 18-053r2, 3D
Tiles 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.scenes.encoding import PLAIN, Encoding
from tiles.scenes.forms import Form, forms_of
from tiles.scenes.implicit import SCHEMA, describe_squares, is_implicit
from tiles.scenes.models import SHELL, WHOLE, Standing
from tiles.scenes.plan import Cell, Plan
from twin.earth import Place

Floats = npt.NDArray[np.float64]

#: A square that is quartered gives way to its quarters from twice its side on a screen of 1080 lines.
_SHARE_OF_SIDE = 1 / 32
#: A model takes the place of a block at half a kilometre, the whole of it that of its shell at 60 m; and how far off
#: either is looked for.
_BLOCK_ERROR_M, _SHELL_ERROR_M, _SOUGHT_M = 8.0, 1.0, 1024.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Models that stand instead of one feature, or a model by itself.

    Parameters
    ----------
    models
        At least one, each with the address of its contents below the scene.
    block
        The place and the box of what gives way to them, and the address of its content; None where nothing does.
    """

    models: Mapping[str, Standing]
    block: tuple[Place, Floats, str] | None

    @property
    def place(self) -> Place:
        """What the box is measured from."""
        return next(iter(self.models.values())).place if self.block is None else self.block[0]

    @property
    def box(self) -> Floats:
        """West, south, bottom, east, north and top of all."""
        place = self.place
        corners = [place.to_local(each.place.to_geocentric(_corners_of(each.box))) for each in self.models.values()]
        if self.block is not None:
            corners.append(_corners_of(self.block[1]))
        points = np.concatenate(corners)
        return np.concatenate([points.min(axis=0), points.max(axis=0)])


def describe_scene(
    plans: Mapping[str, Plan],
    groups: Sequence[Group] = (),
    *,
    query: str = "",
    extras: Mapping[str, Any] | None = None,
    encoding: Encoding = PLAIN,
) -> dict[str, Any]:
    """Describe layers as a tileset.

    Parameters
    ----------
    plans
        By layer id.
    groups
        Models, and what gives way to them.
    query
        What the address of each content ends with.
    extras
        What more is to be said of the scene.
    encoding
        How contents are written.
    """
    drawn = {name: plan.root for name, plan in plans.items() if plan.root is not None}
    ending = f".{encoding.suffix}{query}"
    error = max([0.0, *(root.side_m for root in drawn.values()), *(_SOUGHT_M for _ in groups[:1])])
    children = [_describe_plan(plans[name], f"{name}/", ending, encoding) for name in drawn]
    children += [_describe_group(group, ending) for group in groups]
    boxes = [(plans[name].place, root.box) for name, root in drawn.items()]
    root = {
        "boundingVolume": {"box": _enclose([*boxes, *((group.place, group.box) for group in groups)])},
        "geometricError": error,
        "refine": "ADD",
    }
    implicit = any(is_implicit(plans[name], encoding) for name in drawn)
    return {
        "asset": {"version": encoding.edition},
        **({"schema": SCHEMA} if implicit else {}),
        "geometricError": error,
        "root": root | ({"children": children} if children else {}),
    } | ({"extras": dict(extras)} if extras else {})


def name_content(cell: Cell, form: Form) -> str:
    """The path of a content below its layer, without its suffix."""
    z, x, y = cell.address
    return f"{z}/{x}/{y}/{form.name}"


def _describe_plan(plan: Plan, folder: str, ending: str, encoding: Encoding) -> dict[str, Any]:
    assert plan.root is not None
    if is_implicit(plan, encoding):
        squares = describe_squares(plan, folder, ending, plan.root.side_m * _SHARE_OF_SIDE)
    else:
        squares = _describe_cell(plan.root, plan, folder, ending)
    return {"transform": plan.place.matrix()} | squares


def _describe_cell(cell: Cell, plan: Plan, folder: str, ending: str) -> dict[str, Any]:
    """Describe a square: its quarters take its place, or each of its forms that of the one before."""
    first, *closer = forms_of(plan.solids, quartered=bool(cell.parts))
    tile = _describe_tile(cell, first, folder, ending) | {"refine": "REPLACE"}
    if cell.parts:
        # Never later than its quarters give way to what is closer.
        error = max(cell.side_m * _SHARE_OF_SIDE, 2 * first.error_m)
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
    return {
        "boundingVolume": _describe_box(cell.box),
        "geometricError": form.error_m,
        "content": {"uri": f"{folder}{name_content(cell, form)}{ending}"},
    }


def _describe_group(group: Group, ending: str) -> dict[str, Any]:
    place = group.place
    tile = {
        "transform": place.matrix(),
        "boundingVolume": _describe_box(group.box),
        "geometricError": _BLOCK_ERROR_M,
        "refine": "REPLACE",
        "children": [_describe_model(each, place, folder, ending) for folder, each in group.models.items()],
    }
    return tile if group.block is None else tile | {"content": {"uri": f"{group.block[2]}{ending}"}}


def _describe_model(model: Standing, within: Place, folder: str, ending: str) -> dict[str, Any]:
    volume = {"boundingVolume": _describe_box(model.box)}
    whole = volume | {"geometricError": 0.0, "content": {"uri": f"{folder}/{WHOLE}{ending}"}}
    return volume | {
        "transform": model.place.matrix_within(within),
        "geometricError": _SHELL_ERROR_M,
        "refine": "REPLACE",
        "content": {"uri": f"{folder}/{SHELL}{ending}"},
        "children": [whole],
    }


def _describe_box(box: Floats) -> dict[str, list[float]]:
    middle, half = (box[:3] + box[3:]) / 2, (box[3:] - box[:3]) / 2 + 0.01
    return {"box": np.concatenate([middle, np.diag(half).ravel()]).round(2).tolist()}


def _corners_of(box: Floats) -> Floats:
    return np.array(list(product(*box.reshape(2, 3).T)))


def _enclose(boxes: Sequence[tuple[Place, Floats]]) -> list[float]:
    """A box, turned as the first place has its axes, around all; geocentric, as nothing moves what holds it."""
    if not boxes:
        return [0.0] * 12
    place = boxes[0][0]
    local = place.to_local(np.concatenate([each.to_geocentric(_corners_of(box)) for each, box in boxes]))
    low, high = local.min(axis=0) - 0.1, local.max(axis=0) + 0.1  # what it holds is rounded
    middle = place.to_geocentric((low + high) / 2)
    whole: list[float] = np.concatenate([middle, (place.axes * (high - low)[:, None] / 2).ravel()]).tolist()
    return whole
