"""Mapbox Vector Tiles: the features of a frame in one tile, as bytes.

References
----------
Mapbox Vector Tile Specification 2.1, chapters 4.1 to 4.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiles.chains import joined_columns_of
from tiles.columns import Columns, columns_of
from tiles.drawing import Drawing, draw
from tiles.kernels.sketch import EXTENT
from tiles.kernels.write import count_fitting, gather_values, write_features
from tiles.protobuf import bytes_field, varint_field
from twin.crs import CRS, BBox
from twin.frame import Frame

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"

#: Most bytes that the tag and length of a layer message take.
_ENVELOPE = 6
#: What stands behind the values of a layer.
_TAIL = varint_field(5, EXTENT)


@dataclass(frozen=True, kw_only=True)
class EncodedLayer:
    """One layer of one tile.

    Parameters
    ----------
    data
        The layer message with its tag and length; empty where nothing is drawn.
    features_in
        How many features have a part in the tile or its buffer.
    features_out
        How many were written.
    left_out
        Where the others went: how many each rule left out, or made one with another. ``broken`` are features of the
        whole layer that have no place in the CRS of the tile; nobody knows whether they belong to it.
    """

    data: bytes
    features_in: int
    features_out: int
    left_out: Mapping[str, int]


def encode_layer(
    frame: Frame,
    box: BBox,
    crs: CRS,
    *,
    generalise: bool = False,
    join: bool = False,
    budget_bytes: int | None = None,
) -> EncodedLayer:
    """Encode the features of a frame that show in a tile as one MVT layer, named after the frame's layer.

    Parameters
    ----------
    frame
        The features; taken apart at the first tile, then kept with the frame.
    box
        The square of the tile.
    crs
        The CRS of the square.
    generalise
        Whether to leave out what nobody can see, by the rules of `tiles.drawing`.
    join
        Whether lines that meet end to end and look alike are one, by the rule of `tiles.chains`.
    budget_bytes
        What the layer may take; if it takes more, features are left out by their rank, the lowest first (rule
        ``budget``). A feature that shows at one zoom shows at all finer ones, as far as its own size allows.
    """
    columns = joined_columns_of(frame, crs) if join else columns_of(frame, crs)
    drawing = draw(columns, box, generalise=generalise)
    data, start = _encode(frame.layer.id, columns, drawing)
    rows_out = dict(drawing.left_out)
    if budget_bytes is not None and len(data) > budget_bytes:
        order = np.argsort(-columns.rank[drawing.rows], kind="stable")
        attributes = columns.attributes
        room = budget_bytes - len(_name(frame.layer.id)) - len(attributes.key_fields) - len(_TAIL) - _ENVELOPE
        fitting = count_fitting(order, drawing.rows, attributes.codes, attributes.begins, np.diff(start), room)
        rows_out["budget"] = drawing.rows[order[fitting:]]
        drawing = drawing.take(np.sort(order[:fitting]))
        data, _ = _encode(frame.layer.id, columns, drawing)
    features_out = len(drawing.rows)
    counts = {rule: columns.count(rows, drawing.place) for rule, rows in rows_out.items()}
    counts["coalesced"] = columns.count(drawing.rows, drawing.place) - features_out
    features_in = features_out + sum(counts.values())
    counts["broken"] = len(columns.broken)
    left_out = {rule: count for rule, count in counts.items() if count}
    return EncodedLayer(data=data, features_in=features_in, features_out=features_out, left_out=left_out)


def _encode(name: str, columns: Columns, drawing: Drawing) -> tuple[bytes, npt.NDArray[np.int64]]:
    """Write the layer message, and say where each feature begins in it and the last one ends, without its values."""
    if len(drawing.rows) == 0:
        return b"", np.zeros(1, dtype=np.int64)
    attributes = columns.attributes
    features, start, used = write_features(
        drawing.rows,
        columns.paths.dimension,
        columns.fid,
        attributes.codes,
        drawing.first_path,
        drawing.last_path,
        drawing.first_vertex,
        drawing.xy,
    )
    values = gather_values(used, attributes.values, attributes.begins)
    return bytes_field(3, _name(name), features.data, attributes.key_fields, values.data, _TAIL), start


def _name(name: str) -> bytes:
    """What stands before the features of a layer: its version and name."""
    return varint_field(15, 2) + bytes_field(1, name.encode())
