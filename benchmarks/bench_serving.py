"""Tiles over HTTP that were not made before, against tipg; time to the first tile after ``twin serve``.

Tipg has the same buildings with the same columns in PostGIS, the buffer of our tiles, and a limit of features that it
never meets. PostgreSQL has its rows in memory, our server has ours. Every tile is asked for once, with gzip, by the
same client; servers, database and client share all cores.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import mapbox_vector_tile
from bench_tiles import load as load_buildings
from http_load import (
    NO_SHELF,
    Load,
    Server,
    ask_once,
    describe_machine,
    get,
    make_county,
    median_of,
    print_load,
    require,
    run_server,
    serve_twin,
    tiles_with_buildings,
    wait_until_prepared,
)
from peers import TIPG, install, serve_tipg

import layers
from tests_postgis import Cluster, run_cluster
from twin.stores import open_store

#: How many times more a second than tipg; seconds to the first tile.
WANTED, FIRST_TILE_S = 20, 2.0
TILES, SPARE, RUNS = 400, 60, 3
#: One process, and one for each core.
WORKERS = sorted({1, os.cpu_count() or 1})
OURS, PEER = 8621, 8622


def main() -> None:
    """Print rates, waiting times, and what they are held to."""
    require(taskset="util-linux", psql="postgresql-postgis")
    if not any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        sys.exit("not measured, because something is missing: apt-get install postgresql-postgis")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = make_county(folder)
        places = tiles_with_buildings(store, 15, 2000)
        time_first_tile(store, places[0])
        for workers in WORKERS:
            ask_at_once(store, places, workers)
        tipg = install(folder, "tipg", TIPG)
        with open_store(str(store)) as opened:
            frame = opened.read(layers.catalog().layer("buildings"))
        with run_cluster() as cluster:
            load_buildings(cluster, frame)
            for workers in WORKERS:
                compare(store, tipg, cluster, places, workers)
    print(describe_machine())


def paths_of(places: list[tuple[int, int]]) -> list[str]:
    return [f"/tiles/buildings/15/{x}/{y}.mvt" for x, y in places]


@contextmanager
def serve_prepared(store: Path, spare: list[tuple[int, int]], workers: int) -> Iterator[Server]:
    """Our server with all rows in memory in each of its processes, and no tiles made yet but some spare ones."""
    command = [*serve_twin(store, OURS), "--workers", str(workers)]
    with run_server(command, OURS, paths_of(spare)[0]) as server:
        wait_until_prepared(server)
        for begin in range(0, len(spare), 10):  # by connections that any of the processes may take
            ask_once(server, paths_of(spare[begin : begin + 10]), 10)
            wait_until_prepared(server)
        yield server


def time_first_tile(store: Path, place: tuple[int, int]) -> None:
    """From the start of the process to the last byte of a tile, with kernels compiled as installing leaves them.

    Once with an empty shelf, and once with one on which the layer lies.
    """
    subprocess.run([sys.executable, "-m", "tiles.warm"], check=True)
    shelf = f"TWIN_CACHE={store.parent / 'shelf'}"
    archive: list[str | Path] = ["tiles", store.parent / "filled.pmtiles", "buildings", "--zooms", "13"]
    subprocess.run(["env", shelf, sys.executable, "-m", "twin.cli", "--store", store, *archive], check=True)
    for what, settings in (("", [NO_SHELF]), (", from the shelf", [shelf])):
        seconds = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            with run_server(serve_twin(store, OURS, settings), OURS, paths_of([place])[0]):
                seconds.append(time.perf_counter() - begun)
        middle = statistics.median(seconds)
        print(f"first tile after the start{what} {middle:.2f} s (wanted {FIRST_TILE_S:g} at most)", flush=True)


def ask_at_once(store: Path, places: list[tuple[int, int]], workers: int) -> None:
    """How long clients wait when few and when many ask for tiles that are not there yet."""
    asked, spare = places[:-SPARE], places[-SPARE:]
    for connections in (10, 100):
        with serve_prepared(store, spare, workers) as server:
            print_load(f"{len(asked)} tiles z15 not made, {connections} connections, {workers} workers",
                       ask_once(server, paths_of(asked), connections))  # fmt: skip


def compare(store: Path, tipg: Path, cluster: Cluster, places: list[tuple[int, int]], workers: int) -> None:
    """Ask both in turn, ours started anew each time."""
    asked, spare = places[:TILES], places[-SPARE:]
    theirs = [f"/collections/public.buildings/tiles/WebMercatorQuad/15/{x}/{y}" for x, y in asked]
    runs: list[tuple[Load, Load]] = []
    with serve_tipg(tipg, cluster, PEER) as peer:
        ask_once(peer, theirs, 10)  # the rows are in memory now
        for _ in range(RUNS):
            with serve_prepared(store, spare, workers) as ours:
                runs.append((ask_once(ours, paths_of(asked), 10), ask_once(peer, theirs, 10)))
                counts = [count_features(ours, path) for path in paths_of(asked[:20])]
        peers = [count_features(peer, path) for path in theirs[:20]]
    one, other = (median_of(loads) for loads in zip(*runs, strict=True))
    print_load(f"{len(asked)} tiles z15 not made, 10 connections, {workers} workers", one)
    print_load("  tipg", other)
    print(f"  of tipg: {one.per_s / other.per_s:.1f} (wanted {WANTED} at least); features in 20 of the tiles: "
          f"{sum(counts):,}, tipg {sum(peers):,}")  # fmt: skip


def count_features(server: Server, path: str) -> int:
    _, _, body = get(HTTPConnection("127.0.0.1", server.port), path, coding="identity")
    return sum(len(layer["features"]) for layer in mapbox_vector_tile.decode(body).values())


if __name__ == "__main__":
    main()
