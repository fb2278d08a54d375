"""What a drawing says about itself that GDAL does not read."""

from __future__ import annotations

import re
from pathlib import Path

_UNITS = {1: "inches", 2: "feet", 4: "millimetres", 5: "centimetres", 7: "kilometres", 14: "decimetres"}


def read_dxf_notices(path: Path) -> tuple[str, tuple[str, ...]]:
    """Read from a DXF what bears on its place.

    Returns
    -------
    tuple
        What to say of its CRS, empty where there is nothing to say; notices about units.
    """
    text = path.read_bytes()
    said = "the georeference inside the drawing (GEODATA) is not read" if b"GEODATA" in text else ""
    found = re.search(rb"\$INSUNITS\s+70\s+(\d+)", text)
    unit = _UNITS.get(int(found[1])) if found else None
    return said, (f"the drawing is in {unit}: its coordinates must be those of the CRS all the same",) if unit else ()
