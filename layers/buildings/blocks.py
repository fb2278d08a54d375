"""Buildings as solids: their footprint from the lowest ground along it up to the roof, as CIM2 has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from twin.solids import Blocks

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

#: How high a storey is where only their number is known, and a building of which nothing is.
_STOREY_M = 3.0
#: Corners nearer to the one before are the same.
_SAME_M = 0.001


def blocks_of_buildings(buildings: GeoDataFrame) -> Blocks:
    """The blocks of rows of ``buildings``: footprints with flat roofs, holes and several parts kept.

    A block begins at the lowest ground along its footprint, so that none floats over a slope, and ends `height_m` above
    the ground at the building. Those whose ground nobody knows are left out, rather than drawn at a height that they do
    not have. Heights of an outline that are 0 all around say nothing: that is how outlines without heights are kept.
    """
    corners, rings, owners = _find_rings(buildings.geometry.to_numpy())
    ground_m, height_m, floors = (
        buildings[name].to_numpy(dtype=float, na_value=np.nan) for name in ("ground_m", "height_m", "floors")
    )
    lowest_m = np.fmin(ground_m, _lowest_of(corners[:, 2], np.repeat(owners, np.diff(rings)), len(buildings)))
    grounded, shaped = np.isfinite(lowest_m), np.bincount(owners, minlength=len(buildings)) > 0
    measured, counted = height_m > 0, floors > 0
    tall_m = np.select([measured, counted], [height_m, floors * _STOREY_M], _STOREY_M)
    top_m = np.where(np.isfinite(ground_m), ground_m, lowest_m) + tall_m

    drawn = grounded & shaped
    lengths, kept = np.diff(rings), drawn[owners]
    of_corner = np.repeat(owners, lengths)
    corners, of_corner = corners[drawn[of_corner]], of_corner[drawn[of_corner]]
    return Blocks(
        rows=np.flatnonzero(drawn),
        bottoms=np.column_stack([corners[:, :2], lowest_m[of_corner]]),
        tops=np.column_stack([corners[:, :2], top_m[of_corner]]),
        rings=_add_up(lengths[kept]),
        starts=_add_up(np.bincount(owners[kept], minlength=len(buildings))[drawn]),
        left_out=_count({"ground height unknown": shaped & ~grounded, "no outline": ~shaped}),
        assumed=_count(
            {
                f"height unknown, {_STOREY_M:g} m for each floor": drawn & ~measured & counted,
                f"height and floors unknown, {_STOREY_M:g} m": drawn & ~measured & ~counted,
            }
        ),
    )


def _find_rings(areas: npt.NDArray[np.object_]) -> tuple[Floats, Numbers, Numbers]:
    """Return (k, 3) corners, (r + 1,) where each ring begins, and (r,) the area of each; as `Blocks` wants them."""
    polygons, of_polygon = shapely.get_parts(areas, return_index=True)
    of_polygon = of_polygon[sound := shapely.is_valid(polygons) & ~shapely.is_empty(polygons)]
    rings, of_ring = shapely.get_rings(shapely.orient_polygons(polygons[sound], exterior_cw=False), return_index=True)
    corners, at = shapely.get_coordinates(rings, include_z=True, return_index=True)
    # The last corner is the first again.
    onwards = np.roll(corners, -1, axis=0)
    again = (np.diff(at, append=-1) != 0) | (np.hypot(*(onwards - corners)[:, :2].T) < _SAME_M)
    corners, at = corners[~again], at[~again]
    lengths = np.bincount(at, minlength=len(rings))
    whole = lengths > 2
    return corners[whole[at]], _add_up(lengths[whole]), of_polygon[of_ring][whole]


def _lowest_of(heights: Floats, owners: Numbers, count: int) -> Floats:
    """The lowest height of each of n outlines; NaN where it is 0 all around."""
    lowest, known = np.full(count, np.inf), np.zeros(count, dtype=bool)
    np.fmin.at(lowest, owners, heights)
    known[owners[heights != 0]] = True
    return np.where(known & np.isfinite(lowest), lowest, np.nan)


def _add_up(counts: Numbers) -> Numbers:
    return np.concatenate([[0], np.cumsum(counts)])


def _count(reasons: dict[str, npt.NDArray[np.bool_]]) -> dict[str, int]:
    return {reason: int(those.sum()) for reason, those in reasons.items() if those.any()}
