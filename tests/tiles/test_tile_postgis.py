"""The same features by PostGIS: ST_AsMVT gives the same ids and attributes, and geometry within a unit of the grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

import layers
from sample_gis import County
from tests_postgis import Cluster, run_cluster
from tests_tiles import SQUARE, RawFeature, raw_layers
from tiles.grid import grids_for
from tiles.mvt import encode_layer
from twin.columns import typed_series
from twin.crs import BBox, parse_crs, reproject
from twin.frame import Frame
from twin.rows import Rows

WEB = parse_crs("EPSG:3857")
GRID = grids_for(WEB)["WebMercatorQuad"]
LAYERS = ("buildings", "roads", "cell_sites", "admin_areas")
#: Dates and instants are text in any tile, each encoder's own way.
TYPES = {"text": "text", "integer": "bigint", "real": "double precision", "boolean": "boolean"}

#: One unit along both axes.
_UNIT = 1.42

pytestmark = pytest.mark.needs("postgis")

Decode = Callable[[bytes], dict[str, Any]]


@pytest.fixture(scope="module")
def frames(sample_county: County) -> dict[str, Frame]:
    """The sample county, on the plane of the tiles, with the fields that both encoders write alike."""
    county, catalog = sample_county, layers.catalog()
    found = {}
    for delivery in county.deliveries:
        if delivery.layer in LAYERS:
            layer = catalog.layer(delivery.layer)
            columns = {
                field.name: typed_series(delivery.rows[field.name].tolist(), field)
                for field in layer.schema
                if field.name in delivery.rows and field.type in TYPES
            }
            geometry = reproject(delivery.rows.geometry.to_numpy(), county.crs, WEB)
            data = delivery.rows[["geometry"]].set_geometry(geometry, crs=WEB).assign(**columns)
            data = data.set_index(layer.key)
            found[layer.id] = Frame(layer=layer, rows=Rows(data=data, fid=np.arange(1, len(data) + 1)), revision=1)
    return found


@pytest.fixture(scope="module")
def postgis(frames: dict[str, Frame]) -> Iterator[Cluster]:
    with run_cluster() as cluster:
        cluster.sql("CREATE EXTENSION postgis")
        for name, frame in frames.items():
            data = frame.data.reset_index()
            fields = [field for field in frame.layer.schema if field.name in data]
            columns = ", ".join(f'"{field.name}" {TYPES[field.type]}' for field in fields)
            cluster.sql(f"CREATE TABLE {name} (fid bigint, geom geometry(Geometry, 3857), {columns})")
            geometry = shapely.to_wkb(
                shapely.set_srid(shapely.force_2d(frame.geometry), 3857), hex=True, include_srid=True
            )
            cells = [frame.fid.tolist(), geometry.tolist(), *(map(_cell, data[field.name]) for field in fields)]
            rows = ("\t".join(map(str, row)) for row in zip(*cells, strict=True))
            cluster.load(name, "".join(f"{row}\n" for row in rows))
        yield cluster


def _cell(value: Any) -> str:
    return "\\N" if pd.isna(value) else str(value)


def tile_of(cluster: Cluster, frame: Frame, box: BBox) -> bytes:
    fields = ", ".join(f'"{name}"' for name in frame.data.reset_index().columns if name != "geometry")
    envelope = f"ST_MakeEnvelope({box.west!r}, {box.south!r}, {box.east!r}, {box.north!r}, 3857)"
    name = frame.layer.id
    return bytes.fromhex(
        cluster.sql(
            f"SELECT encode(ST_AsMVT(drawn, '{name}', 4096, 'geom', 'fid'), 'hex') FROM (SELECT fid, {fields},"
            f" ST_AsMVTGeom(geom, {envelope}, 4096, 64, true) AS geom FROM {name}) AS drawn WHERE geom IS NOT NULL"
        )
    )


def by_id(tile: bytes, name: str) -> dict[int, RawFeature]:
    return {feature.fid: feature for feature in raw_layers(tile).get(name, [])}


@pytest.mark.parametrize("z", [11, 13, 14, 16])
@pytest.mark.parametrize("name", LAYERS)
def test_postgis_draws_the_same(name: str, z: int, frames: dict[str, Frame], postgis: Cluster, decode: Decode) -> None:
    frame = frames[name]
    # Around the feature in the middle of the list, so that there is something in the tile.
    x, y = _tile_of(frame.geometry[len(frame) // 2], z)
    box = GRID.box(z, x, y)
    tile, peer = encode_layer(frame, box, WEB).data, tile_of(postgis, frame, box)
    ours, theirs = by_id(tile, name), by_id(peer, name)
    assert len(theirs) > 0
    # What comes to nothing on the grid PostGIS leaves out; here it is a unit wide.
    assert theirs.keys() <= ours.keys()
    assert all(_size(ours[fid]) <= 2 for fid in ours.keys() - theirs.keys())
    properties, expected = (
        {feature["id"]: feature["properties"] for feature in decode(data)[name]["features"]} for data in (tile, peer)
    )
    assert {fid: properties[fid] for fid in theirs} == expected
    far = [fid for fid in theirs if not _compare(ours[fid].shape, theirs[fid].shape, _exact(frame, fid, box))]
    assert len(far) <= 0.05 * len(theirs)


def _exact(frame: Frame, fid: int, box: BBox) -> shapely.Geometry:
    """A feature in tile units, cut but not rounded."""
    unit = (box.east - box.west) / 4096
    flat = shapely.force_2d(frame.geometry[fid - 1])
    return shapely.transform(flat, lambda xy: (xy - [box.west, box.north]) / [unit, -unit]).intersection(SQUARE)


def _compare(our: shapely.Geometry, their: shapely.Geometry, exact: shapely.Geometry) -> bool:
    """Whether two drawings of a feature lie within a unit of each other, along both axes.

    Where they do not, PostGIS has lost a corner or a part, and ours is the one nearer to the feature. Ours is within a
    unit of it always.
    """
    their = shapely.make_valid(their)
    assert our.difference(exact.buffer(_UNIT)).is_empty
    if exact.area:
        assert exact.buffer(-_UNIT).difference(our).is_empty  # what is thinner may come to nothing
    else:
        assert exact.difference(our.buffer(_UNIT)).length < _UNIT
    assert our.symmetric_difference(their).area <= 0.5 * exact.length + 4
    if shapely.hausdorff_distance(our, their) <= _UNIT:
        return True
    assert shapely.hausdorff_distance(our, exact) <= shapely.hausdorff_distance(their, exact)
    return False


def _size(feature: RawFeature) -> float:
    return float(np.ptp(shapely.get_coordinates(feature.shape), axis=0).max())


def _tile_of(geometry: shapely.Geometry, z: int) -> tuple[int, int]:
    side = GRID.side / 2**z
    place = shapely.get_coordinates(geometry)[0]
    return int((place[0] - GRID.west) // side), int((GRID.north - place[1]) // side)
