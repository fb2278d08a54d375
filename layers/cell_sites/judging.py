"""Places, what a kind of evidence says about them, and which evidence decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import shapely

from twin.area import ellipsoidal_area_m2
from twin.crs import CRS, reproject
from twin.frame import Frame

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]
Method = Literal["key_points", "area_share", "radius"]

#: Shares are compared with this tolerance: sums of areas are not exact.
TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """n places in a metric plane: keys, geometries (polygon, point, None: not asked about) and true areas."""

    keys: pd.Index[str]
    geometry: Geometries
    area_m2: Floats
    plane: CRS

    @classmethod
    def of(cls, frame: Frame, plane: CRS) -> Places:
        """Take the places of a frame into a plane."""
        geometry = shapely.force_2d(reproject(frame.geometry, frame.crs, plane))
        return cls(keys=frame.data.index, geometry=geometry, area_m2=ellipsoidal_area_m2(geometry, plane), plane=plane)

    def only(self, rows: npt.NDArray[np.bool_]) -> Places:
        """Ask about these places only."""
        geometry = self.geometry.copy()
        geometry[~rows] = None
        return replace(self, geometry=geometry)

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """What one kind of evidence says about n places.

    Parameters
    ----------
    method, evidence
        How a place is judged, and by what.
    share
        Share of the place that is covered, NaN where this evidence says nothing about it.
    count
        How many spots or sectors speak for or against it.
    needed
        The share at which a place is covered.
    missing
        Geometry in the plane that is not covered: weak spots, or the rest of a place.
    """

    method: Method
    evidence: str
    share: Floats
    count: npt.NDArray[np.int64]
    needed: float
    missing: Geometries

    @property
    def judged(self) -> npt.NDArray[np.bool_]:
        """The places this evidence says something about."""
        return ~np.isnan(self.share)

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """The places it finds covered."""
        return self.share >= self.needed - TOLERANCE


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """n places, each judged by the best evidence about it.

    Parameters
    ----------
    judgements
        What each kind of evidence says, the best first.
    by
        Position of the judgement that decides about each place, -1 where none does.
    """

    places: Places
    judgements: tuple[Judgement, ...]
    by: npt.NDArray[np.int64]

    @property
    def judged(self) -> npt.NDArray[np.bool_]:
        """The places that some evidence speaks about."""
        return self.by >= 0

    @cached_property
    def covered(self) -> npt.NDArray[np.bool_]:
        """The places found covered; without evidence a place is not."""
        covered = np.zeros(len(self.places), dtype=bool)
        for number, judgement in enumerate(self.judgements):
            covered |= (self.by == number) & judgement.covered
        return covered

    @property
    def methods(self) -> npt.NDArray[np.object_]:
        """How each place was judged, ``none`` where it was not."""
        return np.array([*(judgement.method for judgement in self.judgements), "none"], dtype=object)[self.by]


def judge_in_turn(places: Places, judges: Iterable[Callable[[Places], Judgement]]) -> Outcome:
    """Let each kind of evidence, the best first, judge the places that none before it could."""
    by = np.full(len(places), -1)
    judgements: list[Judgement] = []
    for judge in judges:
        judgement = judge(places.only(by < 0))
        by[(by < 0) & judgement.judged] = len(judgements)
        judgements.append(judgement)
    return Outcome(places=places, judgements=tuple(judgements), by=by)
