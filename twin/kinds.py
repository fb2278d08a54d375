"""What kinds of values there are in conditions, and the functions on them that this twin offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from twin.expressions import Scalar
from twin.schema import FieldType

Kind = Literal["text", "number", "boolean", "date", "datetime", "geometry", "interval", "array"]

#: The kind of each field type.
KINDS: Mapping[FieldType, Kind] = {
    "text": "text",
    "integer": "number",
    "real": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
}


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function that conditions may call.

    Parameters
    ----------
    title, title_zh
        What it gives, in words.
    takes
        The kinds of its arguments.
    gives
        The kind of its result.
    """

    title: str
    title_zh: str
    takes: tuple[Kind, ...]
    gives: Kind


#: What CQL2 itself defines comes first; a missing argument gives a missing result.
FUNCTIONS: Mapping[str, Function] = {
    "casei": Function(title="Text without regard to case", title_zh="不分大小写", takes=("text",), gives="text"),
    "accenti": Function(title="Text without accents", title_zh="不分变音符号", takes=("text",), gives="text"),
    "length": Function(title="Number of characters", title_zh="字符数", takes=("text",), gives="number"),
    "abs": Function(title="Magnitude", title_zh="绝对值", takes=("number",), gives="number"),
    "floor": Function(title="Next integer below", title_zh="向下取整", takes=("number",), gives="number"),
    "ceil": Function(title="Next integer above", title_zh="向上取整", takes=("number",), gives="number"),
    "year": Function(title="Year of a date", title_zh="年份", takes=("date",), gives="number"),
    "dimension": Function(
        title="0 of points, 1 of lines, 2 of areas",
        title_zh="维数（点0、线1、面2）",
        takes=("geometry",),
        gives="number",
    ),
}


def kind_of(value: Scalar) -> Kind:
    """The kind of a value."""
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case datetime():
            return "datetime"
        case date():
            return "date"
        case str():
            return "text"
