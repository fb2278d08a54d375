"""Topographic sheets: 1:2000 over the planning area, 1:1000 over the urban area, with gaps put in on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_gis.dice import Dice
from sample_gis.squares import SIDE_M, Square, kilometre, quarters, share_out

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: When sheets were delivered; the first is the state before the county's programme.
DELIVERIES = ("2020-12-31", "2021-12-15", "2022-11-30")
#: First and last day of survey of the sheets of each delivery, and of the old sheets among the first.
_SURVEYED = (("2018-03-01", "2020-09-30"), ("2020-10-01", "2021-08-31"), ("2022-02-01", "2022-08-31"))
_OLD = ("2008-04-01", "2011-10-31")
_TARGET = 0.9


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet.

    Parameters
    ----------
    scale
        1000 or 2000.
    corner
        South-west corner in units of 500 m.
    status
        Outcome of the last delivery that holds it.
    delivery
        Position in `DELIVERIES` of the one that brought it.
    surveyed
        Day of survey; None while the work goes on.
    """

    scale: int
    corner: Square
    status: str
    delivery: int
    surveyed: str | None

    @property
    def number(self) -> str:
        """South-west corner in kilometres, north first."""
        east, north = self.corner
        return f"{north / 2:.1f}-{east / 2:.1f}"

    @property
    def squares(self) -> tuple[Square, ...]:
        """The 500 m squares it covers."""
        return quarters(self.corner) if self.scale == 2000 else (self.corner,)


@dataclass(frozen=True, kw_only=True)
class SheetTruth:
    """What is wrong with the sheets, known because it was put in. Numbers are of 1:2000 sheets unless said otherwise.

    Parameters
    ----------
    missing
        Sheets never made, over ground that nothing else covers.
    in_progress, rejected
        Sheets that do not count, over ground that nothing else covers.
    old
        Accepted sheets surveyed before 2012.
    without_effect
        Scale and number of sheets that are missing or do not count, over ground that others cover.
    coverage
        Share of the planning area under accepted sheets after each delivery, areas in the plane.
    sheets_to_target
        The fewest 1:2000 sheets that bring the last state to 90 %.
    """

    missing: tuple[str, ...]
    in_progress: tuple[str, ...]
    rejected: tuple[str, ...]
    old: tuple[str, ...]
    without_effect: tuple[tuple[int, str], ...]
    coverage: Mapping[str, float]
    sheets_to_target: int


