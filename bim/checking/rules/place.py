"""Rules about where a model stands."""

from __future__ import annotations

from collections.abc import Iterator

from bim.checking.delivered import Delivered, found
from bim.finding import Finding
from twin.rules.rule import rule

_ADVICE = "set the map conversion (IfcMapConversion, IfcProjectedCRS), or deliver a declaration (--georef)"


@rule(
    "BIM-PLACE",
    title="Georeferencing",
    title_zh="地理参照问题",
    severity="warning",
    source="the report on georeferencing; buildingSMART, User Guide for Geo-referencing in IFC",
    confidence="high",
)
def place(delivered: Delivered) -> Iterator[Finding]:
    """What the report on georeferencing found; each keeps its own name and severity."""
    yield from delivered.place.findings


@rule(
    "BIM-LEVEL",
    title="Georeferenced at too low a level",
    title_zh="地理参照等级不足",
    severity="error",
    source="LoGeoRef (Clemen, Görne 2019); custom",
    confidence="medium",
    limits={"level": "The least level: 20 latitude and longitude, 50 conversion into the CRS of a map."},
)
def level(delivered: Delivered, *, level: int = 20) -> Iterator[Finding]:
    """The level by which the model is placed; a declaration beside the file counts as 50."""
    chosen = delivered.place.chosen
    measured = 0 if chosen is None else 50 if chosen.level is None else chosen.level
    if measured < level:
        what = "nothing places it" if chosen is None else "it is placed roughly"
        yield found("the place", what, _ADVICE, measured=float(measured), limit=float(level))
