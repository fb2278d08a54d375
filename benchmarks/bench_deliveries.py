"""A delivery of pipelines with a million segments, judged by every rule: taken, and refused for a fault in each row.

The peer reads the same tables with pandas, joins segments to their points and writes both with pyogrio, and checks
nothing.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from support import peak_memory_mb, print_ratio, time_in_turn

from layers.pipelines import pipelines
from twin.crs import parse_crs
from twin.intake import Order
from twin.stores import create_store

COUNT = 1_000_000
#: Points of a line, 30 m apart.
_ALONG = 1_000
_CRS = "EPSG:4548"


def main() -> None:
    """Print the ratios and the memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = write_tables(folder, material="PE")
        faulty = write_tables(folder / "faulty", material="纸")

        def take(files: list[Path], *, accepted: bool) -> None:
            (folder / "ours.gpkg").unlink(missing_ok=True)
            with create_store(str(folder / "ours.gpkg"), crs=parse_crs(_CRS)) as store:
                report = pipelines.take(store, Order(files=files, author="bench", crs=_CRS), {"project": "A"})
            assert report.accepted is accepted

        seconds = time_in_turn(
            1,
            peer=lambda: copy(sound, folder / "peer.gpkg"),
            taken=lambda: take(sound, accepted=True),
            refused=lambda: take(faulty, accepted=False),
        )
    for what in ("taken", "refused"):
        title = f"{COUNT:,} points and as many segments {what}"
        print_ratio(title, seconds[what], seconds["peer"], peer="pandas and pyogrio, unchecked", limit=15)
    print(f"peak memory {peak_memory_mb():.0f} MB")


def write_tables(folder: Path, *, material: str) -> list[Path]:
    """Write water pipes in parallel lines as a table of points and one of segments."""
    folder.mkdir(exist_ok=True)
    points, lines = folder / "JSPOINT.csv", folder / "JSLINE.csv"
    with points.open("w", encoding="gbk") as at, lines.open("w", encoding="gbk") as between:
        at.write("Exp_No,X,Y,High,Feature,Subsid\n")
        between.write("S_Exp,E_Exp,S_Deep,E_Deep,Material,PSize,EmBed\n")
        for number in range(COUNT):
            row, place = divmod(number, _ALONG)
            feature = "预留口" if place in (0, _ALONG - 1) else "直线点"
            at.write(f"JS{number},{3_930_000 + 30 * row}.000,{620_000 + 30 * place}.000,120.000,{feature},\n")
            if place < _ALONG - 1:
                between.write(f"JS{number},JS{number + 1},1.20,1.20,{material},200,ZM\n")
    return [points, lines]


def copy(files: list[Path], path: Path) -> None:
    """Read, join and write the tables as they are."""
    path.unlink(missing_ok=True)
    points, lines = (pd.read_csv(file, encoding="gbk") for file in files)
    nodes = gpd.GeoDataFrame(points, geometry=shapely.points(points["Y"], points["X"], points["High"]), crs=_CRS)
    at = points.set_index("Exp_No")[["Y", "X"]]
    ends = [at.loc[lines[end]].to_numpy() for end in ("S_Exp", "E_Exp")]
    paths = shapely.linestrings(np.stack(ends, axis=1))
    pyogrio.write_dataframe(nodes, path, layer="nodes")
    pyogrio.write_dataframe(gpd.GeoDataFrame(lines, geometry=paths, crs=_CRS), path, layer="segments")


if __name__ == "__main__":
    main()
