"""What every benchmark shares: data made once, timing in turn, one table."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.columns import typed_series
from twin.crs import transverse_mercator
from twin.layer import Layer
from twin.schema import Code, Field

CRS = transverse_mercator(118.5, name="CGCS2000 / benchmark 118.5E")

LAYER = Layer(
    id="houses",
    title="Houses",
    title_zh="房屋",
    about="Polygons with four attributes.",
    geometry="Polygon",
    key="house_id",
    fields=(
        Field(name="house_id", title="House", title_zh="编号", required=True),
        Field(name="name", title="Name", title_zh="名称"),
        Field(name="height_m", type="real", title="Height", title_zh="高度", unit="m", minimum=0, maximum=500),
        Field(name="floors", type="integer", title="Floors", title_zh="层数", minimum=0, maximum=150),
        Field(
            name="use",
            title="Use",
            title_zh="用途",
            codes=(
                Code(value="home", title="Home", title_zh="住宅"),
                Code(value="shop", title="Shop", title_zh="商业"),
            ),
        ),
    ),
)


def make_houses(count: int) -> gpd.GeoDataFrame:
    """L-shaped polygons with four attributes, on a jittered grid over a county."""
    random = np.random.default_rng(1)
    side = int(np.ceil(np.sqrt(count)))
    x, y = (axis.ravel()[:count] for axis in np.meshgrid(np.arange(side) * 80.0, np.arange(side) * 80.0))
    x, y = x + 480_000 + random.uniform(0, 40, count), y + 3_910_000 + random.uniform(0, 40, count)
    outline = np.array([(0, 0), (14, 0), (14, 6), (7, 6), (7, 12), (0, 12), (0, 0)], dtype=float)
    coords = (np.stack([x, y], axis=1)[:, None, :] + outline).round(3).reshape(-1, 2)
    geometry = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, coords, (np.arange(count + 1) * len(outline), np.arange(count + 1))
    )
    values = {
        "house_id": [f"h{i:07d}" for i in range(count)],
        "name": [f"示例 {i}" for i in range(count)],
        "height_m": random.uniform(3, 90, count).round(1),
        "floors": random.integers(1, 30, count),
        "use": np.where(random.random(count) < 0.8, "home", "shop"),
    }
    fields = {f.name: typed_series(values.get(f.name, [None] * count), f) for f in LAYER.schema}
    houses = gpd.GeoDataFrame(fields, geometry=geometry, crs=CRS)
    houses.index = pd.Index(values["house_id"], dtype="str")
    return houses


def time_in_turn(runs: int, **candidates: Callable[[], Any]) -> dict[str, float]:
    """Median seconds of each candidate, run in turn so that a noisy machine treats all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(runs):
        for name, run in candidates.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def print_ratio(what: str, ours_s: float, peer_s: float, *, peer: str, limit: float | None = None) -> None:
    """One line: our time, the peer's, the ratio, and the limit it is held to, if to any."""
    held = "" if limit is None else f"  (limit {limit:g})"
    print(f"{what:<44} {ours_s:9.4f} s   {peer:<26} {peer_s:9.4f} s   ratio {ours_s / peer_s:6.2f}{held}")


def peak_memory_mb() -> float:
    """Largest resident size of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
