"""Mapbox Vector Tiles: the features of a frame in one tile, as bytes.

This is the plain encoder: numpy and GEOS over shapely geometries, one Python step per feature. `encode_layer` is the
seam at which a compiled kernel over `Frame.ragged` takes over: a frame and a box in, the bytes of one layer out.

References
----------
Mapbox Vector Tile Specification 2.1, chapters 4.1 to 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from tiles.attributes import Attributes, encode_attributes, tags_of
from tiles.geometry import EXTENT, Geometries, buffered_box, fit_geometries
from tiles.grid import GRID_CRS
from tiles.protobuf import bytes_field, pack_varints, varint_field, zigzag
from twin.crs import BBox, parse_crs, reproject
from twin.frame import Frame

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"

_MOVE_TO, _LINE_TO, _CLOSE_PATH = 1, 2, 7


@dataclass(frozen=True, kw_only=True)
class EncodedLayer:
    """One layer of one tile; `data` is empty where nothing is drawn.

    `features_in` have a part in the tile or its buffer, `features_out` were written. The difference is features that
    collapse to nothing on the grid of the tile; nothing else is left out.
    """

    data: bytes
    features_in: int
    features_out: int


@dataclass(frozen=True, kw_only=True, eq=False)
class _Columns:
    """What every tile of a frame needs: n geometries in the CRS of the grid, their (n, 4) bounds, the attributes."""

    geometry: Geometries
    bounds: npt.NDArray[np.float64]
    attributes: Attributes


def encode_layer(frame: Frame, box: BBox) -> EncodedLayer:
    """Encode the features of a frame that show in a tile as one MVT layer, named after the frame's layer.

    Parameters
    ----------
    frame
        The features; reprojected and their attributes encoded at the first tile, then kept with the frame.
    box
        The square of the tile in EPSG:3857.
    """
    columns = frame.keep("tiles.mvt", lambda: _prepare(frame))
    rows = _rows_near(columns.bounds, buffered_box(box))
    pieces = fit_geometries(columns.geometry[rows], frame.layer.dimension, box)
    drawn, owner = np.unique(pieces.owner, return_inverse=True)
    if len(drawn) == 0:
        return EncodedLayer(data=b"", features_in=pieces.features_in, features_out=0)
    rows = rows[drawn]
    tags, values = tags_of(columns.attributes, rows)
    geometry = pack_varints(*geometry_commands(pieces.parts, owner, frame.layer.dimension))
    kind = varint_field(3, frame.layer.dimension + 1)
    data = b"".join(
        (
            varint_field(15, 2),
            bytes_field(1, frame.layer.id.encode()),
            *(
                bytes_field(2, varint_field(1, fid) + bytes_field(2, tag) + kind + bytes_field(4, commands))
                for fid, tag, commands in zip(frame.fid[rows].tolist(), tags, geometry, strict=True)
            ),
            *(bytes_field(3, key.encode()) for key in columns.attributes.keys),
            *(bytes_field(4, value) for value in values),
            varint_field(5, EXTENT),
        )
    )
    return EncodedLayer(data=bytes_field(3, data), features_in=pieces.features_in, features_out=len(drawn))


def geometry_commands(
    parts: Geometries, owner: npt.NDArray[np.int64], dimension: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Write geometry as the command integers of MVT 2.1, 4.3.

    A path is what one MoveTo starts: a line, a ring without its closing vertex, or all the points of a feature.

    Parameters
    ----------
    parts, owner, dimension
        As in `tiles.geometry.Pieces`; owners count 0, 1, 2 … without gaps.

    Returns
    -------
    The integers of all features one after the other, and how many each feature has.
    """
    if dimension == 2:
        parts, polygon = shapely.get_rings(parts, return_index=True)
        owner = owner[polygon]
    vertex, path = shapely.get_coordinates(parts, return_index=True)
    xy = vertex.astype(np.int64)
    if dimension == 2:
        opening = np.append(path[1:] == path[:-1], False)
        xy, path = xy[opening], path[opening]
    feature = owner[path]
    if dimension == 0:
        path, owner = feature, np.arange(feature[-1] + 1)

    starts = np.flatnonzero(np.diff(path, prepend=-1))
    vertices = np.diff(starts, append=len(path))
    nth = np.arange(len(path)) - np.repeat(starts, vertices)
    extra = {0: 1, 1: 2, 2: 3}[dimension]
    lengths = 2 * vertices + extra
    begins = np.cumsum(lengths) - lengths
    # The pen stands at 0, 0 when a feature begins and stays at the last vertex from one path to the next.
    steps = xy.copy()
    steps[1:] -= xy[:-1]
    first = np.flatnonzero(np.diff(feature, prepend=-1))
    steps[first] = xy[first]

    commands = np.empty(int(lengths.sum()), dtype=np.uint64)
    commands[begins] = _MOVE_TO | (vertices if dimension == 0 else 1) << 3
    at = np.repeat(begins, vertices) + 1 + 2 * nth
    if dimension > 0:
        commands[begins + 3] = _LINE_TO | (vertices - 1) << 3
        at += nth > 0
    if dimension == 2:
        commands[begins + lengths - 1] = _CLOSE_PATH | 1 << 3
    commands[at], commands[at + 1] = zigzag(steps).T
    return commands, np.bincount(owner, weights=lengths).astype(np.int64)


def _prepare(frame: Frame) -> _Columns:
    geometry = reproject(shapely.force_2d(frame.geometry), frame.crs, parse_crs(GRID_CRS))
    return _Columns(geometry=geometry, bounds=shapely.bounds(geometry), attributes=encode_attributes(frame))


def _rows_near(bounds: npt.NDArray[np.float64], box: BBox) -> npt.NDArray[np.int64]:
    """Positions of the bounds that share a point with a box."""
    west, south, east, north = bounds.T
    near = (west <= box.east) & (east >= box.west) & (south <= box.north) & (north >= box.south)
    return np.flatnonzero(near)
