"""Conflicts of 150,000 segments, with one another and with buildings, against buffers, `geopandas.sjoin`, distances."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from support import CRS, print_ratio, time_in_turn

from layers.buildings import BUILDINGS
from layers.pipelines import PIPE_SEGMENTS
from layers.pipelines.clearance.buildings import find_building_conflicts
from layers.pipelines.clearance.limits import KINDS, kinds_of, load_limits
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


def make_buildings(segments: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    """Houses of 12 m by 9 m along the streets, 4 to 14 m from the middle; of half of them the foundation is known."""
    random = np.random.default_rng(2)
    west, south, east, north = segments.total_bounds
    street = np.floor(random.uniform(0, (north - south) / SIDE_M, count)) * SIDE_M
    off = random.choice([-1, 1], count) * random.uniform(4, 14, count)
    x, y = random.uniform(west, east, count), south - LINES[0][1] + street + off + np.where(off < 0, -9, 0)
    outlines = shapely.force_3d(shapely.multipolygons(shapely.box(x, y, x + 12, y + 9)[:, None]), 100.0)
    values = {
        "building_id": [f"b{number}" for number in range(count)],
        "ground_m": [100.0] * count,
        "foundation_depth_m": [depth if depth < 4 else None for depth in random.uniform(0.8, 7.2, count)],
    }
    nothing = [None] * count
    columns = {f.name: typed_series(list(values.get(f.name, nothing)), f) for f in BUILDINGS.schema}
    return gpd.GeoDataFrame(columns, geometry=outlines, crs=CRS)


def join_outlines(segments: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> set[tuple[int, int]]:
    """Find segments that are nearer to outlines than the table allows: near ones by a spatial join, then distances."""
    least = load_limits("horizontal").least_m[kinds_of(segments), KINDS.index("building")]
    radius = tubes_of(segments).sizes[:, 0]
    lines, outlines = segments.geometry.to_numpy(), buildings.geometry.to_numpy()
    near = gpd.GeoDataFrame(geometry=shapely.buffer(lines, least + radius), crs=segments.crs)
    pairs = gpd.sjoin(near, gpd.GeoDataFrame(geometry=outlines, crs=segments.crs), predicate="intersects")
    first, second = pairs.index.to_numpy(), pairs["index_right"].to_numpy()
    close = shapely.distance(lines[first], outlines[second]) - radius[first] < least[first] - 1e-4
    return set(zip(first[close].tolist(), second[close].tolist(), strict=True))


def compare_buildings(segments: gpd.GeoDataFrame) -> None:
    """Print the same of segments and buildings; what the join does not look at are foundations."""
    buildings = make_buildings(segments, 100_000)
    find_building_conflicts(segments.iloc[:100], buildings.iloc[:100])
    seconds = time_in_turn(
        3,
        ours=lambda: find_building_conflicts(segments, buildings),
        peer=lambda: join_outlines(segments, buildings),
    )
    print_ratio("150,000 segments and 100,000 buildings", seconds["ours"], seconds["peer"], peer="geopandas.sjoin")
    found = find_building_conflicts(segments, buildings)
    ours, theirs = set(zip(found["first"], found["second"], strict=True)), join_outlines(segments, buildings)
    by_table = found[found["source"].str.endswith("4.1.11")]
    print(f"  found {found['rule'].value_counts().to_dict()}, {len(by_table)} of them deeper than foundations")
    print(f"  by the table alone {len(theirs)}, of which not ours {len(theirs - ours)}")


def main() -> None:
    """Print the times, the ratios and what was found."""
    segments = make_segments(150_000)
    find_conflicts(segments.iloc[:100])
    seconds = time_in_turn(3, ours=lambda: find_conflicts(segments), peer=lambda: join_buffers(segments))
    print_ratio("all pairs of 150,000 segments", seconds["ours"], seconds["peer"], peer="geopandas.sjoin")
    found = find_conflicts(segments)
    level = found[found["rule"] == "CLR-H"]
    ours, theirs = set(zip(level["first"], level["second"], strict=True)), join_buffers(segments)
    print(f"  limit {LIMIT_S} s; found {found['rule'].value_counts().to_dict()}; only ours {len(ours - theirs)}")
    print(f"  in plan by sjoin {len(theirs)}, of which {len(theirs - ours)} go on into a segment that crosses")
    compare_buildings(segments)


if __name__ == "__main__":
    main()
