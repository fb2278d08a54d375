"""Frames as GeoJSON in CRS84, array by array: no Python loop over vertices.

References
----------
RFC 7946: 3.1.6 (rings follow the right-hand rule), 11.2 (digits beyond the ninth are noise: 0.1 mm).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from twin.columns import plain_values
from twin.crs import CRS, CRS84, reproject
from twin.frame import Frame

DIGITS = 9
#: What the header ``Content-Crs`` says of every answer (OGC 18-058r1, requirement /req/crs/ogc-crs-header).
CONTENT_CRS = {"Content-Crs": "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"}
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def encode_geometries(geometries: npt.NDArray[np.object_], crs: CRS) -> list[str]:
    """Write n geometries of a CRS as GeoJSON texts in CRS84; heights stay, a missing geometry is ``null``."""
    moved = shapely.orient_polygons(reproject(geometries, crs, CRS84))
    rounded = shapely.transform(moved, lambda coords: np.round(coords, DIGITS), include_z=True)
    return [text or "null" for text in shapely.to_geojson(rounded)]


def plain_rows(frame: Frame) -> list[dict[str, Any]]:
    """Return the n rows as JSON-ready fields by name."""
    names = [name for name in frame.layer.schema.names if name in frame.data]
    columns = [plain_values(frame.data[name], frame.layer.schema[name]) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def encode_features(frame: Frame, extra: dict[str, Any] | None = None) -> list[str]:
    """Write the n rows of a frame as GeoJSON Features; the key is the id.

    Parameters
    ----------
    frame
        Rows in the storage CRS.
    extra
        Properties that every feature gets on top.
    """
    geometries = encode_geometries(frame.geometry, frame.crs)
    return [
        encode_feature(geometry, row | (extra or {}), feature_id=key)
        for key, geometry, row in zip(frame.data.index, geometries, plain_rows(frame), strict=True)
    ]


def encode_feature(
    geometry: str, properties: Mapping[str, Any], *, feature_id: str | None = None, **members: Any
) -> str:
    """Write one Feature around a geometry that is GeoJSON text already."""
    own = {"id": feature_id} if feature_id is not None else {}
    feature = to_json({"type": "Feature", **own, **members, "properties": properties})
    return f'{feature[:-1]}, "geometry": {geometry}}}'


def encode_collection(features: Iterable[str], **members: Any) -> bytes:
    """Write a FeatureCollection around features that are GeoJSON text already."""
    head = to_json({"type": "FeatureCollection", **members})
    return f'{head[:-1]}, "features": [{",".join(features)}]}}'.encode()


def to_json(value: Any) -> str:
    """Write JSON that people can read too; what JSON cannot say (NaN) is an error here, not at the client's."""
    return _ENCODER.encode(value)
