"""Weather stations: their layer, and how densely they stand."""

from __future__ import annotations

from layers.weather_stations.layer import WEATHER_STATIONS

__all__ = ["WEATHER_STATIONS"]
