"""Deliveries of surveyors and networks of EPANET and SWMM, read into one table of points and one of segments."""

from __future__ import annotations

from layers.pipelines.delivery.delivery import Delivery, Wishes
from layers.pipelines.delivery.reading import read_delivery

__all__ = ["Delivery", "Wishes", "read_delivery"]
