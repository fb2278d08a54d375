"""Vector tiles as GeoJSON: the same features, as far as they lie in the tile, in degrees.

References
----------
OGC 20-057, requirements class geojson: one tile in a document, a FeatureCollection, CRS84 whatever the grid.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from api.forms.geojson import encode_collection, encode_geometries, to_json
from tiles.kernels.sketch import EXTENT
from tiles.mvtread import read_tile
from tiles.source import VectorSource


def write_geojson(source: VectorSource, place: tuple[int, int, int], tile: bytes) -> bytes:
    """Write a vector tile as a FeatureCollection; one without features is nothing.

    Names of areas, which stand in layers of their own for maps only, are left out.

    Parameters
    ----------
    source, place
        Whose tile it is, and which.
    tile
        As `tiles.mvt` writes it.
    """
    layers = {layer.id: layer for layer in source.layers}
    read = [
        (layers[name], feature) for name, features in read_tile(tile).items() if name in layers for feature in features
    ]
    if not read:
        return b""
    box = source.grid.box(*place)
    unit = (box.east - box.west) / EXTENT

    def lay_out(units: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack((box.west + units[:, 0] * unit, box.north - units[:, 1] * unit))

    drawn = np.array([geometry for _, (_, geometry) in read], dtype=object)
    geometries = encode_geometries(shapely.transform(drawn, lay_out), source.grid.crs)
    texts = []
    for (layer, (properties, _)), geometry in zip(read, geometries, strict=True):
        key = properties.get(layer.key)  # lines that are drawn as one have none
        name = "" if key is None else f'"id": {to_json(key)}, '
        texts.append(
            f'{{"type": "Feature", {name}"featureType": {to_json(layer.id)}, '
            f'"properties": {to_json(properties)}, "geometry": {geometry}}}'
        )
    return encode_collection(",\n".join(texts).encode())
