"""Which key places have 5G by design, and why the others have none: decided before a single cell is placed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from sample_gis.dice import Dice, Floats
from sample_gis.places import Place

#: Why a place has no 5G: no cell reaches it, or the only one in reach is planned, retired, or not 5G.
Reason = Literal["too_far", "planned", "out_of_service", "only_4g"]
#: What was measured at a place: at its key points, or on a grid over it.
Measured = Literal["key_points_good", "key_points_weak", "grid_good", "grid_weak"]

_REASONS: tuple[Reason, ...] = ("too_far", "planned", "out_of_service", "only_4g")

#: Radius that operators state, metres, by band; each cell of a site has one of them.
RADII_M: Mapping[str, tuple[float, ...]] = {"n78": (300.0, 500.0), "n41": (400.0, 700.0), "n28": (800.0, 2_000.0)}
#: No cell in service comes nearer to a dark place than its radius and this.
MARGIN_M = 60.0
#: How far a site may stand from the middle of the place it serves.
OFFSET_M = 20.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """The reception of every key place.

    Parameters
    ----------
    places
        All key places.
    dark
        Places without 5G and why, by position in `places`.
    measured
        Places with samples, by position in `places`; weak ones have a spot below −105 dBm although cells reach them.
    """

    places: tuple[Place, ...]
    dark: Mapping[int, Reason]
    measured: Mapping[int, Measured]

    @classmethod
    def of(cls, seed: int, places: tuple[Place, ...]) -> Design:
        """Decide the reception of the places."""
        dice = Dice(seed, "reception")
        dark: dict[int, Reason] = {}
        for town, reason in zip(_lonely_towns(dice, places), _REASONS, strict=True):
            dark.update({index: reason for index, place in enumerate(places) if place.town == town})
        lonely = [index for index in dice.order(len(places)).tolist() if _is_alone(places, index)]
        dark.update(dict.fromkeys([index for index in lonely if places[index].town < 0][:5], "too_far"))
        dark.update(dict.fromkeys([index for index in lonely if places[index].town == 0][:3], "too_far"))
        return cls(places=places, dark=dark, measured=_measure(dice, places, dark))

    def is_clear(self, point: Floats, radius_m: float) -> bool:
        """Whether a cell at a point leaves every dark place dark."""
        center, reach = self._dark
        away = center - point
        return bool((np.sqrt((away * away).sum(axis=1)) > radius_m + reach + MARGIN_M).all())

    @cached_property
    def _dark(self) -> tuple[Floats, Floats]:
        places = [self.places[index] for index in self.dark]
        return np.array([place.center for place in places]), np.array([place.reach_m for place in places])

    def covered(self) -> dict[int, bool]:
        """Whether each place counts as covered by the best evidence about it: measurements go before cells."""
        return {
            index: self.measured[index].endswith("good") if index in self.measured else index not in self.dark
            for index in range(len(self.places))
        }


def needed_radius_m(place: Place) -> float:
    """Radius of a cell near the middle of a place that surely holds it."""
    return place.reach_m + OFFSET_M + MARGIN_M


def _lonely_towns(dice: Dice, places: tuple[Place, ...]) -> list[int]:
    lonely = [
        town
        for town in (1 + dice.order(max(place.town for place in places))).tolist()
        if all(_is_alone(places, index) for index, place in enumerate(places) if place.town == town)
    ]
    return lonely[: len(_REASONS)]


def _is_alone(places: tuple[Place, ...], index: int) -> bool:
    """Whether a place can stay dark while all others are served; those of a town, the seat apart, go together."""
    place = places[index]
    return all(
        _distance(place.center, other.center) > _least_radius_m(other) + OFFSET_M + place.reach_m + 2 * MARGIN_M
        for number, other in enumerate(places)
        if number != index and not place.town == other.town > 0
    )


def _least_radius_m(place: Place) -> float:
    return min(radius for radii in RADII_M.values() for radius in radii if radius >= needed_radius_m(place))


def _measure(dice: Dice, places: tuple[Place, ...], dark: Mapping[int, Reason]) -> dict[int, Measured]:
    """Measure some served places, and one dark one that turns out to have a signal."""
    measured: dict[int, Measured] = {}
    order = dice.order(len(places)).tolist()
    served = [index for index in order if index not in dark]
    gridded: list[int] = []
    for index in served:
        apart = all(_distance(places[index].center, places[other].center) > 900 for other in gridded)
        if places[index].town >= 0 and len(places[index].parts) == 1 and apart and len(gridded) < 10:
            gridded.append(index)
    measured.update(dict.fromkeys(gridded[:4], "grid_weak"))
    measured.update(dict.fromkeys(gridded[4:], "grid_good"))
    rest = [index for index in served if index not in measured]
    measured.update(dict.fromkeys(rest[:6], "key_points_weak"))
    measured.update(dict.fromkeys(rest[6:30], "key_points_good"))
    measured[next(index for index in order if index in dark)] = "key_points_good"
    return measured


def _distance(a: Floats, b: Floats) -> float:
    away = a - b
    return float(np.sqrt(away[0] * away[0] + away[1] * away[1]))
