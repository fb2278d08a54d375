"""The sample county: a synthetic county at the place of Yinan, generated from a seed."""

from __future__ import annotations

from sample_gis.county import County, Delivery, generate
from sample_gis.load import load
from sample_gis.truth import Truth

__all__ = ["County", "Delivery", "Truth", "generate", "load"]
