"""What each kind of evidence says about the 5G coverage of places: measured key points, measured area, stated radius.

A spot has 5G when the signal of some operator reaches the threshold there. Where one operator measured one spot more
than once, the latest measurement counts, and the worst of several equally late ones.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.cell_sites.judging import TOLERANCE, Floats, Geometries, Judgement, Places
from twin.area import ellipsoidal_area_m2
from twin.crs import CRS, reproject
from twin.frame import Frame
from twin.moments import CHINA

if TYPE_CHECKING:
    import pandas as pd


def read_samples(
    frame: Frame,
    plane: CRS,
    *,
    rsrp_dbm: float,
    sinr_db: float | None,
    operator: str | None,
    since: date | None,
    until: date | None,
) -> pd.DataFrame:
    """Return the samples of an operator within days (as China counts them), with whether each meets the threshold.

    Columns: kind, place_id, operator, measured_at, size_m, x and y (in the plane, to the decimetre), good. A sample
    that does not say when it was measured is taken whatever the days; one without SS-SINR does not meet a threshold
    of it.
    """
    rows = frame.data[["kind", "place_id", "operator", "measured_at"]].reset_index(drop=True)
    at = shapely.get_coordinates(reproject(frame.geometry, frame.crs, plane))
    good = frame.data["ss_rsrp_dbm"].to_numpy(float) >= rsrp_dbm
    if sinr_db is not None:
        good &= frame.data["ss_sinr_db"].to_numpy(float) >= sinr_db
    rows = rows.assign(
        size_m=frame.data["cell_size_m"].to_numpy(float), x=at[:, 0].round(1), y=at[:, 1].round(1), good=good
    )
    keep = np.ones(len(rows), dtype=bool)
    if operator is not None:
        keep &= (rows["operator"] == operator).to_numpy(bool)
    if since is not None:
        keep &= ~(rows["measured_at"] < datetime.combine(since, time(), CHINA)).to_numpy(bool)
    if until is not None:
        keep &= ~(rows["measured_at"] > datetime.combine(until, time.max, CHINA)).to_numpy(bool)
    kept: pd.DataFrame = rows[keep]
    return kept


def judge_key_points(places: Places, samples: pd.DataFrame) -> Judgement:
    """Judge places by the measurements at their key points: all of them must be good."""
    found = samples[samples["kind"] == "key_point"]
    place = places.keys.get_indexer(found.set_index("place_id").index)
    found = found.assign(place=place, weight=1.0)[place >= 0]
    share, count, missing = _share_of_spots(found, len(places))
    return Judgement(method="key_points", evidence="key_point", share=share, count=count, needed=1.0, missing=missing)


def judge_grid(places: Places, samples: pd.DataFrame, *, needed: float, measured: float) -> Judgement:
    """Judge places by the grid cells over them, each weighted by the area it shares with the place.

    A place of which less than the share `measured` lies under grid cells is not judged; a point is judged by the cell
    that holds it.
    """
    found = samples[samples["kind"] == "grid"]
    half = found["size_m"].to_numpy(float) / 2
    x, y = found["x"].to_numpy(float), found["y"].to_numpy(float)
    cells = shapely.box(x - half, y - half, x + half, y + half)
    place, cell = shapely.STRtree(cells).query(places.geometry, predicate="intersects")
    shared = cells[cell]
    shapely.prepare(places.geometry)
    cut = ~shapely.contains_properly(places.geometry[place], shared)
    shared[cut] = shapely.intersection(shared[cut], places.geometry[place[cut]])
    weight = ellipsoidal_area_m2(shared, places.plane)
    is_point = places.area_m2 == 0
    weight[is_point[place]] = 1.0
    found = found.iloc[cell].assign(place=place, weight=weight)[weight > 0]

    share, count, missing = _share_of_spots(found, len(places))
    spots = found.drop_duplicates(["place", "x", "y"])
    known_m2 = np.bincount(spots["place"], spots["weight"], len(places))
    share[~is_point & (known_m2 < (measured - TOLERANCE) * places.area_m2)] = np.nan
    return Judgement(method="area_share", evidence="grid", share=share, count=count, needed=needed, missing=missing)


def judge_drive(places: Places, samples: pd.DataFrame, *, needed: float, at_least: int) -> Judgement:
    """Judge places by the drive and walk test spots inside them, where there are at least so many."""
    found = samples[samples["kind"] == "drive"]
    place, sample = shapely.STRtree(_points(found)).query(places.geometry, predicate="intersects")
    share, count, missing = _share_of_spots(found.iloc[sample].assign(place=place, weight=1.0), len(places))
    share[count < at_least] = np.nan
    return Judgement(method="area_share", evidence="drive", share=share, count=count, needed=needed, missing=missing)


def judge_sectors(places: Places, sectors: Geometries, *, needed: float) -> Judgement:
    """Judge places by the union of the sectors that cells are stated to serve: an estimate, not a measurement."""
    shapely.prepare(sectors)
    place, sector = shapely.STRtree(sectors).query(places.geometry, predicate="intersects")
    count = np.bincount(place, minlength=len(places))
    is_point = places.area_m2 == 0
    missing = places.geometry.copy()
    missing[is_point & (count > 0)] = None
    missing[place[shapely.covers(sectors[sector], places.geometry[place])]] = None

    # Take one sector after the other off what is left of each place, the nearest first: most are gone after a few.
    away = shapely.distance(shapely.centroid(sectors)[sector], shapely.centroid(places.geometry)[place])
    order = np.lexsort((away, place))
    place, sector = place[order], sector[order]
    turn = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    for nth in range(int(count.max(initial=0))):
        now = (turn == nth) & ~shapely.is_empty(missing[place]) & ~shapely.is_missing(missing[place])
        missing[place[now]] = shapely.difference(missing[place[now]], sectors[sector[now]])
    rest_m2 = ellipsoidal_area_m2(missing, places.plane)
    share = np.where(is_point, count > 0, np.maximum(0.0, 1 - rest_m2 / np.where(is_point, 1, places.area_m2)))
    return Judgement(
        method="radius", evidence="sectors", share=share.astype(float), count=count, needed=needed, missing=missing
    )


def _points(samples: pd.DataFrame) -> Geometries:
    return np.asarray(shapely.points(samples[["x", "y"]].to_numpy(float)), dtype=object)


def _share_of_spots(found: pd.DataFrame, n: int) -> tuple[Floats, npt.NDArray[np.int64], Geometries]:
    """Weighted share of good spots, number of spots and weak spots of n places.

    `found` holds samples with the position of their place and the weight of their spot in it.
    """
    data = found.assign(
        operator=found["operator"].fillna(""), measured_at=found["measured_at"].fillna(datetime.fromtimestamp(0, CHINA))
    )
    own = ["place", "x", "y", "operator"]
    data = data[data["measured_at"] == data.groupby(own)["measured_at"].transform("max")]
    by_operator = data.groupby(own).agg(good=("good", "min"), weight=("weight", "max"))
    spots = by_operator.groupby(["place", "x", "y"]).max().reset_index()

    place = spots["place"].to_numpy(np.int64)
    weight, good = spots["weight"].to_numpy(float), spots["good"].to_numpy(bool)
    total = np.bincount(place, weight, n)
    share = np.divide(np.bincount(place, weight * good, n), total, out=np.full(n, np.nan), where=total > 0)
    missing = np.full(n, None, dtype=object)
    weak = spots[~good]
    if len(weak):
        points = _points(weak)
        row, at = np.unique(weak["place"].to_numpy(np.int64), return_inverse=True)
        missing[row] = shapely.multipoints(points, indices=at)
    return share, np.bincount(place, minlength=n), missing
