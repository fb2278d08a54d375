"""Mobile networks: cell sites, measured signal, and how many key places have 5G."""

from __future__ import annotations

from layers.cell_sites.layer import CELL_SITES
from layers.cell_sites.place_coverage import key_place_5g
from layers.cell_sites.signal_samples import SIGNAL_SAMPLES

__all__ = ["CELL_SITES", "SIGNAL_SAMPLES", "key_place_5g"]
