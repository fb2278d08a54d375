"""Which sheets to survey next: the fewest that reach the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from layers.topo_sheets.numbering import grid
from layers.topo_sheets.series import Series
from twin.area import ellipsoidal_area_m2
from twin.crs import CRS, crs_label
from twin.overlay import cut


@dataclass(frozen=True, kw_only=True, eq=False)
class MissingSheets:
    """Sheets to survey, in the order in which they gain most.

    Parameters
    ----------
    scale, series
        The sheet grid.
    sheet_no
        n sheet numbers.
    footprint
        n polygons, storage CRS.
    gain_m2
        n areas that each sheet would newly cover.
    """

    scale: int
    series: Series
    sheet_no: npt.NDArray[np.str_]
    footprint: npt.NDArray[np.object_]
    gain_m2: npt.NDArray[np.float64]

    def describe(self, covered_m2: float, total_m2: float) -> list[dict[str, Any]]:
        """Give the sheets as plain values, each with the ratio reached once it and those before it are mapped."""
        ratios = (covered_m2 + np.cumsum(self.gain_m2)) / total_m2
        sheet = {"scale": self.scale, "scheme": self.series.scheme, "sheet_crs": crs_label(self.series.crs)}
        return [
            {"sheet_no": number, **sheet, "gain_m2": gain_m2, "ratio_then": ratio}
            for number, gain_m2, ratio in zip(
                self.sheet_no.tolist(), self.gain_m2.tolist(), ratios.tolist(), strict=True
            )
        ]


def find_fewest_sheets(
    uncovered: BaseGeometry, crs: CRS, *, needed_m2: float, scale: int, series: Series
) -> MissingSheets:
    """Find the fewest sheets of a grid that cover enough of an uncovered area.

    The candidates are the cells of the sheet grid that share area with the uncovered part. They do not overlap, so
    what a cell gains does not depend on which others are taken, and any k cells gain the sum of their gains: at most
    the sum of the k greatest. If the k greatest fall short, every choice of k does. So taking cells by falling gain
    until the need is met takes the fewest. A sheet of a larger scale lies within one cell, so that taking the cell
    instead gains no less: no mix with larger scales takes fewer.

    Parameters
    ----------
    uncovered
        Polygon or multipolygon in `crs`.
    crs
        Storage CRS.
    needed_m2
        Area still to be covered; nothing is needed when it is not positive.
    scale, series
        The sheet grid.
    """
    if needed_m2 <= 0 or uncovered.is_empty:
        numbers, footprints, gains = np.empty(0, np.str_), np.empty(0, object), np.empty(0)
    else:
        numbers, footprints = grid(
            uncovered, crs, scale=scale, scheme=series.scheme, offset=series.offset, numbers_crs=series.crs
        )
        gains = ellipsoidal_area_m2(cut(footprints, uncovered), crs)
    order = np.argsort(-gains, kind="stable")
    enough = int(np.searchsorted(np.cumsum(gains[order]), needed_m2)) + 1
    taken = order[:enough]
    return MissingSheets(
        scale=scale, series=series, sheet_no=numbers[taken], footprint=footprints[taken], gain_m2=gains[taken]
    )
