"""Buildings: their layer, and what they are in space."""

from __future__ import annotations

from layers.buildings.layer import BUILDINGS

__all__ = ["BUILDINGS"]
