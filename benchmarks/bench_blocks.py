"""300,000 buildings as 3D Tiles, and the same walls and roofs, given as polygons, by py3dtiles."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import shapely
from peers import install
from support import CRS, make_houses, peak_memory_mb, print_ratio

from layers.buildings import BUILDINGS
from tiles.scenes.folder import SceneReport, write_scene
from tiles.scenes.source import SceneSource
from twin.columns import typed_series
from twin.frames import Frames
from twin.heights import GeoidOffset
from twin.store import Changes
from twin.stores import create_store

COUNT, FEW, LIMIT_S = 300_000, 5_000, 60
GEOID = GeoidOffset(offset_m=-2.95, source="a benchmark")


def make_buildings(count: int) -> gpd.GeoDataFrame:
    """Rows of ``buildings``: L-shaped outlines at heights of the ground, with ten fields."""
    houses = make_houses(count)
    ground_m = 120 + np.sin(np.arange(count) / 500) * 20
    corners = np.repeat(ground_m, shapely.get_num_coordinates(houses.geometry.to_numpy()))
    flat = shapely.get_coordinates(houses.geometry.to_numpy())
    parts = shapely.set_coordinates(shapely.force_3d(houses.geometry.to_numpy()), np.column_stack([flat, corners]))
    values = {
        "building_id": houses["house_id"],
        "name": houses["name"],
        "height_m": houses["height_m"],
        "floors": houses["floors"],
        "floors_below": houses["floors"] % 2,
        "use": np.where(houses["use"] == "home", "residential", "commercial"),
        "cim_level": [2] * count,
        "ground_m": ground_m.round(2),
        "built_year": 1980 + houses["floors"],
    }
    fields = {f.name: typed_series(list(values.get(f.name, [None] * count)), f) for f in BUILDINGS.schema}
    rows = gpd.GeoDataFrame(fields, geometry=shapely.multipolygons(parts, indices=np.arange(count)), crs=CRS)
    rows.index = rows["building_id"].rename(None)
    return rows


def write(rows: gpd.GeoDataFrame, folder: Path) -> SceneReport:
    """A scene of rows, read from a store."""
    with create_store(folder / f"{len(rows)}.gpkg", crs=CRS) as store:
        store.write(BUILDINGS, Changes(insert=rows), author="benchmark", reason="benchmark")
        source = SceneSource(layers=(BUILDINGS,), frames=Frames(store), geoid=GEOID)
        return write_scene(source, folder / f"scene of {len(rows)}")


def save_polygons(rows: gpd.GeoDataFrame, folder: Path) -> None:
    """The walls and roofs of each building as a file, as py3dtiles wants them."""
    folder.mkdir()
    for number, (area, height_m) in enumerate(zip(rows.geometry, rows["height_m"], strict=True)):
        ring = shapely.get_coordinates(shapely.get_exterior_ring(area.geoms[0]), include_z=True)
        top = np.add(ring, [0, 0, height_m])
        walls = [
            shapely.Polygon([ring[at], ring[at + 1], top[at + 1], top[at], ring[at]]) for at in range(len(ring) - 1)
        ]
        faces = shapely.multipolygons([*walls, shapely.Polygon(top)])
        (folder / f"{number:06}.wkb").write_bytes(shapely.to_wkb(faces, output_dimension=3, byte_order=1, flavor="iso"))


def main() -> None:
    """Print time, size and memory of a whole scene, and the ratio to the peer."""
    rows = make_buildings(COUNT)
    with TemporaryDirectory() as name:
        folder = Path(name)
        report = write(rows, folder)
        held = "kept" if report.seconds < LIMIT_S else "BROKEN"
        print(f"{COUNT:,} buildings to {report.files:,} files: {report.seconds:.1f} s (limit {LIMIT_S}: {held})")
        print(f"  {report.bytes / 1e6:.0f} MB, most memory {peak_memory_mb():.0f} MB, load {os.getloadavg()[0]:.1f}")
        python = install(folder, "py3dtiles", ("py3dtiles[postgres]==12.1.1",))
        some = rows.iloc[:FEW]
        save_polygons(some, folder / "wkb")
        origin = some.geometry.iloc[0].bounds[:2]
        command = [
            str(python.with_name("py3dtiles")),
            "export",
            "-d",
            str(folder / "wkb"),
            "-s",
            str(folder / "theirs"),
        ]
        started = time.perf_counter()
        subprocess.run([*command, "-o", *map(str, origin), "0"], check=True, capture_output=True)
        theirs = time.perf_counter() - started
        print_ratio(f"{FEW:,} buildings", write(some, folder).seconds, theirs, peer="py3dtiles, without attributes")


if __name__ == "__main__":
    main()
