"""Cold vector tiles on one core against PostGIS ``ST_AsMVT``: the buildings of the county sample, the same columns."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import shapely
from support import peak_memory_mb, print_ratio

import layers
from tiles.grid import grids_for
from tiles.mvt import encode_layer
from tiles.prepared import columns_of
from twin.columns import plain_values
from twin.crs import parse_crs, reproject
from twin.frame import Frame
from twin.stores import open_store

sys.path.append(str(Path(__file__).parent.parent / "tests" / "support"))
from tests_postgis import Cluster, run_cluster

WEB = grids_for(parse_crs(4490))["WebMercatorQuad"]
#: Zoom, and how many times slower PostGIS has to be.
WANTED = ((11, 10), (14, 6), (16, 2.5))
RUNS = 9
_FUNCTION = """
CREATE FUNCTION timed(z int, x int, y int, OUT ms float, OUT bytes int) LANGUAGE plpgsql AS $$
DECLARE begun timestamptz := clock_timestamp(); tile bytea; box geometry := ST_TileEnvelope(z, x, y);
BEGIN
  SELECT ST_AsMVT(t, 'buildings', 4096, 'geom', 'fid') INTO tile FROM (
    SELECT {columns}, fid, ST_AsMVTGeom(geom, box, 4096, 64, true) AS geom FROM buildings
    WHERE geom && ST_TileEnvelope(z, x, y, margin => 0.015625)) AS t;
  ms := 1000 * extract(epoch FROM clock_timestamp() - begun);
  bytes := octet_length(tile);
END $$;
"""


def main() -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "county.gpkg"
        command = [sys.executable, "-m", "twin.cli", "sample", str(path), "--size", "county"]
        subprocess.run(command, check=True, capture_output=True)
        with open_store(str(path)) as store:
            frame = store.read(layers.catalog().layer("buildings"))
    begun = time.perf_counter()
    columns = columns_of(frame, WEB.crs)
    print(f"{len(frame):,} buildings taken apart in {time.perf_counter() - begun:.1f} s")
    with run_cluster() as cluster:
        load(cluster, frame)
        for z, factor in WANTED:
            compare(cluster, frame, z, factor)
    paths, attributes = columns.paths, columns.attributes
    ragged = paths.xy.nbytes + paths.first_vertex.nbytes + paths.first_path.nbytes
    beside = columns.bounds.nbytes + columns.leaves.nbytes + columns.fid.nbytes + columns.opened.nbytes
    beside += columns.rank.nbytes + attributes.codes.nbytes + attributes.values.nbytes + attributes.begins.nbytes
    print(f"in memory: ragged arrays {ragged / 1e6:.0f} MB, in all {(ragged + beside) / 1e6:.0f} MB "
          f"({(ragged + beside) / ragged:.1f} times; limit 3)")  # fmt: skip
    print(f"peak memory {peak_memory_mb():.0f} MB")


def load(cluster: Cluster, frame: Frame) -> None:
    """Put the same rows into PostGIS, in Web Mercator already, with an index, in its order."""
    names = [field.name for field in frame.layer.schema]
    types = {"text": "text", "integer": "int", "real": "float8", "boolean": "bool", "date": "text", "datetime": "text"}
    fields = ", ".join(f'"{field.name}" {types[field.type]}' for field in frame.layer.schema)
    cluster.sql(
        "CREATE EXTENSION postgis; ALTER SYSTEM SET max_parallel_workers_per_gather = 0; SELECT pg_reload_conf()"
    )
    cluster.sql(f"CREATE TABLE buildings (fid int PRIMARY KEY, geom geometry(Geometry, 3857), {fields})")
    shapes = shapely.to_wkb(
        shapely.set_srid(shapely.force_2d(reproject(frame.geometry, frame.crs, WEB.crs)), 3857),
        hex=True,
        include_srid=True,
    )
    data = frame.data.assign(**{frame.layer.key: frame.data.index})
    values = [plain_values(data[name], frame.layer.schema[name]) for name in names]
    rows = zip(frame.fid.tolist(), shapes, *values, strict=True)
    cluster.load("buildings", "".join("\t".join("\\N" if v is None else str(v) for v in row) + "\n" for row in rows))
    cluster.sql("CREATE INDEX buildings_geom ON buildings USING gist (geom); CLUSTER buildings USING buildings_geom")
    cluster.sql("VACUUM ANALYZE buildings")
    cluster.sql(_FUNCTION.format(columns=", ".join(f'"{name}"' for name in names)))


def compare(cluster: Cluster, frame: Frame, z: int, factor: float) -> None:
    """Make the tile over the town in turn; ours with every feature and vertex, as PostGIS does."""
    x, y = WEB.tile_at(118.455, 35.55, z)
    box = WEB.box(z, x, y)
    ours, peer, theirs = [], [], ""
    for _ in range(RUNS):
        begun = time.perf_counter()
        layer = encode_layer(frame, box, WEB.crs)
        ours.append(time.perf_counter() - begun)
        theirs = cluster.sql(f"SELECT * FROM timed({z}, {x}, {y})")
        peer.append(float(theirs.split("|")[0]) / 1000)
    print_ratio(
        f"tile z{z}, {layer.features_out:,} features, {len(layer.data) // 1000:,} kB",
        statistics.median(ours),
        statistics.median(peer),
        peer=f"ST_AsMVT, {int(theirs.split('|')[1]) // 1000:,} kB",
        limit=1 / factor,
    )


if __name__ == "__main__":
    main()
