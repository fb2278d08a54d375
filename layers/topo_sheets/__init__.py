"""Topographic sheets: their layer, their numbering, and how much of the planning area they cover."""

from __future__ import annotations

from layers.topo_sheets.coverage import topographic_coverage
from layers.topo_sheets.layer import TOPO_SHEETS

__all__ = ["TOPO_SHEETS", "topographic_coverage"]