def plan_sheets(seed: int, planning: shapely.Polygon, urban: shapely.Polygon) -> tuple[tuple[Sheet, ...], SheetTruth]:
    """Decide which sheets there are and what is wrong with them.

    The gaps lie in 1 km squares that no 1:1000 sheet touches, most of them whole in the planning area, so each of
    those sheets is worth exactly one square kilometre.
    """
    dice = Dice(seed, "topographic sheets")
    inside = share_out(planning)
    small = sorted(share_out(urban))
    gaps, worth_less = _choose_gaps(dice, inside, {kilometre(square) for square in small})
    idle_large, idle_small = _choose_idle(dice, small)

    sheets: list[Sheet] = []
    corners = _with_surroundings(dice, {kilometre(square) for square in inside})
    middle = sorted(north for _, north in corners)[len(corners) // 2]
    fine = [corner for corner in corners if corner not in gaps and corner != idle_large]
    old = {fine[index] for index in dice.order(len(fine))[:8].tolist()}
    for corner in corners:
        status = gaps.get(corner, "rejected" if corner == idle_large else "accepted")
        if status != "missing":
            delivery = 2 if status == "in_progress" else int(corner[1] >= middle or status == "rejected")
            delivery = 0 if corner in old else delivery
            days = _OLD if corner in old else _SURVEYED[delivery]
            sheets.append(_sheet(dice, 2000, corner, status, delivery, days))
    for square in small:
        status = idle_small.get(square, "accepted")
        if status != "missing":
            sheets.append(_sheet(dice, 1000, square, status, 2, _SURVEYED[2]))

    def numbers(status: str) -> tuple[str, ...]:
        return tuple(_number(corner) for corner in sorted(gaps) if gaps[corner] == status)

    total = sum(inside.values())
    coverage = {
        day: sum(inside.get(square, 0.0) for square in _accepted(sheets, delivery)) / total
        for delivery, day in enumerate(DELIVERIES)
    }
    short_m2 = (_TARGET - coverage[DELIVERIES[-1]]) * total
    truth = SheetTruth(
        missing=numbers("missing"),
        in_progress=numbers("in_progress"),
        rejected=numbers("rejected"),
        old=tuple(_number(corner) for corner in sorted(old)),
        without_effect=((2000, _number(idle_large)), *((1000, _number(square)) for square in sorted(idle_small))),
        coverage=coverage,
        sheets_to_target=ceil(short_m2 / 1e6),
    )
    if not 0 < truth.sheets_to_target <= len(gaps) - worth_less:
        raise ValueError("the gaps in the sheets do not explain the distance from the target")
    return tuple(sheets), truth


def _choose_gaps(dice: Dice, inside: dict[Square, float], near_urban: set[Square]) -> tuple[dict[Square, str], int]:
    """What is wrong in which 1 km squares, and how many of them are only partly in the planning area."""
    worth = {
        corner: sum(inside.get(square, 0.0) for square in quarters(corner))
        for corner in sorted({kilometre(square) for square in inside} - near_urban)
    }
    full = [corner for corner, area in worth.items() if area > 999_999.9]
    edge = [corner for corner, area in worth.items() if 2e5 < area < 8e5]
    heart = full[int(dice.integers(0, len(full), 1)[0])]

    def apart(corner: Square) -> tuple[int, Square]:
        return (corner[0] - heart[0]) ** 2 + (corner[1] - heart[1]) ** 2, corner

    full, edge = sorted(full, key=apart), sorted(edge, key=apart)
    gaps = {
        **dict.fromkeys(full[:4] + edge[:4], "missing"),
        **dict.fromkeys(full[4:6], "rejected"),
        **dict.fromkeys(full[-2:], "in_progress"),
    }
    return gaps, len(edge[:4])


def _choose_idle(dice: Dice, small: list[Square]) -> tuple[Square, dict[Square, str]]:
    """Faults without effect: a 1:2000 sheet under four good 1:1000 ones, and 1:1000 sheets over good 1:2000 ones."""
    known = set(small)
    whole = sorted({kilometre(square) for square in small if known.issuperset(quarters(kilometre(square)))})
    large = whole[int(dice.integers(0, len(whole), 1)[0])]
    others = [square for square in small if kilometre(square) != large]
    chosen = [others[index] for index in dice.order(len(others))[:9].tolist()]
    return large, dict(zip(chosen, ["missing"] * 4 + ["in_progress"] * 3 + ["rejected"] * 2, strict=True))


def _with_surroundings(dice: Dice, corners: set[Square]) -> list[Square]:
    """The squares of the planning area and some of those around it."""
    around = {(east + i, north + j) for east, north in corners for i in (-2, 0, 2) for j in (-2, 0, 2)} - corners
    mapped = dice.unit(len(around)) < 0.6
    return sorted(corners | {corner for corner, kept in zip(sorted(around), mapped.tolist(), strict=True) if kept})


def _sheet(dice: Dice, scale: int, corner: Square, status: str, delivery: int, days: tuple[str, str]) -> Sheet:
    first, last = (np.datetime64(day) for day in days)
    day = first + dice.integers(0, int((last - first).astype(int)) + 1, 1)[0]
    surveyed = None if status == "in_progress" else str(day)
    return Sheet(scale=scale, corner=corner, status=status, delivery=delivery, surveyed=surveyed)


def _accepted(sheets: Iterable[Sheet], delivery: int) -> set[Square]:
    return {
        square
        for sheet in sheets
        if sheet.status == "accepted" and sheet.delivery <= delivery
        for square in sheet.squares
    }


def _number(corner: Square) -> str:
    return f"{corner[1] / 2:.1f}-{corner[0] / 2:.1f}"


def sheet_rows(sheets: Iterable[Sheet], *, delivery: int) -> GeoDataFrame:
    """Rows of the layer ``topo_sheets`` as they stood after a delivery; sheets of the next one are in progress."""
    import geopandas as gpd

    known = [sheet for sheet in sheets if sheet.delivery <= delivery + 1]
    done = [sheet.delivery <= delivery for sheet in known]
    scale = np.array([sheet.scale for sheet in known])
    west, south = np.array([sheet.corner for sheet in known], float).T * SIDE_M
    side = scale / 2.0
    days = [sheet.surveyed if here else None for sheet, here in zip(known, done, strict=True)]
    return gpd.GeoDataFrame(
        {
            "sheet_id": [f"{sheet.scale}-{sheet.number}" for sheet in known],
            "sheet_no": [sheet.number for sheet in known],
            "name": None,
            "scale": scale,
            "scheme": "rectangular_50x50",
            "whole": True,
            "survey_date": np.array([day or "NaT" for day in days], "datetime64[s]"),
            "status": [sheet.status if here else "in_progress" for sheet, here in zip(known, done, strict=True)],
            "producer": np.where(scale == 2000, "示例测绘院", "示例勘测公司"),
            "height_datum": "cnhd1985",
            "contour_interval_m": np.where(scale == 2000, 1.0, 0.5),
            "planimetric_error_m": np.where([day is None for day in days], np.nan, np.where(scale == 2000, 0.9, 0.45)),
        },
        geometry=shapely.box(west, south, west + side, south + side),
    )
