"""What of a result goes out of the house: the record, and the evidence as GeoJSON features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from api.forms.geojson import encode_feature, encode_features, encode_geometries
from twin.catalog import Catalog
from twin.crs import CRS
from twin.engine import Result
from twin.evidence import ask_features
from twin.indicator import Shape
from twin.store import Store


def publish_result(result: Result, served: Catalog) -> dict[str, Any]:
    """Write the result without the keys of layers that are not served; what was counted stays."""
    document = result.to_dict()
    for role in ("covered", "uncovered"):
        document[role] = {layer_id: keys for layer_id, keys in document[role].items() if layer_id in served.layers}
    for evidence in document["evidence"]:
        if evidence["layer"] not in served.layers:
            evidence["used"] = []
    return document


def encode_evidence(result: Result, served: Catalog, store: Store) -> bytes:
    """Write what counts, what does not, and the derived shapes as GeoJSON features with commas between them."""
    return ",".join(
        [*encode_shapes(result.measure.shapes, store.crs), *_encode_features(result, served, store)]
    ).encode()


def encode_shapes(shapes: Sequence[Shape], crs: CRS) -> Iterator[str]:
    """Write derived shapes as GeoJSON features: the uncovered area, the best place for the next station."""
    geometries = np.array([None, *(shape.geometry for shape in shapes)], dtype=object)[1:]
    for shape, geometry in zip(shapes, encode_geometries(geometries, crs), strict=True):
        names = {"role": shape.role, "title": shape.title, "title_zh": shape.title_zh}
        yield encode_feature(geometry, names | dict(shape.properties))


def _encode_features(result: Result, served: Catalog, store: Store) -> Iterator[str]:
    """Write the features that count and those that do not, as they stood when the result was computed."""
    for role, layer, query in ask_features(result, served.layers):
        yield from encode_features(store.read(layer, query), {"role": role, "layer": layer.id})
