"""Rows of the layer ``monitoring_devices``: each watches the line along one way, from a point of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_gis.dice import Dice
from sample_gis.pipes.rows import node_keys, segment_keys
from sample_gis.pipes.ways import Ways
from sample_gis.pipes.works import Works
from sample_gis.place import to_storage

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: What is measured on each class, as kind and name, and on which share of the ways in town and in the country.
_KINDS = {
    "JP": ("pressure", "压力监测点", 0.55, 0.3),
    "TR": ("gas", "可燃气体监测点", 0.5, 0.4),
    "RS": ("temperature", "温度监测点", 0.6, 0.0),
    "GD": ("electric", "电气监测点", 0.45, 0.0),
    "YS": ("level", "液位监测点", 0.12, 0.0),
    "WS": ("level", "液位监测点", 0.2, 0.0),
}
_STATUS = ("in_service", "planned", "out_of_service")


def device_rows(seed: int, built: list[tuple[Ways, Works]]) -> GeoDataFrame:
    """Put a device on some of the ways of each net that is watched at all."""
    import pandas as pd

    tables = [
        _devices(Dice(seed, f"devices {works.net.line.code}"), ways, works)
        for ways, works in built
        if works.net.line.code in _KINDS
    ]
    return pd.concat(tables, ignore_index=True)


def _devices(dice: Dice, ways: Ways, works: Works) -> GeoDataFrame:
    import geopandas as gpd

    net = works.net
    kind, name, in_town, in_country = _KINDS[net.line.code]
    luck, status = dice.unit(len(ways.edge)), dice.pick((0.86, 0.08, 0.06), len(ways.edge))
    day = dice.integers(0, 900, len(ways.edge))
    watched = np.flatnonzero(luck < np.where(ways.street, in_town, in_country))

    mains = np.flatnonzero(~net.branch)
    order = mains[np.argsort(net.way[mains], kind="stable")]
    first, last = (np.searchsorted(net.way[order], watched, side=side) for side in ("left", "right"))
    keys, points = segment_keys(net), node_keys(net)
    names = [";".join(keys[order[low:high]]) for low, high in zip(first.tolist(), last.tolist(), strict=True)]
    at = net.ends[order[(first + last) // 2], 0]
    states = np.array(_STATUS, dtype=object)[status[watched]]
    since = (np.datetime64("2020-01-01") + day[watched]).astype("datetime64[s]")
    until = np.datetime64("2022-08-31", "s")
    never = np.datetime64("NaT", "s")
    return gpd.GeoDataFrame(
        {
            "device_id": np.char.mod(f"M-{net.line.code}-%04d", np.arange(1, len(watched) + 1)).astype(object),
            "name": [f"{road or '示例乡村'}{name}" for road in ways.name[watched].tolist()],
            "kind": kind,
            "class": net.line.group,
            "segment_ids": names,
            "node_id": points[at],
            "owner": net.line.owner,
            "status": states,
            "in_service_since": np.where(states == "planned", never, since),
            "in_service_until": np.where(states == "out_of_service", until, never),
        },
        geometry=shapely.points(np.column_stack([to_storage(net.place[at]), works.ground_m[at]])),
    )
