"""Which of the sheets count as mapped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.topo_sheets.layer import SCALES
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.overlay import shares_area


@dataclass(frozen=True, kw_only=True, eq=False)
class Inventory:
    """The n sheets of the wanted scales that share ground with an area, and which of them count as mapped there."""

    sheets: Frame
    counts: npt.NDArray[np.bool_]

    def of_scale(self, scale: int) -> npt.NDArray[np.bool_]:
        """Return which sheets of a scale count."""
        counts: npt.NDArray[np.bool_] = self.counts & (self.sheets.data["scale"] == scale).to_numpy(bool)
        return counts

    def unite(self, scale: int) -> BaseGeometry:
        """Return the ground that the sheets of a scale map; overlaps count once."""
        polygons = self.sheets.geometry[self.of_scale(scale)]
        # Sheets of one series share their edges and overlap nowhere: then dropping the shared edges is enough.
        if shapely.coverage_is_valid(polygons):
            return shapely.coverage_union_all(polygons)
        return shapely.union_all(polygons)

    def describe_dates(self) -> dict[str, Any]:
        """Give the first and the last day of survey of the sheets that count, and how many have none."""
        surveyed = self.sheets.data["survey_date"][self.counts]
        dates = surveyed.dropna()
        return {
            "surveyed_from": dates.min().date().isoformat() if len(dates) else None,
            "surveyed_to": dates.max().date().isoformat() if len(dates) else None,
            "sheets_without_date": len(surveyed) - len(dates),
        }

    def tell(self, *, status: str, surveyed_since: date | None) -> Iterator[str]:
        """Say which sheets are left out because their rows do not tell."""
        unstated = int(self.sheets.data["status"].isna().sum())
        if unstated and status == "accepted":
            yield f"{unstated} sheets that do not say whether they are accepted are not counted."
        undated = int(self.sheets.data["survey_date"].isna().sum())
        if undated and surveyed_since:
            yield f"{undated} sheets without a survey date are not counted."


def take_inventory(
    topo_sheets: Frame, area: BaseGeometry, *, scales: tuple[int, ...], status: str, surveyed_since: date | None
) -> Inventory:
    """Take the sheets of some scales over an area, and see which count.

    Parameters
    ----------
    topo_sheets
        All sheets.
    area
        Polygon or multipolygon, storage CRS.
    scales
        Scale denominators.
    status
        ``accepted``, ``not_rejected`` or ``any``; a sheet without a status is neither accepted nor rejected.
    surveyed_since
        First day of survey that counts; a sheet without a date then does not.
    """
    sheets = topo_sheets.take(topo_sheets.data["scale"].isin(scales).to_numpy(bool))
    sheets = sheets.take(shares_area(area, sheets.geometry))
    said = sheets.data["status"]
    counts = np.ones(len(sheets), dtype=bool)
    if status == "accepted":
        counts = (said == "accepted").to_numpy(bool)
    elif status == "not_rejected":
        counts = ~(said == "rejected").to_numpy(bool)
    if surveyed_since is not None:
        counts = counts & (sheets.data["survey_date"] >= np.datetime64(surveyed_since, "s")).to_numpy(bool)
    return Inventory(sheets=sheets, counts=counts)


def parse_scales(text: str) -> tuple[int, ...]:
    """Read scale denominators joined by commas, the largest scale first.

    Raises
    ------
    InvalidParameter
        One of them is no scale of a map series.
    """
    known = {str(code.value): int(code.value) for code in SCALES}
    parts = {part.strip() for part in text.split(",")}
    if not parts <= known.keys():
        raise InvalidParameter(
            f"scales must be scale denominators joined by commas, as 1000,2000, not {text!r}; "
            f"there are {', '.join(known)}",
            parameter="scales",
        )
    return tuple(sorted(known[part] for part in parts))


def choose_fill_scale(fill_scale: int | None, scales: tuple[int, ...]) -> int:
    """Choose the scale of the missing sheets: the one asked for, else the smallest that counts.

    Raises
    ------
    InvalidParameter
        Sheets of that scale would not count.
    """
    if fill_scale is None:
        return max(scales)
    if fill_scale not in scales:
        raise InvalidParameter(
            f"missing sheets of 1:{fill_scale} would not count: scales are {', '.join(map(str, scales))}",
            parameter="fill_scale",
        )
    return fill_scale
