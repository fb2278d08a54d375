"""The store against GDAL: writing 300,000 polygons, reading a box of 1,000 of them, reading all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyogrio
from support import CRS, LAYER, make_houses, peak_memory_mb, print_ratio, time_in_turn

from twin.crs import BBox
from twin.query import Query
from twin.store import Changes
from twin.stores import create_store, open_store

COUNT = 300_000


def main() -> None:
    """Print the ratios."""
    houses = make_houses(COUNT)
    with tempfile.TemporaryDirectory() as folder:
        ours, peers = Path(folder) / "ours.gpkg", Path(folder) / "peer.gpkg"

        def write_ours() -> None:
            ours.unlink(missing_ok=True)
            with create_store(ours, crs=CRS) as store:
                store.write(LAYER, Changes(insert=houses), author="bench", reason="bench")

        def write_peer() -> None:
            peers.unlink(missing_ok=True)
            pyogrio.write_dataframe(houses, peers, layer="houses")

        seconds = time_in_turn(3, ours=write_ours, peer=write_peer)
        print_ratio(
            "write 300,000 polygons with history", seconds["ours"], seconds["peer"], peer="pyogrio write", limit=2
        )

        side = 2_560.0  # 32 × 32 houses
        box = BBox(500_000, 3_930_000, 500_000 + side, 3_930_000 + side)
        with open_store(ours) as store:
            found = store.count(LAYER, Query(bbox=box))
            same = len(pyogrio.read_dataframe(ours, layer="houses", bbox=tuple(box)))
            assert found == same, (found, same)
            seconds = time_in_turn(
                25,
                ours=lambda: store.read(LAYER, Query(bbox=box)),
                peer=lambda: pyogrio.read_dataframe(ours, layer="houses", bbox=tuple(box)),
            )
            print_ratio(f"read a box of {found}", seconds["ours"], seconds["peer"], peer="pyogrio read", limit=1.5)
            seconds = time_in_turn(
                3, ours=lambda: store.read(LAYER), peer=lambda: pyogrio.read_dataframe(ours, layer="houses")
            )
            print_ratio("read all", seconds["ours"], seconds["peer"], peer="pyogrio read", limit=2)
    print(f"peak memory {peak_memory_mb():.0f} MB")


if __name__ == "__main__":
    main()
