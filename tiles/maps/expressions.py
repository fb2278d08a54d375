"""The language of map styles: expressions, and the older filters and stops, as far as this service draws by them.

References
----------
MapLibre Style Specification, "Expressions" and "Deprecations": https://maplibre.org/maplibre-style-spec/expressions/
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from twin.errors import StyleNotDrawn

_COLOR = re.compile(r"#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}")
_KINDS = {1: "Point", 2: "LineString", 3: "Polygon"}
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_COMPUTED: Mapping[str, Callable[..., float]] = {
    "-": lambda a, b=None: -a if b is None else a - b, "/": operator.truediv, "%": operator.mod, "^": operator.pow,
    "abs": abs, "round": lambda a: int(a + 0.5), "min": min, "max": max, "sqrt": lambda a: a**0.5,
    "+": lambda *each: sum(each), "*": lambda a, *rest: a if not rest else a * _COMPUTED["*"](*rest),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What an expression may look at: a feature, and the zoom of the map.

    Parameters
    ----------
    zoom
        As MapLibre counts, with tiles of 512 pixels.
    properties
        Of the feature.
    kind
        1 points, 2 lines, 3 areas; 0 for none.
    """

    zoom: float
    properties: Mapping[str, Any]
    kind: int = 0


def evaluate(expression: Any, seen: Seen) -> Any:
    """Find the value of an expression, or of a value that is none; None where the feature has no such value.

    Raises
    ------
    StyleNotDrawn
        It says something that is not drawn here.
    """
    if isinstance(expression, dict):
        return _follow_stops(expression, seen)
    if not isinstance(expression, list):
        return expression
    if not expression or not isinstance(expression[0], str):
        return expression  # an array that stands for itself
    name, *arguments = expression
    known = _EXPRESSIONS.get(name)
    try:
        if known is not None:
            return known(arguments, seen)
        if name in _COMPARED:
            one, other = (evaluate(argument, seen) for argument in arguments)
            return _are_comparable(one, other) and _COMPARED[name](one, other)
        if name in _COMPUTED:
            numbers = [evaluate(argument, seen) for argument in arguments]
            return None if None in numbers else _COMPUTED[name](*numbers)
    except (ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError) as error:
        raise StyleNotDrawn(f"the expression {_shorten(expression)} cannot be worked out: {error}") from error
    raise StyleNotDrawn(f"the expression {name!r} is not drawn here, in {_shorten(expression)}")


def passes(condition: Any, seen: Seen) -> bool:
    """Whether a feature passes the filter of a map layer, in the newer or the older language."""
    return condition is None or bool(evaluate(_renew(condition), seen))


def names_in(expression: Any) -> Iterator[str]:
    """Every word of an expression; the properties that it looks at are among them."""
    if isinstance(expression, str):
        yield expression
    elif isinstance(expression, list):
        for part in expression:
            yield from names_in(part)
    elif isinstance(expression, dict):
        for part in expression.values():
            yield from names_in(part)


def _are_comparable(one: Any, other: Any) -> bool:
    """Whether two values are both texts or both numbers."""
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    return any(isinstance(one, kind) and isinstance(other, kind) for kind in (str, int | float))


def _renew(condition: Any) -> Any:  # noqa: PLR0911  one way for each older form
    """Write an older filter, whose operands are names and values, as an expression."""
    if not isinstance(condition, list) or not condition:
        return condition
    name, *rest = condition
    if name in ("all", "any"):
        return [name, *map(_renew, rest)]
    if name == "none":
        return ["!", ["any", *map(_renew, rest)]]
    plain = rest and isinstance(rest[0], str)
    if name in ("==", "!=", *_COMPARED) and len(rest) == 2 and plain and not isinstance(rest[1], list):
        return [name, _look_up(rest[0]), rest[1]]
    if name in ("in", "!in") and plain and (len(rest) != 2 or not isinstance(rest[1], list)):
        found = ["in", _look_up(rest[0]), ["literal", rest[1:]]]
        return found if name == "in" else ["!", found]
    if name == "!has":
        return ["!", ["has", *rest]]
    return condition


def _look_up(name: str) -> list[Any]:
    return ["geometry-type"] if name == "$type" else ["get", name]


def _match(arguments: Sequence[Any], seen: Seen) -> Any:
    wanted, *cases, otherwise = arguments
    value = evaluate(wanted, seen)
    for labels, result in zip(cases[::2], cases[1::2], strict=True):
        if value in labels if isinstance(labels, list) else value == labels:
            return evaluate(result, seen)
    return evaluate(otherwise, seen)


def _case(arguments: Sequence[Any], seen: Seen) -> Any:
    *cases, otherwise = arguments
    for condition, result in zip(cases[::2], cases[1::2], strict=True):
        if evaluate(condition, seen):
            return evaluate(result, seen)
    return evaluate(otherwise, seen)


def _step(arguments: Sequence[Any], seen: Seen) -> Any:
    given, result, *stops = arguments
    value = evaluate(given, seen)
    for stop, reached in zip(stops[::2], stops[1::2], strict=True):
        if value < stop:
            break
        result = reached
    return evaluate(result, seen)


