"""The content of a tile: meshes, and what their features say, as the client wants it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from tiles.scenes.b3dm import pack_b3dm
from tiles.scenes.encoding import Encoding
from tiles.scenes.glb import Part, write_glb
from tiles.scenes.properties import Column, list_values, make_table


def write_content(
    parts: Sequence[Part],
    box: npt.NDArray[np.float64],
    columns: Iterable[Column],
    rows: npt.NDArray[np.int64],
    name: str,
    encoding: Encoding,
) -> bytes:
    """Write meshes and a table.

    Parameters
    ----------
    parts
        At least one; their owners are positions in `rows`.
    box
        West, south, bottom, east, north and top of them, metres from the place of the tileset.
    columns, rows
        What is said of which features.
    name
        Of their layer.
    encoding
        How.
    """
    origin = np.round((box[:3] + box[3:]) / 2).tolist()
    if encoding.edition == "1.0":
        glb = write_glb(parts, origin, (), len(rows), name, encoding)
        return pack_b3dm(glb, len(rows), list_values(columns, rows))
    return write_glb(parts, origin, make_table(columns, rows), len(rows), name, encoding)
