"""What is wrong with the sample county by construction, known without measuring it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from types import MappingProxyType

import shapely

from sample_gis.reception import Design, Measured, Reason
from sample_gis.sheets import SheetTruth
from sample_gis.stations import Station


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the indicators must find.

    Parameters
    ----------
    sheets
        Which topographic sheets are missing or do not count, and what that makes of the coverage.
    covered_places, uncovered_places
        Key places with and without 5G by the best evidence.
    places_in_reach
        Key places that the stated radius of 5G cells in service holds, whatever was measured.
    dark_places
        Why the other places are out of reach.
    measured_places
        What was measured at which place.
    urban_stations
        Automatic weather stations in service that stand in the urban area.
    urban_spacing_km
        √(urban area / their number), area in the plane; below 5 km, so the target is met.
    """

    sheets: SheetTruth
    covered_places: tuple[str, ...]
    uncovered_places: tuple[str, ...]
    places_in_reach: tuple[str, ...]
    dark_places: Mapping[str, Reason]
    measured_places: Mapping[str, Measured]
    urban_stations: tuple[str, ...]
    urban_spacing_km: float


def tell_truth(
    sheets: SheetTruth, design: Design, keys: list[str], stations: tuple[Station, ...], urban: shapely.Polygon
) -> Truth:
    """Put what was designed into keys of the layers."""
    covered = design.covered()
    counted = tuple(
        station.station_id
        for station in stations
        if station.urban and station.kind == "automatic" and station.status == "in_service"
    )
    return Truth(
        sheets=sheets,
        covered_places=tuple(key for index, key in enumerate(keys) if covered[index]),
        uncovered_places=tuple(key for index, key in enumerate(keys) if not covered[index]),
        places_in_reach=tuple(key for index, key in enumerate(keys) if index not in design.dark),
        dark_places=MappingProxyType({keys[index]: reason for index, reason in sorted(design.dark.items())}),
        measured_places=MappingProxyType({keys[index]: found for index, found in sorted(design.measured.items())}),
        urban_stations=counted,
        urban_spacing_km=sqrt(urban.area / len(counted)) / 1000,
    )
