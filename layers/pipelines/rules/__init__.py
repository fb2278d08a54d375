"""Rules of acceptance: each a function from a survey to what breaks it, with its severity, source and limits."""

from __future__ import annotations

from layers.pipelines.rules import closeness, design, edges, gravity, heights, joints, structure, values, wells
from twin.rules.rule import Rule

_ROOMS = (structure, values, heights, joints, gravity, design, wells, closeness, edges)

#: Every rule, in the order of reports.
RULES: tuple[Rule, ...] = tuple(value for room in _ROOMS for value in vars(room).values() if isinstance(value, Rule))
