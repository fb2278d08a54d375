"""Units in which departments deliver numbers."""

from __future__ import annotations

from twin.errors import InvalidParameter

#: Unit → quantity and how many of its SI units (degrees for angles) one is.
_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("mm", "毫米"), ("length", 1e-3)),
    **dict.fromkeys(("cm", "厘米"), ("length", 1e-2)),
    **dict.fromkeys(("dm", "分米"), ("length", 1e-1)),
    **dict.fromkeys(("m", "米"), ("length", 1.0)),
    **dict.fromkeys(("km", "公里", "千米"), ("length", 1e3)),
    "ft": ("length", 0.3048),
    "in": ("length", 0.0254),
    **dict.fromkeys(("m2", "m²", "平方米", "㎡"), ("area", 1.0)),
    **dict.fromkeys(("ha", "公顷"), ("area", 1e4)),
    **dict.fromkeys(("mu", "亩"), ("area", 1e4 / 15)),
    **dict.fromkeys(("km2", "km²", "平方公里", "平方千米"), ("area", 1e6)),
    **dict.fromkeys(("mW", "毫瓦"), ("power", 1e-3)),
    **dict.fromkeys(("W", "瓦"), ("power", 1.0)),
    **dict.fromkeys(("kW", "千瓦"), ("power", 1e3)),
    **dict.fromkeys(("deg", "°", "度"), ("angle", 1.0)),
    **dict.fromkeys(("Pa", "帕"), ("pressure", 1.0)),
    **dict.fromkeys(("kPa", "KPa", "千帕"), ("pressure", 1e3)),
    **dict.fromkeys(("MPa", "Mpa", "MPA", "mpa", "兆帕"), ("pressure", 1e6)),
    **dict.fromkeys(("V", "伏"), ("voltage", 1.0)),
    **dict.fromkeys(("kV", "KV", "kv", "Kv", "千伏"), ("voltage", 1e3)),
    **dict.fromkeys(("°C", "摄氏度"), ("temperature", 1.0)),
}


def is_unit(text: str) -> bool:
    """Whether a word is a unit we know."""
    return text in _UNITS


def unit_factor(delivered: str, wanted: str | None) -> float:
    """By what to multiply numbers in one unit to have them in another.

    Raises
    ------
    InvalidParameter
        A unit is unknown, or the two measure different things.
    """
    if delivered == wanted:
        return 1.0
    if delivered not in _UNITS or wanted not in _UNITS or _UNITS[delivered][0] != _UNITS[wanted][0]:
        raise InvalidParameter(
            f"numbers in {delivered} cannot become {wanted or 'numbers without a unit'}; units are {', '.join(_UNITS)}"
        )
    return _UNITS[delivered][1] / _UNITS[wanted][1]
