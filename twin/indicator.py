"""An Indicator: a pure function from Frames to a Measure, with its clause, unit and target."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from shapely.geometry.base import BaseGeometry

from twin.parameters import Parameter, parse_parameters, read_signature

Verdict = Literal["met", "missed", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Clause:
    """Where an indicator is defined: document, article and the words that matter.

    Words of a second document stand in `text` behind the name of that document and its article.
    """

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


def verdict_title(verdict: Verdict, target: Target | Mapping[str, Any] | None) -> tuple[str, str]:
    """What people call a verdict, in English and Chinese: where no target is set, no data are missing."""
    if target is None:
        return "no target", "未设目标"
    return {"met": ("met", "达标"), "missed": ("missed", "未达标"), "unknown": ("unknown", "未知")}[verdict]


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
    #: Units of the numerator and the denominator; empty where things are counted.
    numerator_unit: str = ""
    denominator_unit: str = ""
    #: English and Chinese titles of its parameters, of their choices and of the names in its details, as far as the
    #: fields and codes of its inputs do not have them already.
    titles: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Every parameter with its value: the given ones parsed, the others at their default."""
        return parse_parameters(self.id, self.parameters, raw)


def indicator(
    *,
    title: str,
    title_zh: str,
    unit: str,
    target: Target | None,
    clause: Clause,
    example: Example,
    about: Mapping[str, str] | None = None,
    titles: Mapping[str, tuple[str, str]] | None = None,
    numerator_unit: str = "",
    denominator_unit: str = "",
) -> Callable[[Callable[..., Measure]], Indicator]:
    """Make an Indicator of a function.

    The function's name is the id, its positional parameters are layer ids, its keyword-only parameters are what the
    API and the command line offer (see `twin.parameters`); `about` describes those, `titles` names them for people.
    """

    def decorate(function: Callable[..., Measure]) -> Indicator:
        inputs, parameters = read_signature(function, about or {})
        return Indicator(
            id=function.__name__,
            title=title,
            title_zh=title_zh,
            unit=unit,
            target=target,
            clause=clause,
            about=inspect.cleandoc(function.__doc__ or ""),
            function=function,
            inputs=inputs,
            parameters=parameters,
            example=example,
            numerator_unit=numerator_unit,
            denominator_unit=denominator_unit,
            titles=MappingProxyType(dict(titles or {})),
        )

    return decorate
