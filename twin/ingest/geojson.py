"""What GDAL does not tell of a GeoJSON file: its CRS as it is written, and which properties are nested."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterable
from pathlib import Path

from twin.crs import parse_crs
from twin.errors import CrsError

#: The old-style member: a name, or an EPSG code; a property that is called crs looks otherwise.
_MEMBER = re.compile(
    rb'"crs"\s*:\s*\{[^{}]*"properties"\s*:\s*\{[^{}]*?"(name|code|href)"\s*:\s*"?([^",{}]+)"?[^{}]*\}[^{}]*\}'
)
_NULL = re.compile(rb'"crs"\s*:\s*null')


def geojson_crs(path: Path) -> tuple[str | None, str]:
    """What a GeoJSON file says of its CRS, and how; without a crs member RFC 7946 defines WGS 84.

    GDAL takes a member that it does not understand, or that is null, for WGS 84 too.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _MEMBER.search(data)
        kind, value = found.groups() if found else (b"", b"")
        # What stands before and behind the features is of the file; within them it may be a property.
        first, last = data.find(b'"features"'), data.rfind(b"]")
        unknown = first > 0 and (_NULL.search(data, 0, first) or _NULL.search(data, last))
    if unknown:
        return None, "its crs member is null, which means unknown"
    if not kind:
        return "OGC:CRS84", "GeoJSON without a crs member, RFC 7946"
    name = value.decode("utf-8", errors="replace").strip()
    name = f"EPSG:{name}" if kind == b"code" else name
    try:
        parse_crs(name)
    except CrsError:
        return None, f"its crs member names {name}, which is not known"
    return name, "crs member of the file"


def holds_nested(texts: Iterable[str | None]) -> bool:
    """Whether a property that GDAL calls JSON has a list or an object in it, and not just texts here, numbers there."""
    return any(_is_nested(text) for text in texts if text is not None)


def _is_nested(text: str) -> bool:
    if not text.startswith(("{", "[")):
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False
