"""How high national heights lie above the ellipsoid: what scenes on a globe need, and nobody may guess."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twin.errors import GeoidOffsetMissing, SettingsError

_WRITTEN = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d+)?)\s*(?:m\b)?\s*[,;:]\s*(\S.*?)\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class GeoidOffset:
    """Height above the ellipsoid minus 1985 national height, the same for the whole twin.

    Over a county it varies by decimetres, which moves a scene as a whole and nothing in it against anything else.

    Parameters
    ----------
    offset_m
        Metres; negative where the geoid lies below the ellipsoid.
    source
        Who says so.
    """

    offset_m: float
    source: str

    @classmethod
    def parse(cls, text: str) -> GeoidOffset:
        """Read an offset and its source as the setting ``geoid_offset`` has them: ``-2.95 m, GNSS on 12 benchmarks``.

        Raises
        ------
        GeoidOffsetMissing
            Nothing is set.
        SettingsError
            It is no number of metres followed by a source.
        """
        if not text.strip():
            raise GeoidOffsetMissing(
                "heights of this twin are 1985 national heights, a scene wants those above the ellipsoid; set "
                "geoid_offset (or TWIN_GEOID_OFFSET) to the difference in metres and its source, such as "
                '"-2.95 m, GNSS on 12 levelled benchmarks, 2023"'
            )
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise SettingsError(
                f"geoid_offset must be metres and, after a comma, where they come from, not {text[:60]!r}"
            )
        return cls(offset_m=float(found[1]), source=found[2])
