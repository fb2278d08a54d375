"""An Indicator: a pure function from Frames to a Measure, with its clause, unit and target."""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from shapely.geometry.base import BaseGeometry

from twin.errors import InvalidParameter

Verdict = Literal["met", "missed", "unknown"]

#: What a parameter can be, in words.
_WANTED = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date as 2022-12-31",
}


@dataclass(frozen=True, kw_only=True)
class Clause:
    """Where an indicator is defined: document, article and the words that matter."""

    document: str
    article: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the clause asks for, e.g. ``>= 0.9`` or strictly ``< 5``."""

    op: Literal[">=", ">", "<=", "<"]
    value: float
    note: str = ""

    def __str__(self) -> str:
        return f"{self.op} {self.value:g}"

    def verdict(self, value: float | None) -> Verdict:
        """Judge a value; no value is no verdict."""
        if value is None:
            return "unknown"
        met = {
            ">=": value >= self.value,
            ">": value > self.value,
            "<=": value <= self.value,
            "<": value < self.value,
        }[self.op]
        return "met" if met else "missed"


@dataclass(frozen=True, kw_only=True)
class Part:
    """The measure within one area (a township): a row of the breakdown; `area_id` is its key in `admin_areas`."""

    area_id: str
    name: str
    value: float | None
    numerator: float | None = None
    denominator: float | None = None


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A derived geometry worth showing, in the storage CRS: the uncovered area, the best place for a station."""

    role: str
    title: str
    title_zh: str
    geometry: BaseGeometry
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What an indicator found.

    Parameters
    ----------
    value
        In the indicator's unit, or None together with a `note` that says why there is none.
    numerator, denominator
        What the value is made of, where it is a ratio (areas in m², counts).
    note
        What a reader must know about this value.
    covered, uncovered
        Keys by layer id that count as fulfilling the indicator, and as not.
    shapes
        Derived geometry.
    breakdown
        The same measure by area.
    details
        Further figures, JSON-ready, named with units.
    """

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    note: str = ""
    covered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uncovered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shapes: tuple[Shape, ...] = ()
    breakdown: tuple[Part, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.value is None and not self.note:
            raise ValueError("a measure without a value needs a note that says why")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.value} is no value: give None and a note that says why")


@dataclass(frozen=True, kw_only=True)
class Example:
    """A case worked out by hand: rows by layer id (fields plus ``geometry`` as WKT), and the value they must give."""

    crs: str
    rows: Mapping[str, tuple[Mapping[str, Any], ...]]
    value: float | None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One keyword-only parameter of an indicator, as the API and the command line offer it."""

    name: str
    type: type
    default: Any
    choices: tuple[str, ...] = ()
    optional: bool = False
    about: str = ""

    def parse(self, raw: Any) -> Any:
        """Turn text (or an already typed value) into the parameter's type, or raise `InvalidParameter`."""
        if raw is None or (self.optional and raw == ""):
            if self.optional:
                return None
            raise self._refuse(raw)
        try:
            value = self._convert(raw)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise self._refuse(raw) from error
        if self.choices and value not in self.choices:
            raise self._refuse(raw)
        return value

    def _convert(self, raw: Any) -> Any:
        value = _read_text(raw, self.type) if isinstance(raw, str) else raw
        if self.type is float and type(value) is int:
            value = float(value)
        # To Python a truth value is a whole number and an instant a date; to who gives one it is not.
        if not isinstance(value, self.type) or type(value) in {bool, datetime} - {self.type}:
            raise TypeError(f"{value!r} is no {self.type.__name__}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{value} is no number")
        return value

    def _refuse(self, raw: Any) -> InvalidParameter:
        wanted = " or ".join(self.choices) or _WANTED[self.type]
        return InvalidParameter(f"{self.name} must be {wanted}, not {str(raw)[:80]!r}", parameter=self.name)


def _read_text(text: str, kind: type) -> Any:
    if kind is bool:
        return {"true": True, "false": False}[text.lower()]
    if kind is date:
        return date.fromisoformat(text)
    if kind in (int, float) and ("_" in text or not text.isascii()):
        raise ValueError("Python would take 1_0 for 10")
    return kind(text)


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """A measure of the county: what it is called, what it rests on, and the function that computes it."""

    id: str
    title: str
    title_zh: str
    unit: str
    target: Target | None
    clause: Clause
    about: str
    function: Callable[..., Measure]
    inputs: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    example: Example

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Every parameter with its value: the given ones parsed, the others at their default."""
        for name in raw:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise InvalidParameter(f"{self.id} has no parameter {name}; there are: {known}", parameter=name)
        return {
            name: parameter.parse(raw[name]) if name in raw else parameter.default
            for name, parameter in self.parameters.items()
        }


def indicator(
    *,
    title: str,
    title_zh: str,
    unit: str,
    target: Target | None,
    clause: Clause,
    example: Example,
    about: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Measure]], Indicator]:
    """Make an Indicator of a function.

    The function's name is the id, its positional parameters are layer ids, its keyword-only parameters are what the
    API and the command line offer; `about` describes those. Annotations allowed there: str, int, float, bool, date,
    ``Literal`` of strings, and any of them ``| None``.
    """

    def decorate(function: Callable[..., Measure]) -> Indicator:
        hints = typing.get_type_hints(function)
        inputs: list[str] = []
        parameters: dict[str, Parameter] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY:
                parameters[name] = _parameter(name, hints[name], parameter.default, (about or {}).get(name, ""))
            else:
                inputs.append(name)
        return Indicator(
            id=function.__name__,
            title=title,
            title_zh=title_zh,
            unit=unit,
            target=target,
            clause=clause,
            about=inspect.cleandoc(function.__doc__ or ""),
            function=function,
            inputs=tuple(inputs),
            parameters=types.MappingProxyType(parameters),
            example=example,
        )

    return decorate


def _parameter(name: str, hint: Any, default: Any, about: str) -> Parameter:
    # ``Literal[...] | None`` is a typing.Union at run time, ``int | None`` a types.UnionType.
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    options = typing.get_args(hint) if union else (hint,)
    optional = type(None) in options
    kind = next(option for option in options if option is not type(None))
    choices: tuple[str, ...] = ()
    if typing.get_origin(kind) is Literal:
        choices, kind = typing.get_args(kind), str
    return Parameter(name=name, type=kind, default=default, choices=choices, optional=optional, about=about)
