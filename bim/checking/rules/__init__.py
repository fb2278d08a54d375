"""Rules of delivery: each a function from what is delivered to what breaks it, with severity, source and limits."""

from __future__ import annotations

from bim.checking.rules import contents, file, place, storeys
from twin.rules.rule import Rule

_ROOMS = (file, place, storeys, contents)

#: Every rule, in the order of reports.
RULES: tuple[Rule, ...] = tuple(value for room in _ROOMS for value in vars(room).values() if isinstance(value, Rule))
