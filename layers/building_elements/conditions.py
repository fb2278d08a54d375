"""Conditions on properties of building elements: `Pset_WallCommon.IsExternal=true; Width>=0.2`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from twin.errors import InvalidParameter
from twin.expressions import COMPARISONS, Scalar

#: Property sets, in each its properties; quantities among them.
Properties = Mapping[str, Mapping[str, Scalar]]

_COMPARISON = re.compile(r"(<=|>=|<>|=|<|>)")
#: Numbers were converted to SI: 300 mm are 0.3 m and a bit.
_SAME = 1e-9


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a property must be.

    Parameters
    ----------
    name
        Of the property, or of its set and itself with a full stop between them, as the model spells it.
    op
        A comparison of `twin.expressions.COMPARISONS`; None: it must be there.
    value
        What it is compared with, as text.
    """

    name: str
    op: str | None = None
    value: str = ""

    @property
    def trace(self) -> str:
        """What every JSON text holds in which there is such a property."""
        return orjson.dumps(self.name.rpartition(".")[2]).decode()[1:-1]

    def holds(self, properties: Properties) -> bool:
        """Whether a property of that name is what it must be; never where there is none."""
        found = read_values(properties, self.name)
        return bool(found) if self.op is None else any(_compare(value, self.op, self.value) for value in found)


def read_conditions(text: str, *, parameter: str = "having") -> tuple[Condition, ...]:
    """Read conditions with semicolons between them.

    Parameters
    ----------
    text
        The conditions.
    parameter
        What they were given as, for errors.

    Raises
    ------
    InvalidParameter
        One of them has no name, or nothing behind its comparison.
    """
    conditions = []
    for part in filter(None, map(str.strip, text.split(";"))):
        name, *compared = (each.strip() for each in _COMPARISON.split(part, maxsplit=1))
        op, value = compared or (None, "")
        if not name or (op and not value):
            raise InvalidParameter(
                f"{part[:80]!r} is no condition; write a name, or Pset_WallCommon.IsExternal=true, Width>=0.2",
                parameter=parameter,
            )
        conditions.append(Condition(name=name, op=op, value=value))
    return tuple(conditions)


def read_values(properties: Properties, name: str) -> list[Scalar]:
    """Return what properties of a name are, in whichever sets; the name may begin with that of its set."""
    return [
        value
        for group, values in properties.items()
        for each, value in values.items()
        if name in (each.strip(), f"{group}.{each}".strip())
    ]


def _compare(value: Scalar, op: str, wanted: str) -> bool:
    """Compare as what the property is: truth values and texts are the same or not, numbers have an order."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        said = orjson.dumps(value).decode() if isinstance(value, bool) else str(value)
        return op in ("=", "<>") and COMPARISONS[op](said, wanted)
    try:
        number = float(wanted)
    except ValueError:
        return op == "<>"
    if math.isclose(value, number, rel_tol=_SAME):
        return op in ("=", "<=", ">=")
    return COMPARISONS[op](value, number)


def parse_properties(text: Any) -> Properties:
    """Return the properties of a row, of the JSON that it has; nothing of one without."""
    properties: Properties = orjson.loads(text) if isinstance(text, str) and text else {}
    return properties
