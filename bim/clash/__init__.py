"""Clashes: which elements of building models share room with one another, with pipes or with other buildings."""

from __future__ import annotations

from bim.clash.finding import building_clashes

__all__ = ["building_clashes"]
