"""Features over HTTP against tipg and pygeoapi: the buildings of the county from PostGIS.

We serve a twin in a schema of the database; the others its buildings in a table of their own beside it, in degrees
already, with the same columns, a spatial index and in its order. Pygeoapi runs in two processes, which is what it was
fastest with on two cores, tipg in one, as two gained it a seventh; we run in one for each core. Nothing is compressed:
pygeoapi does not by itself, and there is no network between. Servers, database and client share all cores.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from http_load import (
    Load,
    Server,
    ask_on_and_on,
    ask_once,
    describe_machine,
    make_county,
    median_of,
    print_load,
    require,
    run_server,
    serve_twin,
    wait_until_prepared,
)
from peers import PYGEOAPI, TIPG, install, serve_pygeoapi, serve_tipg

import layers
from tests_postgis import Cluster, run_cluster
from twin.query import Query
from twin.store import Changes
from twin.stores import open_store

#: How many times more a second than tipg and than pygeoapi: for pages of 100 by box, for larger ones, and for all else.
WANTED, WANTED_LARGE, WANTED_ELSE = (20, 80), (20, 5), (5, 5)
RUNS = 3
#: Edits a second while pages are asked for, and how long the slowest of a hundred may take meanwhile.
EDITS_PER_S, SLOWEST_MS = 10, 250
OURS, TIPG_PORT, PYGEOAPI_PORT = 8631, 8632, 8633
_PEERS_TABLE = """
CREATE TABLE public.buildings AS SELECT {columns}, ST_Transform(geom, 4326)::geometry(MultiPolygonZ, 4326) AS geom
FROM county.buildings;
ALTER TABLE public.buildings ADD PRIMARY KEY (building_id);
CREATE INDEX buildings_geom ON public.buildings USING gist (geom);
CREATE INDEX buildings_height ON public.buildings (height_m);
CLUSTER public.buildings USING buildings_geom;
"""


def main() -> None:
    """Print rates, waiting times, and what they are held to."""
    require(taskset="util-linux", psql="postgresql-postgis", wrk="wrk")
    with tempfile.TemporaryDirectory() as name, run_cluster() as cluster, ExitStack() as servers:
        folder = Path(name)
        tipg, pygeoapi = install(folder, "tipg", TIPG), install(folder, "pygeoapi", PYGEOAPI)
        cluster.sql("CREATE EXTENSION postgis")
        subprocess.run([sys.executable, "-m", "twin.cli", "copy", make_county(folder), cluster.address("county")],
                       check=True, capture_output=True)  # fmt: skip
        fill_peers_table(cluster)
        run = servers.enter_context
        peers = {
            "tipg": run(serve_tipg(tipg, cluster, TIPG_PORT)),
            "pygeoapi": run(serve_pygeoapi(pygeoapi, cluster, PYGEOAPI_PORT, folder, workers=2)),
        }
        with serve_prepared(cluster) as ours:
            compare_all(ours, peers, cluster)
            with editing(cluster):
                time.sleep(1)
                load = ask_once(ours, pages(places(cluster, 600, 0.01), 100)["ours"], 10, coding="identity")
            print_load(f"100 by box, {EDITS_PER_S} edits a second", load)
            print(f"  p99 {load.p99_ms:.0f} ms (limit {SLOWEST_MS})")
    print(describe_machine())


def fill_peers_table(cluster: Cluster) -> None:
    """Write the same buildings with the same columns for the other servers."""
    columns = ", ".join(f'"{field.name}"' for field in layers.catalog().layer("buildings").schema)
    cluster.sql(_PEERS_TABLE.format(columns=columns))
    cluster.sql("VACUUM ANALYZE public.buildings")


@contextmanager
def serve_prepared(cluster: Cluster) -> Iterator[Server]:
    """Our server, a process for each core, with the buildings in memory in each."""
    command = [*serve_twin(cluster.address("county"), OURS), "--workers", str(os.cpu_count())]
    first = "/collections/buildings/items"
    with run_server(command, OURS, first) as server:
        for _ in range(4):  # by connections that any of the processes may take
            ask_once(server, [first] * 40, 10, coding="identity")
            time.sleep(2)
            wait_until_prepared(server)
        yield server


def places(cluster: Cluster, count: int, side_deg: float) -> list[str]:
    """Choose boxes about buildings of the whole county."""
    middle = "ST_X(ST_Centroid(geom)) || ' ' || ST_Y(ST_Centroid(geom))"
    found = cluster.sql(f"SELECT {middle} FROM public.buildings ORDER BY md5(building_id) LIMIT {count}").splitlines()
    boxes = []
    for x, y in (map(float, line.split()) for line in found):
        box = (x - side_deg / 2, y - side_deg / 2, x + side_deg / 2, y + side_deg / 2)
        boxes.append(",".join(f"{side:.6f}" for side in box))
    return boxes


def pages(boxes: Sequence[str], limit: int) -> dict[str, list[str]]:
    """The addresses of pages by box, for each server."""
    return queries([f"bbox={box}&limit={limit}" for box in boxes])


def queries(asked: Sequence[str]) -> dict[str, list[str]]:
    return {
        "ours": [f"/collections/buildings/items?{query}&f=json" for query in asked],
        "tipg": [f"/collections/public.buildings/items?{query}&f=geojson" for query in asked],
        "pygeoapi": [f"/collections/buildings/items?{query}&f=json" for query in asked],
    }


def compare_all(ours: Server, peers: dict[str, Server], cluster: Cluster) -> None:
    """Every kind of request in turn."""
    compare_small("100 by box", ours, peers, pages(places(cluster, 1500, 0.01), 100), WANTED)
    compare("1,000 by box", ours, peers, pages(places(cluster, 300, 0.03), 1_000), WANTED_LARGE, (1.0, 0.1, 0.1))
    compare("10,000 by box", ours, peers, pages(places(cluster, 20, 0.15), 10_000), WANTED_LARGE, (1.0, 0.1, 0.1))
    heights = [f"height_m={10 + number / 10}&limit=100" for number in range(300)]
    random.Random(1).shuffle(heights)
    compare_small("100 by height", ours, peers, queries(heights), WANTED_ELSE)
    keys = cluster.sql("SELECT building_id FROM public.buildings ORDER BY md5(building_id) LIMIT 1000").split()
    single = {
        "ours": [f"/collections/buildings/items/{key}?f=json" for key in keys],
        "tipg": [f"/collections/public.buildings/items/{key}?f=geojson" for key in keys],
        "pygeoapi": [f"/collections/buildings/items/{key}?f=json" for key in keys],
    }
    compare_small("one by key", ours, peers, single, WANTED_ELSE)
    landing = {name: ["/?f=json"] for name in ("ours", "tipg", "pygeoapi")}
    compare_small("landing page", ours, peers, landing, WANTED_ELSE)


def compare_small(
    what: str, ours: Server, peers: dict[str, Server], paths: dict[str, list[str]], wanted: tuple[int, int]
) -> None:
    """Ask for small answers on and on, by a client that takes little of a core for them."""
    servers = {"ours": ours, **peers}
    runs: dict[str, list[Load]] = {name: [] for name in servers}
    for _ in range(RUNS):
        for name, server in servers.items():
            runs[name].append(ask_on_and_on(server, paths[name], 10, seconds=2, core=0, coding="identity"))
    print_compared(what, {name: median_of(found) for name, found in runs.items()}, wanted)


def compare(
    what: str,
    ours: Server,
    peers: dict[str, Server],
    paths: dict[str, list[str]],
    wanted: tuple[int, int],
    shares: tuple[float, float, float],
) -> None:
    """Ask all in turn, the slower ones for a part of it."""
    servers = {"ours": ours, **peers}
    asked = {
        name: paths[name][: max(1, int(share * len(paths[name])))] for name, share in zip(servers, shares, strict=True)
    }
    runs: dict[str, list[Load]] = {name: [] for name in servers}
    for _ in range(RUNS):
        for name, server in servers.items():
            runs[name].append(ask_once(server, asked[name], 10, coding="identity"))
    print_compared(what, {name: median_of(found) for name, found in runs.items()}, wanted)


def print_compared(what: str, loads: dict[str, Load], wanted: tuple[int, int]) -> None:
    """Our line, that of each other server, and how many times as many answers we send as it."""
    print_load(what, loads["ours"])
    for (name, load), least in zip(list(loads.items())[1:], wanted, strict=True):
        print_load(f"  {name}", load)
        print(f"  of {name}: {loads['ours'].per_s / load.per_s:.1f} (wanted {least} at least)", flush=True)


@contextmanager
def editing(cluster: Cluster) -> Iterator[None]:
    """Another program that changes a building at a time."""
    layer, stop = layers.catalog().layer("buildings"), threading.Event()

    def edit() -> None:
        with open_store(cluster.address("county"), write=True) as store:
            rows = store.read(layer, Query(limit=500)).data
            number = 0
            while not stop.wait(1 / EDITS_PER_S):
                number += 1
                row = rows.iloc[[number % len(rows)]].assign(floors=number % 30 + 1)
                store.write(layer, Changes(update=row), author="bench", reason="edit")

    thread = threading.Thread(target=edit)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
