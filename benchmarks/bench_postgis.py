"""A twin in PostGIS: taking 300,000 polygons in against ogr2ogr with COPY, opening them against GeoPandas, one edit."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import psycopg
import pyogrio
import shapely
import sqlalchemy
from support import LAYER, make_houses, peak_memory_mb, print_ratio, time_in_turn

from tiles.grid import grids_for
from tiles.protobuf import varint_field
from tiles.source import VectorSource
from tiles.warm import warm_up
from twin.crs import CRS84, parse_crs, reproject
from twin.frames import Frames
from twin.ingest import ingest_files
from twin.store import Changes
from twin.stores import create_store, open_store

sys.path.append(str(Path(__file__).parent.parent / "tests" / "support"))
from tests_postgis import Cluster, run_cluster

COUNT = 300_000
#: In the register, so that GeoPandas finds it.
CRS = parse_crs("EPSG:4548")
EDITS = 20


def main() -> None:
    """Print the ratios."""
    if shutil.which("ogr2ogr") is None:
        sys.exit("ogr2ogr is missing: apt-get install gdal-bin")
    columns = [field.name for field in LAYER.fields]
    with tempfile.TemporaryDirectory() as name, run_cluster() as cluster:
        cluster.sql("CREATE EXTENSION postgis")
        source = Path(name) / "houses.gpkg"
        houses = make_houses(COUNT)[[*columns, "geometry"]].set_crs(CRS, allow_override=True)
        pyogrio.write_dataframe(houses, source)
        del houses
        take_in(cluster, source)
        read_all(cluster)
        follow_edits(cluster)
    print(f"peak memory {peak_memory_mb():.0f} MB")


def take_in(cluster: Cluster, source: Path) -> None:
    """Take the file in, with validation and history, and copy it with ogr2ogr."""
    address = cluster.address("houses")
    target = f"PG:host={cluster.folder} user={cluster.user} dbname=postgres"

    def ingest() -> None:
        cluster.sql("DROP SCHEMA IF EXISTS houses CASCADE")
        with create_store(address, crs=CRS) as store:
            assert ingest_files(store, LAYER, [source], author="bench").inserted == COUNT

    def copy() -> None:
        options = ["--config", "PG_USE_COPY", "YES", "-overwrite", "-lco", "GEOMETRY_NAME=geom", "-nln", "public.peer"]
        subprocess.run(["ogr2ogr", "-f", "PostgreSQL", target, str(source), *options], check=True)

    seconds = time_in_turn(3, ours=ingest, peer=copy)
    print_ratio(f"ingest {COUNT:,} polygons", seconds["ours"], seconds["peer"], peer="ogr2ogr, COPY", limit=1.5)


def read_all(cluster: Cluster) -> None:
    """Open the layer, and read the same table with GeoPandas."""
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(host=str(cluster.folder), user=cluster.user, dbname="postgres"),
    )

    def read() -> None:
        with open_store(cluster.address("houses")) as store:
            assert len(store.read(LAYER)) == COUNT

    def peer() -> None:
        with engine.connect() as connection:
            found = gpd.read_postgis("SELECT * FROM houses.houses ORDER BY house_id", connection, geom_col="geom")
        assert len(found) == COUNT

    seconds = time_in_turn(3, ours=read, peer=peer)
    print_ratio("open a frame of them", seconds["ours"], seconds["peer"], peer="read_postgis", limit=2)
    engine.dispose()


def follow_edits(cluster: Cluster) -> None:
    """Change one building at a time: how long until a tile of zoom 15 shows it, from when the revision is there."""
    warm_up()
    grid = grids_for(CRS)["WebMercatorQuad"]
    took = []
    with open_store(cluster.address("houses"), write=True) as store:
        frames = Frames(store)
        source = VectorSource(layers=(replace(LAYER, simplify=False),), frames=frames, grid=grid)
        houses = frames.get(source.layers[0]).data.iloc[1000 : 1000 + EDITS]
        places = reproject(shapely.centroid(houses.geometry.to_numpy()), CRS, CRS84)
        tiles = [grid.tile_at(place.x, place.y, 15) for place in places]
        source.tile(15, *tiles[0])
        for number, tile in enumerate(tiles):
            row = houses.iloc[[number]].copy()
            row["floors"] = 120 + number
            row.geometry = shapely.transform(row.geometry.to_numpy(), lambda xy: xy + np.array([3.0, 3.0]))
            before = source.etag(15, *tile)
            store.write(LAYER, Changes(update=row), author="bench", reason="edit")
            begun = time.perf_counter()
            tag, drawn = source.etag(15, *tile), source.tile(15, *tile)
            took.append(time.perf_counter() - begun)
            floors = varint_field(6, 2 * (120 + number))  # a signed integer, see MVT 2.1, 4.1
            assert tag != before
            assert floors in drawn.data
    first, later = took[0], statistics.median(took[1:])
    print(f"{'the first edit of them shows in a tile after':<44} {1000 * first:9.1f} ms (limit 100)")
    print(f"{'later ones':<44} {1000 * later:9.1f} ms (limit 100)")


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)
    main()
