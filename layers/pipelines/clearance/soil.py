"""What soil does: it spreads what foundations carry, and what trenches leave without hold."""

from __future__ import annotations

from twin.errors import InvalidParameter

#: Angle of friction of soil of which nothing is known, degrees.
SOIL_DEG = 30.0


def require_soil(soil_deg: float) -> None:
    """Refuse what is no angle of friction.

    Raises
    ------
    InvalidParameter
        It is not between 0 and 90 degrees.
    """
    if not 0 < soil_deg < 90:
        raise InvalidParameter(f"soil_deg must be between 0 and 90, not {soil_deg:g}", parameter="soil_deg")
