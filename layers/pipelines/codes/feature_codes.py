"""Feature codes of eight digits: what is drawn, of which class, and which of its kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from layers.pipelines.codes.classes import CLASSES
from twin.errors import InvalidParameter

Element = Literal["line", "point", "area"]
PointType = Literal["feature", "appurtenance"]

_ELEMENTS: tuple[Element, ...] = ("line", "point", "area")
_POINT_TYPES: tuple[PointType, ...] = ("feature", "appurtenance")


@dataclass(frozen=True, kw_only=True)
class FeatureCode:
    """A feature code: 5, class, two digits of sub-class, element, type of point, two digits of serial number.

    Parameters
    ----------
    subclass
        Letters of the sub-class, which say the class as well.
    element
        What is drawn.
    point
        Of points: whether a feature of the line itself or an appurtenance.
    serial
        Number in its kind, 0 to 99.

    References
    ----------
    CJJ 61-2017, Appendix F.
    """

    subclass: str
    element: Element
    point: PointType | None = None
    serial: int = 0

    def __post_init__(self) -> None:
        if (self.point is None) == (self.element == "point"):
            raise InvalidParameter("a point has a type of point, a line or an area has none")
        if not 0 <= self.serial <= 99:
            raise InvalidParameter(f"the serial number of a feature code has two digits, not {self.serial}")
        self._numbers()

    def encode(self) -> str:
        """Write the code as eight digits."""
        class_number, subclass_number = self._numbers()
        point = 0 if self.point is None else _POINT_TYPES.index(self.point) + 1
        return f"5{class_number}{subclass_number:02}{_ELEMENTS.index(self.element) + 1}{point}{self.serial:02}"

    def _numbers(self) -> tuple[int, int]:
        for each in CLASSES:
            for sub in each.subclasses:
                if sub.code == self.subclass:
                    return each.number, sub.number
        raise InvalidParameter(f"there is no sub-class {self.subclass}")


def decode_feature_code(text: str) -> FeatureCode:
    """Read a feature code.

    Raises
    ------
    InvalidParameter
        It has not eight digits, or one of them stands for nothing; tells which.
    """
    if not re.fullmatch(r"[0-9]{8}", text):
        raise InvalidParameter(f"feature code {text!r} has not eight digits")
    if text[0] != "5":
        raise InvalidParameter(f"feature code {text} does not begin with 5, as those of pipelines do")
    subclasses = {(c.number, s.number): s.code for c in CLASSES for s in c.subclasses}
    subclass = subclasses.get((int(text[1]), int(text[2:4])))
    if subclass is None:
        raise InvalidParameter(
            f"feature code {text} names sub-class {text[2:4]} of class {text[1]}, which does not exist"
        )
    element, point = int(text[4]), int(text[5])
    if element not in (1, 2, 3):
        raise InvalidParameter(f"feature code {text} says element {element}; there are 1 line, 2 point, 3 area")
    if point not in ((1, 2) if element == 2 else (0,)):
        allowed = "1 feature or 2 appurtenance for a point, 0 for a line or area"
        raise InvalidParameter(f"feature code {text} says type of point {point}; it is {allowed}")
    return FeatureCode(
        subclass=subclass,
        element=_ELEMENTS[element - 1],
        point=_POINT_TYPES[point - 1] if point else None,
        serial=int(text[6:]),
    )
