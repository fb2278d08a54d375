"""What maps have in common, whoever draws them: colours, and how sizes grow as the map comes closer."""

from __future__ import annotations

import math

#: What is below everything, what names stand on, and where colours go to become darker.
PAPER = "#f6f4ee"
HALO = "#ffffff"
INK = "#1f2430"
#: How much paper is in the colour of what is filled, and ink in that of casings and of names.
FILL_PAPER, CASING_INK, NAME_INK = 0.35, 0.3, 0.55
OUTLINE_OPACITY = 0.8
#: How much wider than its line a casing is.
CASING_PX = 1.2

#: How fast sizes grow between two zooms: by this factor with each, as MapLibre's exponential interpolation has it.
GROWTH = 1.5
#: Sizes in a map of the county, a town and a street, for 1 in the town: lines as wide as what they stand for grow most.
LINE_SIZES = ((8, 0.4), (13, 1.0), (18, 6.0))
OUTLINE_SIZES = ((8, 0.6), (13, 1.0), (18, 2.0))
MARK_SIZES = ((8, 0.4), (13, 1.0), (18, 1.6))
#: Widths of what sets marks off from what is below them, in pixels.
HALO_SIZES = ((8, 0.2), (13, 1.0), (18, 1.5))

#: In a map of several layers, lines and points are seen this many zooms before their names.
SEEN_BEFORE_NAMED = 3
#: Names of areas that hold others last this many zooms; then the area is much larger than the window.
NAMES_LAST = 3


def mix_colors(color: str, other: str, share: float) -> str:
    """Mix some of another colour into a colour; both as ``#rrggbb``."""
    pairs = [(int(color[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(ours + (theirs - ours) * share):02x}" for ours, theirs in pairs)


def name_size_px(weight: float) -> float:
    """How large the names of features of a weight are."""
    return round(12 * math.pow(weight, 0.15), 1)
