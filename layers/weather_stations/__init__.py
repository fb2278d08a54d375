"""Weather stations: their layer, and how densely they stand."""

from __future__ import annotations

from layers.weather_stations.layer import WEATHER_STATIONS
from layers.weather_stations.spacing import weather_station_spacing

__all__ = ["WEATHER_STATIONS", "weather_station_spacing"]
