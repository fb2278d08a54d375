"""Rows of the layers of pipelines, written short."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from layers.pipelines import PIPE_NODES, PIPE_SEGMENTS
from tests_frames import make_frame
from twin.crs import parse_crs
from twin.store import Changes
from twin.stores import create_store

#: A drawing CRS of the county: metres, x = east, y = north.
CRS = parse_crs("EPSG:4548")

Row = dict[str, Any]

#: A main from the works S by valves V and W to the house H, with a branch from A to a hydrant.
MAIN = {"S": (0, 0), "V": (30, 0), "A": (60, 0), "W": (90, 0), "H": (120, 0), "F": (60, 20)}
MAIN_KINDS: Mapping[str, Row] = {
    "S": {"appurtenance": "waterworks"},
    "V": {"appurtenance": "valve"},
    "W": {"appurtenance": "valve_well"},
    "H": {"feature": "house"},
    "F": {"appurtenance": "hydrant"},
}
MAIN_PIPES = ("S-V", "V-A", "A-W", "W-H", "A-F")


def nodes(places: Mapping[str, tuple[float, float]], kinds: Mapping[str, Row] | None = None) -> list[Row]:
    """Points by name and place, metres from a corner of the county; `kinds` says more of some of them."""
    return [
        {"node_id": name, "class": "JS", "geometry": f"POINT Z ({500_000 + x} {3_940_000 + y} 100)"}
        | (kinds or {}).get(name, {})
        for name, (x, y) in places.items()
    ]


def segments(places: Mapping[str, tuple[float, float]], **given: Row) -> list[Row]:
    """Straight segments by name, as ``A_B`` from A to B, with their axis a metre under the ground."""
    rows = []
    for name, each in given.items():
        start, _, end = name.partition("_")
        row = {"segment_id": f"{start}-{end}", "from_node": start, "to_node": end, "class": "JS", "depth_ref": "center"}
        row |= {"from_depth_m": 1.0, "to_depth_m": 1.0, "status": "in_service"} | each
        at = [
            f"{500_000 + places[node][0]} {3_940_000 + places[node][1]} {0 if depth is None else 100 - depth}"
            for node, depth in ((start, row["from_depth_m"]), (end, row["to_depth_m"]))
        ]
        rows.append(row | {"geometry": f"LINESTRING Z ({', '.join(at)})"})
    return rows


def make_main(path: Path) -> Path:
    """A twin with the main; W was closed in 2022."""
    lines = segments(MAIN, **{name.replace("-", "_"): {} for name in MAIN_PIPES})
    closed = dict(MAIN_KINDS) | {"W": {"appurtenance": "valve_well", "valve_state": "closed"}}
    with create_store(path, crs=CRS) as store:
        for layer, rows in ((PIPE_NODES, nodes(MAIN, MAIN_KINDS)), (PIPE_SEGMENTS, lines)):
            changes = Changes(insert=make_frame(layer, rows, CRS).data)
            store.write(layer, changes, author="zhang", reason="survey", effective=datetime(2021, 1, 1, tzinfo=UTC))
        changes = Changes(update=make_frame(PIPE_NODES, nodes({"W": MAIN["W"]}, closed), CRS).data)
        store.write(PIPE_NODES, changes, author="zhang", reason="closed", effective=datetime(2022, 1, 1, tzinfo=UTC))
    return path
