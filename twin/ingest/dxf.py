"""What a drawing says about itself that GDAL does not read, or reads wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from twin.errors import SourceError
from twin.ingest.encoding import Hint, decide_encoding
from twin.ingest.report import Decision

_UNITS = {1: "inches", 2: "feet", 4: "millimetres", 5: "centimetres", 7: "kilometres", 14: "decimetres"}

_CHUNK_BYTES = 16_000_000

#: What drawings in the binary form begin with.
_BINARY = b"AutoCAD Binary DXF\r\n\x1a\0"


def is_binary_drawing(path: Path) -> bool:
    """Whether a drawing is in the binary form of the format."""
    with path.open("rb") as file:
        return file.read(len(_BINARY)) == _BINARY


def require_whole_drawing(path: Path) -> None:
    """Refuse a drawing that is cut off; programs read as far as they come.

    Raises
    ------
    SourceError
        It is.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1_000))
        end = file.read()
    whole = end.rstrip(b"\0").endswith(b"\0EOF") if is_binary_drawing(path) else end.split()[-1:] == [b"EOF"]
    if not whole:
        raise SourceError(f"{path.name} is cut off: it does not end with EOF")


def refuse_binary_drawing(path: Path) -> None:
    """Refuse a drawing in the binary form, which GDAL does not read.

    Raises
    ------
    SourceError
        It is.
    """
    if is_binary_drawing(path):
        raise SourceError(f"{path.name} is a binary drawing: save it as .dxf in ASCII")


def decide_dxf_encoding(path: Path, explicit: str | None) -> Decision:
    """Decide the encoding of a drawing's text.

    Since AutoCAD 2007 it is UTF-8 whatever ``$DWGCODEPAGE`` says; GDAL believes the variable.
    """
    said = _find(rb"\$DWGCODEPAGE\s+3\s+(\S+)", path)
    hints = [Hint(encoding=said, by="$DWGCODEPAGE")] if said else []

    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while lines := file.readlines(_CHUNK_BYTES):
                yield b"".join(lines)

    return decide_encoding(path.name, chunks, explicit=explicit, hints=hints)


def read_dxf_place(path: Path) -> tuple[str, tuple[str, ...]]:
    """Read from a drawing what bears on its place.

    Returns
    -------
    tuple
        What to say of its CRS, empty where there is nothing to say; notices about units.
    """
    said = "the georeference inside the drawing (GEODATA) is not read" if _find(rb"(GEODATA)", path) else ""
    unit = _UNITS.get(int(_find(rb"\$INSUNITS\s+70\s+(\d+)", path) or 0))
    return said, (f"the drawing is in {unit}: its coordinates must be those of the CRS all the same",) if unit else ()


def _find(pattern: bytes, path: Path) -> str | None:
    found = re.search(pattern, path.read_bytes())
    return found[1].decode("ascii", errors="replace") if found else None
