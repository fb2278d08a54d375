"""Clearances and clashes of 150,000 pipe segments against the obvious way: buffers, `geopandas.sjoin`, distances."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from support import CRS, print_ratio, time_in_turn

from layers.pipelines import PIPE_SEGMENTS
from layers.pipelines.clearance.limits import kinds_of, load_limits
from layers.pipelines.clearance.pairs import find_conflicts
from layers.pipelines.clearance.tubes import tubes_of
from twin.columns import typed_series

SIDE_M, PIECE_M = 100.0, 25.0
#: Classes of lines along each street, their distance from its middle, depth and diameter in mm.
LINES = (
    ("JS", -4.0, 1.2, 200),
    ("PS", 0.0, 3.0, 400),
    ("RQ", 1.6, 1.1, 160),
    ("RL", 4.0, 1.4, 250),
    ("TX", -1.2, 0.9, 110),
)
LIMIT_S = 30


def make_segments(count: int) -> gpd.GeoDataFrame:
    """Five lines along each street of a town on a grid, in pieces of 25 m, that cross those of other streets."""
    streets = int(np.ceil(np.sqrt(count / len(LINES) / 2 * PIECE_M / SIDE_M)))
    length = streets * SIDE_M
    along = np.arange(0, length, PIECE_M)
    random = np.random.default_rng(1)
    parts = []
    for name, beside, depth, diameter in LINES:
        for turned in (False, True):
            for street in range(streets):
                across = np.full(len(along) + 1, street * SIDE_M + beside) + random.normal(0, 0.1, len(along) + 1)
                height = 100 - depth + random.normal(0, 0.1, len(along) + 1)
                x, y = np.append(along, length), across
                x, y = (y, x) if turned else (x, y)
                points = np.column_stack([x + 500_000, y + 3_900_000, height])
                line = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1))
                nodes = np.char.add(f"{name}{turned:d}{street}-", np.arange(len(along) + 1).astype(str))
                parts.append((name, diameter, nodes[:-1], nodes[1:], line))
    sizes = [len(part[4]) for part in parts]
    values = {
        "segment_id": [f"s{number}" for number in range(sum(sizes))],
        "class": np.repeat([part[0] for part in parts], sizes),
        "diameter_mm": np.repeat([part[1] for part in parts], sizes),
        "from_node": np.concatenate([part[2] for part in parts]),
        "to_node": np.concatenate([part[3] for part in parts]),
        "depth_ref": ["center"] * sum(sizes),
        "from_depth_m": [1.0] * sum(sizes),
        "to_depth_m": [1.0] * sum(sizes),
    }
    nothing = [None] * sum(sizes)
    columns = {f.name: typed_series(list(values.get(f.name, nothing)), f) for f in PIPE_SEGMENTS.schema}
    rows = gpd.GeoDataFrame(columns, geometry=np.concatenate([part[4] for part in parts]), crs=CRS)
    return rows.iloc[:count]


def join_buffers(segments: gpd.GeoDataFrame) -> set[tuple[int, int]]:
    """Find pairs that are too close in plan: all near ones by a spatial join, then distance less radii."""
    least = load_limits("horizontal").least_m
    kinds, radius = kinds_of(segments), tubes_of(segments).sizes[:, 0]
    reach = shapely.buffer(segments.geometry.to_numpy(), 2.0 + radius.max())
    near = gpd.GeoDataFrame(geometry=reach, crs=segments.crs)
    plain = gpd.GeoDataFrame(geometry=segments.geometry.to_numpy(), crs=segments.crs)
    pairs = gpd.sjoin(near, plain, predicate="intersects")
    first, second = pairs.index.to_numpy(), pairs["index_right"].to_numpy()
    once = first < second
    first, second = first[once], second[once]
    lines = segments.geometry.to_numpy()
    apart = shapely.distance(lines[first], lines[second])
    ends = segments[["from_node", "to_node"]].to_numpy(dtype=object)
    joined = (ends[first][:, :, None] == ends[second][:, None, :]).any(axis=(1, 2))
    close = ~joined & (apart > 0) & (apart - radius[first] - radius[second] < least[kinds[first], kinds[second]] - 1e-4)
    return set(zip(first[close].tolist(), second[close].tolist(), strict=True))


def main() -> None:
    """Print the times, the ratio and what was found."""
    segments = make_segments(150_000)
    find_conflicts(segments.iloc[:100])
    seconds = time_in_turn(3, ours=lambda: find_conflicts(segments), peer=lambda: join_buffers(segments))
    print_ratio("all pairs of 150,000 segments", seconds["ours"], seconds["peer"], peer="geopandas.sjoin")
    found = find_conflicts(segments)
    level = found[found["rule"] == "CLR-H"]
    ours, theirs = set(zip(level["first"], level["second"], strict=True)), join_buffers(segments)
    print(f"  limit {LIMIT_S} s; found {found['rule'].value_counts().to_dict()}; only ours {len(ours - theirs)}")
    print(f"  in plan by sjoin {len(theirs)}, of which {len(theirs - ours)} go on into a segment that crosses")


if __name__ == "__main__":
    main()
