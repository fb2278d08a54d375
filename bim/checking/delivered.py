"""What is delivered with a building model, as rules of delivery see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bim.checking.inspecting import Inspection
from bim.finding import Finding
from bim.georeference.choosing import Assessment
from bim.model import Model
from twin.rules.rule import Severity

Floats = npt.NDArray[np.float64]

#: Findings of rules whose severity the rule book gives.
_UNJUDGED: Severity = "note"


@dataclass(frozen=True, kw_only=True, eq=False)
class Delivered:
    """A model with all that was found about it before rules are asked.

    Parameters
    ----------
    model
        What was read.
    place
        The report on its place.
    inspection
        What its schema and IDS files say.
    size_bytes
        Of the file as it was delivered.
    """

    model: Model
    place: Assessment
    inspection: Inspection
    size_bytes: int

    @cached_property
    def boxes_m(self) -> Floats:
        """(n, 2, 3) least and greatest coordinates of each product in the model; NaN where it has no shape."""
        shapes = self.model.shapes
        boxes = np.full((len(self.model.elements), 2, 3), np.nan)
        for instance, element in enumerate(shapes.elements):
            vertices, triangles = shapes.place(instance)
            if len(triangles):
                corners = vertices[np.unique(triangles)]
                boxes[element, 0] = np.fmin(boxes[element, 0], corners.min(axis=0))
                boxes[element, 1] = np.fmax(boxes[element, 1], corners.max(axis=0))
        return boxes

    def name(self, row: int | np.intp) -> str:
        """What a product is called in findings: ``IfcWall Basic wall``."""
        names = (self.model.elements[column].iloc[row] for column in ("class", "name"))
        return " ".join(str(name) for name in names if isinstance(name, str) and name)

    def find(self, row: int | np.intp, what: str, advice: str, **measured: Any) -> Finding:
        """A finding about a product, `measured` with its limit and unit."""
        identity = self.model.elements["global_id"].iloc[row]
        element = identity if isinstance(identity, str) else None
        return found(self.name(row), what, advice, element=element, **measured)


def found(entity: str, what: str, advice: str, *, element: str | None = None, **measured: Any) -> Finding:
    """A finding whose rule and severity are told by who judges."""
    return Finding(id="", severity=_UNJUDGED, entity=entity, what=what, advice=advice, element=element, **measured)
