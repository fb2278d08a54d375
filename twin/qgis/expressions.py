"""Expressions of QGIS: values that depend on the scale of the map or on the code of a feature."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from twin.layer import Style
from twin.looks import GROWTH

#: Scale of a map at zoom 0 of web maps: their pixel at 35° N, the middle of China, on a screen of 96 dots per inch.
_SCALE_OF_ZOOM_0 = 242_300_000
#: A pixel of such a screen.
MM_PER_PX = 25.4 / 96
POINT_PER_PX = 72 / 96


def scale_at(zoom: float) -> int:
    """The scale, as the number that 1 is divided by, of a map at a zoom of web maps."""
    return round(_SCALE_OF_ZOOM_0 / 2**zoom)


def quote_name(field: str) -> str:
    """A field."""
    return '"' + field.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def by_scale(value: float, stops: Iterable[tuple[float, float]]) -> str:
    """A size that grows as the map comes closer.

    Between two zooms web maps let it grow linearly with a power of the zoom; before the first and after the last it
    stays.

    Parameters
    ----------
    value
        The size for 1.
    stops
        Zooms, and what the size is multiplied with there.
    """
    stops = list(stops)
    power = f"{GROWTH} ^ log(2, {_SCALE_OF_ZOOM_0} / @map_scale)"
    grown = [
        f"scale_linear({power}, {GROWTH**near:.6g}, {GROWTH**far:.6g}, 0, {more - less:.6g})"
        for (near, less), (far, more) in pairwise(stops)
    ]
    return f"{value:.6g} * ({' + '.join([f'{stops[0][1]:.6g}', *grown])})"


def by_code(style: Style, value: Callable[[str | None], str]) -> str:
    """A value that depends on the code of a feature; that of other features is the value for None."""
    codes = style.colors.keys() | style.weights.keys()
    if style.by is None or not codes:
        return value(None)
    field = quote_name(style.by)
    cases = [f"WHEN {field} = {quote_text(code)} THEN {value(code)}" for code in sorted(codes)]
    return f"CASE {' '.join(cases)} ELSE {value(None)} END"
