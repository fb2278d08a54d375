"""The section of a pipe, round or W×H, and how high its parts lie for a depth measured to one of them.

Everything is reckoned from the axis, the centre of the opening::

    outer top     axis + height / 2 + wall
    inner bottom  axis - height / 2            (invert)
    outer bottom  axis - height / 2 - wall

A depth is measured from the ground down to its reference, so ``axis = ground - depth + rise``, where the rise is how
far the axis lies above the reference.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

_MM = 0.001

_ROUND = re.compile(r"(?:DN|DE|D|Φ|Ø)?(\d+(?:\.\d+)?)(?:MM)?")
_RECTANGLE = re.compile(r"(\d+(?:\.\d+)?)(?:MM)?[X*×](\d+(?:\.\d+)?)(?:MM)?")


@dataclass(frozen=True, kw_only=True, eq=False)
class Sections:
    """Openings of n pipes in metres, and their walls.

    Parameters
    ----------
    width_m, height_m
        Of the opening; both are the diameter of a round one. NaN where nothing is known of it.
    wall_m
        Thickness of the wall, 0 where it is unknown: surfaces of such a pipe are those of its opening.
    is_round
        Whether the opening is round, or unknown.
    """

    width_m: Floats
    height_m: Floats
    wall_m: Floats
    is_round: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, segments: pd.DataFrame) -> Sections:
        """Sections of n rows of ``pipe_segments``."""
        column = {
            name: segments[name].to_numpy(dtype=float, na_value=np.nan) * _MM
            for name in ("diameter_mm", "width_mm", "height_mm", "wall_mm")
        }
        round_ = ~np.isnan(column["diameter_mm"])
        return cls(
            width_m=np.where(round_, column["diameter_mm"], column["width_mm"]),
            height_m=np.where(round_, column["diameter_mm"], column["height_mm"]),
            wall_m=np.nan_to_num(column["wall_mm"]),
            is_round=round_ | np.isnan(column["width_mm"]),
        )

    def labels(self) -> npt.NDArray[np.object_]:
        """What n sections are called on drawings: ``DN300``, ``600×400``, and nothing where nothing is known."""
        round_ = np.char.add("DN", np.char.mod("%.0f", self.width_m / _MM))
        both = np.char.add(np.char.mod("%.0f×", self.width_m / _MM), np.char.mod("%.0f", self.height_m / _MM))
        names = np.where(self.is_round, round_, both).astype(object)
        return np.where(np.isnan(self.width_m), "", names)

    def rise_m(self, depth_ref: pd.Series[Any] | npt.NDArray[np.object_]) -> Floats:
        """How far the axis lies above what depth is measured to, n values in metres.

        NaN where the section is unknown, unless depth is measured to the centre, and where the reference is.
        """
        half = self.height_m / 2
        rises = {
            "center": np.zeros_like(half),
            "inner_bottom": half,
            "outer_bottom": half + self.wall_m,
            "outer_top": -half - self.wall_m,
        }
        refs = np.asarray(depth_ref, dtype=object)
        rise = np.full(len(half), np.nan)
        for ref, value in rises.items():
            at = refs == ref
            rise[at] = value[at]
        return rise

    def axis_m(self, ground_m: Floats, depth_m: Floats, depth_ref: pd.Series[Any] | npt.NDArray[np.object_]) -> Floats:
        """Heights of the axis for heights of the ground and depths."""
        axis: Floats = ground_m - depth_m + self.rise_m(depth_ref)
        return axis

    def outer_top_m(self, axis_m: Floats) -> Floats:
        """Heights of the outer top for heights of the axis."""
        top: Floats = axis_m + self.height_m / 2 + self.wall_m
        return top

    def inner_bottom_m(self, axis_m: Floats) -> Floats:
        """Heights of the invert for heights of the axis."""
        bottom: Floats = axis_m - self.height_m / 2
        return bottom

    def outer_bottom_m(self, axis_m: Floats) -> Floats:
        """Heights of the outer bottom for heights of the axis."""
        bottom: Floats = axis_m - self.height_m / 2 - self.wall_m
        return bottom

    def cover_m(self, depth_m: Floats, depth_ref: pd.Series[Any] | npt.NDArray[np.object_]) -> Floats:
        """Ground above the outer top for depths, in metres; negative where the pipe stands out of the ground.

        References
        ----------
        GB 50289-2016, 4.1.1.
        """
        cover: Floats = depth_m - self.rise_m(depth_ref) - self.height_m / 2 - self.wall_m
        return cover


def parse_size(text: str) -> tuple[float, ...] | None:
    """Read a section as it is delivered, in the unit in which it is: ``300``, ``DN300`` or ``600×400``.

    Returns
    -------
    tuple
        The diameter, or width and height; None where the text is neither, or a part of it is 0.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()
    found = _ROUND.fullmatch(plain) or _RECTANGLE.fullmatch(plain)
    if found is None:
        return None
    sizes = tuple(float(size) for size in found.groups())
    return sizes if min(sizes) > 0 else None
