"""What places a building model: a place, an axis and scales in a CRS, and where each was taken from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from twin.crs import CRS

Floats = npt.NDArray[np.float64]

#: What the metres of a model are: those of the grid, or true ones on the ground, which the grid stretches.
Metres = Literal["grid", "true"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Georeference:
    """What places a building model.

    Parameters
    ----------
    level
        The level it was taken from: 20 or 50; None where it was declared beside the file.
    crs
        What `x` and `y` are in: eastings and northings, or longitude and latitude, whatever order EPSG has.
    x, y
        Where the anchor of the model stands, in units of the CRS.
    height_m
        Of the anchor, above the vertical datum.
    axis_deg
        Where the x axis of the model points: anti-clockwise from the east of the CRS.
    scale
        Metres of the CRS in a metre of the model, along its three axes; of true metres, what they are to be multiplied
        by to be true.
    metres
        Metres of the grid are added to `x` and `y` as they are; true ones go by the plane that touches the ellipsoid.
    to_anchor_m
        (4, 4) from project coordinates to those that have their origin in the anchor.
    vertical
        The vertical datum, ``EPSG:5737``; empty where nobody says.
    height_shift_m
        What is added to heights to come from that datum to 1985 heights.
    sources
        Which entity, or which key of the declaration, each value is from.
    """

    level: int | None
    crs: CRS
    x: float
    y: float
    height_m: float
    axis_deg: float = 0.0
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    metres: Metres = "grid"
    to_anchor_m: Floats = field(default_factory=lambda: np.eye(4))
    vertical: str = ""
    height_shift_m: float = 0.0
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def anchor_m(self) -> Floats:
        """(3,) the point of the model, in project coordinates, that stands at `x` and `y`."""
        return np.asarray(np.linalg.inv(self.to_anchor_m)[:3, 3])

    def upright(self) -> Georeference:
        """The same, its axes turned by `axis_deg` alone and not by `to_anchor_m` too."""
        turned_deg = float(np.degrees(np.arctan2(self.to_anchor_m[1, 0], self.to_anchor_m[0, 0])))
        return replace(self, axis_deg=self.axis_deg + turned_deg, to_anchor_m=moved_by(-self.anchor_m))


def moved_by(offset_m: npt.ArrayLike) -> Floats:
    """Return (4, 4) what moves points by an offset."""
    matrix = np.eye(4)
    matrix[:3, 3] = offset_m
    return matrix
