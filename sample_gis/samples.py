"""Measured 5G signal: key points and grids of some places, and a drive along the main streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_gis.blocks import unit_vector
from sample_gis.dice import Dice, Floats
from sample_gis.mesh import Mask
from sample_gis.place import ORIGIN, to_storage
from sample_gis.places import Place
from sample_gis.reception import Design

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

_CELL_M = 25
#: A spot is good from −105 dBm; what is meant to be good or weak stays clear of that.
_GOOD_DBM, _WEAK_DBM = (-99.0, -72.0), (-118.0, -107.0)
_FIRST_DAY = np.datetime64("2022-10-10T01:00:00")


def sample_rows(seed: int, design: Design, keys: list[str], streets: Floats) -> GeoDataFrame:
    """Rows of the layer ``signal_samples``.

    Parameters
    ----------
    seed
        Seed of the county.
    design
        What was measured where, and with what outcome.
    keys
        The key of each place.
    streets
        (m, 2) points along the main streets, metres from the seat.
    """
    import geopandas as gpd
    import pandas as pd

    dice = Dice(seed, "signal samples")
    tables = [_measure(dice, design, index, keys[index]) for index in sorted(design.measured)]
    tables.append(_table("drive", None, streets, dice.unit(len(streets)) < 0.94))
    table = pd.concat(tables, ignore_index=True)
    good = table.pop("good").to_numpy(bool)
    at = table[["x", "y"]].to_numpy(float)
    count = len(table)
    low, high = (np.where(good, _GOOD_DBM[side], _WEAK_DBM[side]) for side in (0, 1))
    minutes = dice.integers(0, 60 * 24 * 21, count)
    return gpd.GeoDataFrame(
        table.drop(columns=["x", "y"]).assign(
            sample_id=[f"S{number:05d}" for number in range(1, count + 1)],
            operator=np.array(["china_mobile", "china_telecom", "china_unicom"], dtype=object)[
                dice.integers(0, 3, count)
            ],
            ss_rsrp_dbm=np.round((low + (high - low) * dice.unit(count)) * 10) / 10,
            ss_sinr_db=np.round((np.where(good, 2.0, -9.0) + np.where(good, 20.0, 8.0) * dice.unit(count)) * 10) / 10,
            measured_at=pd.to_datetime(_FIRST_DAY + minutes.astype("timedelta64[m]")).tz_localize("UTC").as_unit("us"),
        ),
        geometry=shapely.points(to_storage(at)),
    )


def _measure(dice: Dice, design: Design, index: int, key: str) -> pd.DataFrame:
    """Spots of one place, with whether each is good."""
    place, measured = design.places[index], design.measured[index]
    weak = measured.endswith("weak")
    if measured.startswith("key_points"):
        points = np.concatenate([part.mean(axis=0) + 0.6 * (part - part.mean(axis=0)) for part in place.parts])[:6]
        good = np.ones(len(points), bool)
        good[int(dice.integers(0, len(points), 1)[0])] = not weak
        return _table("key_point", key, points, good)
    points = _grid(place)
    # A weak grid is weak over its western third: far more than the twentieth that may be.
    west, east = points[:, 0].min(), points[:, 0].max()
    good = (points[:, 0] > west + (east - west) * 0.36) | (not weak)
    return _table("grid", None, points, good)


def _table(kind: str, place_id: str | None, points: Floats, good: Mask) -> pd.DataFrame:
    import pandas as pd

    size = float(_CELL_M) if kind == "grid" else None
    return pd.DataFrame(
        {
            "kind": kind,
            "place_id": pd.Series([place_id] * len(points), dtype="str"),
            "cell_size_m": pd.Series([size] * len(points), dtype="float64"),
            "x": points[:, 0],
            "y": points[:, 1],
            "good": good,
        }
    )


def _grid(place: Place) -> Floats:
    """Middles of the cells of the storage grid over a place, metres from the seat."""
    ring = place.parts[0]
    low, high = ((bound + ORIGIN) // _CELL_M for bound in (ring.min(axis=0), ring.max(axis=0)))
    columns, rows = (np.arange(low[axis], high[axis] + 1) for axis in range(2))
    cells = np.stack(np.meshgrid(columns, rows, indexing="ij"), axis=-1).reshape(-1, 2)
    points = (cells + 0.5) * _CELL_M - ORIGIN
    # No farther out than this, or the cells would say something about the place across the street.
    return points[_depth(points, ring) > -0.36 * _CELL_M]


def _depth(points: Floats, ring: Floats) -> Floats:
    """How far inside a convex ring points lie; negative outside."""
    side = unit_vector(np.roll(ring, -1, axis=0) - ring)
    inward = np.stack([-side[:, 1], side[:, 0]], axis=1)
    depth: Floats = ((points[:, None] - ring[None]) * inward[None]).sum(axis=2).min(axis=1)
    return depth