def _interpolate(arguments: Sequence[Any], seen: Seen) -> Any:
    (how, *growth), given, *stops = arguments
    if how not in ("linear", "exponential"):
        raise StyleNotDrawn(f"interpolation {how!r} is not drawn here; linear and exponential are")
    value = evaluate(given, seen)
    places, results = stops[::2], stops[1::2]
    after = sum(value >= place for place in places)
    if after in (0, len(places)):
        return evaluate(results[0 if after == 0 else -1], seen)
    first, last = places[after - 1], places[after]
    share = _share(value - first, last - first, growth[0] if growth else 1)
    return _mix(evaluate(results[after - 1], seen), evaluate(results[after], seen), share)


def _share(gone: float, whole: float, growth: float) -> float:
    return gone / whole if growth == 1 else (growth**gone - 1) / (growth**whole - 1)


def _mix(one: Any, other: Any, share: float) -> Any:
    if isinstance(one, str):
        ours, theirs = _channels(one), _channels(other)
        mixed = (round(a + (b - a) * share) for a, b in zip(ours, theirs, strict=True))
        return "#" + "".join(f"{channel:02x}" for channel in mixed)
    if isinstance(one, list):
        return [_mix(a, b, share) for a, b in zip(one, other, strict=True)]
    return one + (other - one) * share


def _channels(color: str) -> tuple[int, int, int]:
    if not _COLOR.fullmatch(color):
        raise StyleNotDrawn(f"colours that change with the zoom are written #rrggbb here; not {color!r}")
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _follow_stops(function: Mapping[str, Any], seen: Seen) -> Any:
    """The older way to say what depends on the zoom: pairs of a zoom and a value."""
    stops = function.get("stops")
    if not isinstance(stops, list) or set(function) - {"stops", "base"}:
        raise StyleNotDrawn("of older functions only those are drawn here that have stops of zooms, and a base")
    numbers = isinstance(stops[0][1], int | float) or str(stops[0][1]).startswith("#")
    parts = [part for stop in stops for part in stop]
    if numbers:
        return evaluate(["interpolate", ["exponential", function.get("base", 1)], ["zoom"], *parts], seen)
    return evaluate(["step", ["zoom"], stops[0][1], *parts[2:]], seen)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _number(arguments: Sequence[Any], seen: Seen) -> float | None:
    for argument in arguments:
        value = evaluate(argument, seen)
        try:
            return float(value)
        except (TypeError, ValueError):
            continue
    return None


def _first(arguments: Sequence[Any], seen: Seen) -> Any:
    return next((value for each in arguments if (value := evaluate(each, seen)) is not None), None)


def _is_in(arguments: Sequence[Any], seen: Seen) -> bool:
    needle, haystack = (evaluate(argument, seen) for argument in arguments)
    return haystack is not None and needle is not None and needle in haystack


def _let(arguments: Sequence[Any], seen: Seen) -> Any:
    *bound, result = arguments
    values = {f"var {name}": evaluate(value, seen) for name, value in zip(bound[::2], bound[1::2], strict=True)}
    return evaluate(result, replace(seen, properties={**seen.properties, **values}))


_EXPRESSIONS: Mapping[str, Callable[[Sequence[Any], Seen], Any]] = {
    "literal": lambda given, seen: given[0],  # noqa: ARG005
    "get": lambda given, seen: seen.properties.get(evaluate(given[0], seen)),
    "has": lambda given, seen: evaluate(given[0], seen) in seen.properties,
    "zoom": lambda given, seen: seen.zoom,  # noqa: ARG005
    "geometry-type": lambda given, seen: _KINDS.get(seen.kind),  # noqa: ARG005
    "let": _let,
    "var": lambda given, seen: seen.properties[f"var {given[0]}"],
    "match": _match,
    "case": _case,
    "step": _step,
    "interpolate": _interpolate,
    "coalesce": _first,
    "all": lambda given, seen: all(evaluate(each, seen) for each in given),
    "any": lambda given, seen: any(evaluate(each, seen) for each in given),
    "!": lambda given, seen: not evaluate(given[0], seen),
    "==": lambda given, seen: evaluate(given[0], seen) == evaluate(given[1], seen),
    "!=": lambda given, seen: evaluate(given[0], seen) != evaluate(given[1], seen),
    "in": _is_in,
    "string": lambda given, seen: next((v for v in (evaluate(e, seen) for e in given) if isinstance(v, str)), None),
    "to-string": lambda given, seen: _text(evaluate(given[0], seen)),
    "number": _number,
    "to-number": _number,
    "to-boolean": lambda given, seen: bool(evaluate(given[0], seen)),
    "concat": lambda given, seen: "".join(_text(evaluate(each, seen)) for each in given),
    "upcase": lambda given, seen: _text(evaluate(given[0], seen)).upper(),
    "downcase": lambda given, seen: _text(evaluate(given[0], seen)).lower(),
    "length": lambda given, seen: len(evaluate(given[0], seen)),
    "rgb": lambda given, seen: "#" + "".join(f"{round(evaluate(each, seen)):02x}" for each in given),
}


def _shorten(expression: Any) -> str:
    text = str(expression)
    return text if len(text) <= 100 else f"{text[:100]}…"
