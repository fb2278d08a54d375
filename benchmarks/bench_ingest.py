"""Ingest with full validation against copying the same file into a GeoPackage: 300,000 polygons from each format."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import pyogrio
from support import CRS, LAYER, make_houses, peak_memory_mb, print_ratio, time_in_turn

from twin.export import export_layer
from twin.ingest import ingest_files
from twin.stores import create_store, open_store

COUNT = 300_000


def main() -> None:
    """Print the ratios."""
    columns = [field.name for field in LAYER.fields]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        houses = make_houses(COUNT)[[*columns, "geometry"]]
        for source in ("houses.gpkg", "houses.fgb", "houses.shp"):
            pyogrio.write_dataframe(houses, folder / source)
        del houses
        for source in ("houses.gpkg", "houses.fgb", "houses.shp"):
            compare(folder, folder / source)
        compare_again(folder)
    print(f"peak memory {peak_memory_mb():.0f} MB")


def compare(folder: Path, source: Path) -> None:
    """Take one file in, and copy it."""
    ours, peer = folder / "ours.gpkg", folder / "peer.gpkg"

    def ingest() -> None:
        ours.unlink(missing_ok=True)
        with create_store(ours, crs=CRS) as store:
            report = ingest_files(store, LAYER, [source], author="bench")
        assert report.inserted == COUNT

    def copy() -> None:
        peer.unlink(missing_ok=True)
        pyogrio.write_dataframe(pyogrio.read_dataframe(source), peer)

    seconds = time_in_turn(3, ours=ingest, peer=copy)
    print_ratio(
        f"ingest {COUNT:,} polygons, {source.suffix}", seconds["ours"], seconds["peer"], peer="pyogrio copy", limit=2
    )


def compare_again(folder: Path) -> None:
    """Sync the same file, and export: both against GDAL reading and writing the rows."""
    ours, source = folder / "ours.gpkg", folder / "houses.gpkg"

    def sync() -> None:
        with open_store(ours, write=True) as store:
            report = ingest_files(store, LAYER, [source], author="bench", mode="sync")
        assert report.unchanged == COUNT

    def export() -> None:
        with open_store(ours) as store:
            export_layer(store, LAYER, folder / "out.gpkg", overwrite=True)

    def copy() -> None:
        (folder / "peer.gpkg").unlink(missing_ok=True)
        pyogrio.write_dataframe(pyogrio.read_dataframe(source), folder / "peer.gpkg")

    seconds = time_in_turn(3, sync=sync, export=export, peer=copy)
    print_ratio("sync of the same rows", seconds["sync"], seconds["peer"], peer="pyogrio copy", limit=3)
    print_ratio("export to a GeoPackage", seconds["export"], seconds["peer"], peer="pyogrio copy", limit=3)


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)  # the Shapefile's short names
    main()
