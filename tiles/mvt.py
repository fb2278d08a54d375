"""Mapbox Vector Tiles: the features of a frame in one tile, as bytes.

References
----------
Mapbox Vector Tile Specification 2.1, chapters 4.1 to 4.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tiles.chains import joined_columns_of
from tiles.columns import Columns
from tiles.drawing import Drawing, draw, place_and_rules
from tiles.kernels.encode import encode_features
from tiles.kernels.sketch import BUFFER, EXTENT
from tiles.kernels.write import count_fitting, write_layer
from tiles.prepared import columns_for
from tiles.protobuf import bytes_field, varint_field
from twin.crs import CRS, BBox
from twin.frame import Frame

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"

#: Most bytes that the tag and length of a layer message take, and what stands behind its values.
_ENVELOPE = 6 + len(varint_field(5, EXTENT))


#: So many features are drawn and written in one call, at the price of two more where the budget or GEOS interferes.
_FEW = 2_000


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
    joins = join and frame.layer.joined_over is not None
    columns = joined_columns_of(frame, crs) if joins else columns_for(frame, crs, box)
    seen = box.buffer((box.east - box.west) * BUFFER / EXTENT)
    return encode_columns(
        frame.layer.id, columns, box, columns.rows_in(seen), generalise=generalise, budget_bytes=budget_bytes
    )


def encode_columns(
    name: str,
    columns: Columns,
    box: BBox,
    rows: npt.NDArray[np.int64],
    *,
    generalise: bool,
    budget_bytes: int | None = None,
    patient: bool = True,
) -> EncodedLayer:
    """Encode features as one MVT layer, see `encode_layer`.

    Parameters
    ----------
    name
        Of the layer.
    columns, rows
        All features, and the positions of those whose boxes share a point with the tile or its buffer.
    box, generalise, budget_bytes
        As there.
    patient
        See `tiles.drawing.draw`.
    """
    if len(rows) <= _FEW and columns.members is None:
        encoded = _encode_at_once(name, columns, box, rows, generalise=generalise)
        if encoded is not None and (budget_bytes is None or len(encoded.data) <= budget_bytes):
            return encoded
    drawing = draw(columns, box, rows, generalise=generalise, patient=patient)
    data, start, features_out = _write(name, columns, drawing)
    rows_out = drawing.left_out()
    if budget_bytes is not None and len(data) > budget_bytes:
        drawn = drawing.drawn
        order = drawn[np.argsort(-columns.rank[rows[drawn]], kind="stable")]
        attributes = columns.attributes
        room = budget_bytes - len(_head(name)) - len(attributes.key_fields) - _ENVELOPE
        fitting = count_fitting(order, rows, attributes.codes, attributes.begins, np.diff(start), room)
        rows_out["budget"] = rows[order[fitting:]]
        drawing = drawing.without(order[fitting:])
        data, _, features_out = _write(name, columns, drawing)
    counts = {rule: columns.count(out, drawing.place) for rule, out in rows_out.items()}
    if columns.members is not None:
        counts["coalesced"] = columns.count(rows[drawing.drawn], drawing.place) - features_out
    features_in = features_out + sum(counts.values())
    counts["broken"] = len(columns.broken)
    left_out = {rule: count for rule, count in counts.items() if count}
    return EncodedLayer(data=data, features_in=features_in, features_out=features_out, left_out=left_out)


def _encode_at_once(
    name: str, columns: Columns, box: BBox, rows: npt.NDArray[np.int64], *, generalise: bool
) -> EncodedLayer | None:
    """Draw features and write them, unless GEOS has to look at some or stubs are to stand for others."""
    place, rules = place_and_rules(columns, box, generalise=generalise)
    message, written, shared, collapsed, doubtful = encode_features(
        _head(name), rows, columns.features, place, rules, columns.tags
    )
    if doubtful or (collapsed and not generalise):
        return None
    left_out = {"pixel": shared, "collapsed": collapsed, "broken": len(columns.broken)}
    return EncodedLayer(
        data=message.tobytes(),
        features_in=written + shared + collapsed,
        features_out=written,
        left_out={rule: count for rule, count in left_out.items() if count},
    )


def _write(name: str, columns: Columns, drawing: Drawing) -> tuple[bytes, npt.NDArray[np.int64], int]:
    """Write the layer message; say where each feature begins, see `tiles.kernels.write.write_layer`, and how many."""
    message, start, count = write_layer(
        _head(name), drawing.rows, drawing.state, drawing.paths, columns.paths.dimension, columns.tags
    )
    return message.tobytes(), start, count


@lru_cache
def _head(name: str) -> npt.NDArray[np.uint8]:
    """What stands before the features of a layer: its version and name."""
    return np.frombuffer(varint_field(15, 2) + bytes_field(1, name.encode()), dtype=np.uint8)
