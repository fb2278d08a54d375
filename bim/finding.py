"""Something that was found in a file of a building model: what, how much, what is allowed, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from twin.rules.rule import Severity


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was found.

    Parameters
    ----------
    id
        What it is called, ``scale-unit``.
    severity
        What comes of it; an error keeps a statement of the file from being used, or the file from being accepted.
    entity
        What of the file it is about, ``IfcMapConversion #22``.
    what
        What is wrong, and what is taken instead.
    advice
        What whoever wrote the file, or reads it, can do.
    measured, limit, unit
        What was found, and what is allowed or was expected.
    element
        GlobalId of the element that it is about.
    """

    id: str
    severity: Severity
    entity: str
    what: str
    advice: str
    measured: float | str | None = None
    limit: float | str | None = None
    unit: str = ""
    element: str | None = None

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        measured = "" if self.measured is None else f" (found {_figure(self.measured)}{unit})"
        limit = "" if self.limit is None else f"; expected: {_figure(self.limit)}{unit}"
        about = f"{self.entity} {self.element}" if self.element else self.entity
        return f"{self.severity} {self.id} {about}: {self.what}{measured}{limit}; {self.advice}"


def _figure(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"
