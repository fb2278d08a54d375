"""What workers wrote becomes the shapes of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bim.ifc.supervising import Gathered
from bim.model import Shapes

#: The files that a worker draws into: their columns and type of number.
_FILES = {"vertices": (3, np.float64), "triangles": (3, np.int32), "surfaces": (1, np.int32)}


def collect_shapes(gathered: Gathered, rows: dict[int, int]) -> Shapes:
    """Put the pieces of all runs together; shapes without triangles (lines, points) are left out.

    Parameters
    ----------
    gathered
        What the workers told.
    rows
        Row of the elements by number in the file.
    """
    looks: dict[tuple[Any, ...], int] = {}
    numbers = {
        folder: np.array([looks.setdefault((each["name"], *each["rgba"]), len(looks)) for each in events], np.int32)
        for folder, events in gathered.looks.items()
    }
    drawn = {folder: _read(folder) for folder in dict.fromkeys(folder for folder, _ in gathered.shapes)}
    meshes: dict[tuple[Path, str], int] = {}
    counts: list[tuple[int, int]] = []
    shown = []
    for folder, event in gathered.shapes:
        key = (folder, event["mesh"])
        if key not in meshes:
            meshes[key] = len(meshes)
            counts.append((event["vertices"], event["triangles"]))
        if counts[meshes[key]][1]:
            shown.append((rows[event["step"]], meshes[key], event["transform"]))
    offsets = np.cumsum([(0, 0), *counts], axis=0, dtype=np.int64)
    return Shapes(
        vertices=_join(drawn, "vertices"),
        triangles=_join(drawn, "triangles"),
        surfaces=np.concatenate(
            [np.empty(0, np.int32), *(numbers[folder][parts["surfaces"][:, 0]] for folder, parts in drawn.items())]
        ),
        vertex_offsets=offsets[:, 0],
        triangle_offsets=offsets[:, 1],
        looks=np.array([key[1:] for key in looks], np.float64).reshape(len(looks), 4),
        look_names=tuple(key[0] for key in looks),
        elements=np.array([each[0] for each in shown], np.int32),
        meshes=np.array([each[1] for each in shown], np.int32),
        transforms=np.array([each[2] for each in shown], np.float64).reshape(len(shown), 4, 4),
    )


def _read(folder: Path) -> dict[str, Any]:
    """The arrays that one run drew."""
    return {
        name: np.fromfile(folder / f"{name}.bin", kind).reshape(-1, width) for name, (width, kind) in _FILES.items()
    }


def _join(drawn: dict[Path, dict[str, Any]], name: str) -> Any:
    width, kind = _FILES[name]
    return np.concatenate([np.empty((0, width), kind), *(parts[name] for parts in drawn.values())])
