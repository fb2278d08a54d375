"""Geometry as GeoPackage stores it: a header with SRS and envelope, then ISO WKB.

References
----------
OGC 12-128r18, clause 2.1.3 (GeoPackageBinaryHeader).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from twin.errors import StoreUnavailable
from twin.stores.fetch import UNREADABLE

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

_HEADER_POINT = 8
_HEADER_BOX = 40
_FLAG_LITTLE = 0b0000_0001
_FLAG_BOX = 0b0000_0010
_FLAG_EMPTY = 0b0001_0000
#: By the numbers that WKB has for points, lines and areas, and for several of them.
_DIMENSIONS = {1: 0, 2: 1, 3: 2, 4: 0, 5: 1, 6: 2}


def encode_geometries(geometries: Geometries, srs_id: int) -> list[bytes | None]:
    """Encode n geometries as GeoPackage blobs; None stays None. Points carry no envelope, as the standard advises."""
    wkb = shapely.to_wkb(geometries, flavor="iso", byte_order=1)
    bounds = shapely.bounds(geometries)
    empty = shapely.is_empty(geometries)
    boxed = (shapely.get_type_id(geometries) > 0) & ~empty
    heads = np.zeros(
        len(geometries), dtype=[("magic", "S2"), ("version", "u1"), ("flags", "u1"), ("srs", "<i4"), ("box", "<f8", 4)]
    )
    heads["magic"] = b"GP"
    heads["flags"] = _FLAG_LITTLE | np.where(boxed, _FLAG_BOX, 0) | np.where(empty, _FLAG_EMPTY, 0)
    heads["srs"] = srs_id
    heads["box"] = bounds[:, [0, 2, 1, 3]]
    raw = heads.tobytes()
    return [
        None if body is None else raw[start : start + (_HEADER_BOX if box else _HEADER_POINT)] + body
        for start, box, body in zip(range(0, len(raw), _HEADER_BOX), boxed.tolist(), wkb.tolist(), strict=True)
    ]


def decode_geometries(blobs: Sequence[bytes | None]) -> Geometries:
    """Decode n blobs to geometries; None stays None.

    Raises
    ------
    StoreUnavailable
        Another program wrote what is no geometry, or one of a kind that is not supported.
    """
    wkb = np.empty(len(blobs), dtype=object)
    try:
        wkb[:] = [None if blob is None else blob[_body(blob) :] for blob in blobs]
        geometries: Geometries = shapely.from_wkb(wkb)
    except (IndexError, TypeError, NotImplementedError, ShapelyError) as error:
        raise StoreUnavailable(f"the store holds {UNREADABLE}", cause=error) from error
    return geometries


def read_box(blob: bytes) -> tuple[float, float, float, float] | None:
    """The box in the header: west, east, south, north; None where there is none."""
    return struct.unpack_from("<4d", blob, _HEADER_POINT) if blob[3] & _FLAG_BOX else None


def read_geometry(blob: bytes) -> BaseGeometry:
    """Decode one geometry."""
    return shapely.from_wkb(blob[_body(blob) :])


def read_dimension(geometry: bytes) -> int:
    """The dimension of a blob, or of WKB without a header: told by its type where that has one."""
    wkb = geometry[_body(geometry) :] if geometry.startswith(b"GP") else geometry
    (kind,) = struct.unpack_from("<I" if wkb[0] else ">I", wkb, 1)
    known = _DIMENSIONS.get(kind % 1000)  # thousands say which further ordinates there are
    return int(shapely.get_dimensions(shapely.from_wkb(wkb))) if known is None else known


def _body(blob: bytes) -> int:
    """Offset of the WKB; other writers use other envelopes."""
    return _HEADER_POINT + (0, 32, 48, 48, 64)[(blob[3] >> 1) & 0b111]
