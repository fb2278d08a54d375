"""Where the sample county lies, and how its coordinates are rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sample_gis.dice import Floats

if TYPE_CHECKING:
    from twin.crs import CRS

#: The county seat, 118.4655°E 35.5505°N, in the storage CRS (east, north), in whole metres.
ORIGIN = (496_872, 3_935_669)

#: The box the county must stay in (118.13–118.74°E, 35.31–35.77°N), metres from the seat: west, south, east, north.
BOX = (-30_270.0, -26_560.0, 24_770.0, 24_270.0)

#: Area of the county.
AREA_M2 = 1_720e6

#: The motorways on the planner's sheet (`sample_gis.warp`), kilometres from the seat; they meet at the point both name.
MOTORWAYS_KM = (
    ((7.0, 18.0), (6.5, 8.0), (8.0, 0.0), (9.5, -9.0), (8.5, -19.0)),
    ((-32.0, 9.5), (-20.0, 8.0), (-8.0, 9.5), (6.5, 8.0), (15.0, 3.5), (27.0, 1.0)),
)

CENTRAL_MERIDIAN_DEG = 118.5


def storage_crs() -> CRS:
    """The county's own transverse Mercator: neither national zone keeps lengths within 25 mm/km here."""
    from twin.crs import transverse_mercator

    return transverse_mercator(CENTRAL_MERIDIAN_DEG, name="CGCS2000 / Yinan sample local TM 118.5E (synthetic)")


def to_storage(points: Floats) -> Floats:
    """Metres from the seat as storage coordinates, rounded to the millimetre.

    Counted in whole millimetres, so every coordinate is the double nearest to a decimal number.
    """
    millimetres = np.round(points * 1000.0).astype(np.int64) + np.array(ORIGIN, np.int64) * 1000
    return millimetres / 1000.0


def millimetres(values: Floats) -> Floats:
    """Lengths or heights rounded to the millimetre."""
    return np.round(values * 1000.0) / 1000.0
