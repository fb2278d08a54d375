"""Rules of acceptance: each a function from a survey to what breaks it, with its severity, source and limits."""

from __future__ import annotations

from layers.pipelines.rules import structure, values
from layers.pipelines.rules.rule import Rule

#: Every rule, in the order of reports.
RULES: tuple[Rule, ...] = tuple(
    value for module in (structure, values) for value in vars(module).values() if isinstance(value, Rule)
)
