"""Whether the CRS and datums that a file names are in the EPSG register, and which they are.

References
----------
buildingSMART validation rules GRF002 (the name is an EPSG code), GRF004 (what begins with EPSG: is in the register),
GRF006 (what has no code has well-known text), GRF007 (a vertical datum is one).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bim.finding import Finding
from bim.georeference.levels import NamedCrs
from twin.crs import CRS, CRS84, parse_crs
from twin.datums import registered_datum_kind
from twin.errors import CrsError

_EPSG = re.compile(r"EPSG:\s*(\d{1,6})\Z", re.IGNORECASE)
_ADVICE = "name it by its code in the EPSG register, such as EPSG:4548, or give crs in a declaration"


def find_crs(named: NamedCrs | None) -> CRS | None:
    """Return the CRS that a file names; None where it names none that is known."""
    if named is None:
        return None
    for text in (named.name if not named.name.isdecimal() else "", named.wkt):
        try:
            crs = parse_crs(text) if text else None
        except CrsError:
            continue
        if crs is not None and (crs.is_geographic or crs.is_projected or crs.is_compound):
            return crs
    return None


def vertical_datum(named: NamedCrs | None, crs: CRS | None) -> str:
    """Return what a file says of its vertical datum, be it by the CRS itself."""
    if named is not None and named.vertical_datum:
        return named.vertical_datum
    if crs is not None and crs.is_compound:
        return str(crs.sub_crs_list[1].name)
    return ""


def judge_names(named: NamedCrs) -> Iterator[Finding]:
    """Find names that name nothing."""
    crs = _by_code(named.name)
    if crs is None:
        known = find_crs(named)
        what = f"the name {named.name!r} of the CRS is no code of the EPSG register"
        if named.name.isdecimal() and _by_code(f"EPSG:{named.name}") is not None:
            what += f" (EPSG:{named.name} is one, but the file does not say that it is meant)"
        yield Finding(
            id="crs-name",
            severity="error" if known is None else "note",
            entity=named.entity,
            what=what if known is None else f"{what}; it is read as {known.name}",
            measured=named.name,
            limit="EPSG:…",
            advice=_ADVICE,
        )
    elif not (crs.is_projected or crs.is_geographic or crs.is_compound):
        yield Finding(
            id="crs-kind",
            severity="error",
            entity=named.entity,
            what=f"{named.name} is a {crs.type_name}, which has no eastings and northings",
            advice=_ADVICE,
        )
    for field, text in (
        ("Name", named.name),
        ("GeodeticDatum", named.geodetic_datum),
        ("VerticalDatum", named.vertical_datum),
    ):
        if text.upper().startswith("EPSG:") and not _is_registered(text, field):
            yield Finding(
                id="epsg-code",
                severity="error" if field == "Name" else "warning",
                entity=named.entity,
                what=f"{field} names what is not in the EPSG register",
                measured=text,
                advice="look the code up at https://epsg.org",
            )
    vertical = _by_code(named.vertical_datum)
    if vertical is not None and not (vertical.is_vertical or vertical.is_compound):
        yield Finding(
            id="vertical-crs",
            severity="warning",
            entity=named.entity,
            what=f"{named.vertical_datum} is no vertical datum but {vertical.name}, a {vertical.type_name}",
            measured=named.vertical_datum,
            limit="EPSG:5737 (1985 heights) or another vertical CRS",
            advice="name the datum of the heights",
        )


def _by_code(text: str) -> CRS | None:
    found = _EPSG.match(text)
    try:
        return parse_crs(f"EPSG:{found[1]}") if found else None
    except CrsError:
        return None


def _is_registered(text: str, field: str) -> bool:
    """Tell whether a code is that of a CRS, or in the fields of datums that of a datum of this kind."""
    found = _EPSG.match(text)
    if found is None or _by_code(text) is not None:
        return found is not None
    kind = registered_datum_kind(int(found[1]), CRS84)
    wanted = {"GeodeticDatum": "Geodetic", "VerticalDatum": "Vertical"}.get(field)
    return wanted is not None and wanted in kind
