"""The models of the shared data, found by what files are and not by where they lie."""

from __future__ import annotations

import zipfile
from pathlib import Path

SUFFIXES = (".ifc", ".ifczip", ".ifcxml")
MARKS = (b"ISO-10303-21", b"ifcXML", b"iso_10303_28")


def find_ifc(folder: Path) -> list[Path]:
    """Every IFC file below a folder: by its name, by how it begins, or as an archive of one."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and _is_ifc(path))


def _is_ifc(path: Path) -> bool:
    if path.name.lower().endswith(SUFFIXES):
        return True
    with path.open("rb") as file:
        begins = file.read(1000)
    if begins.startswith(b"PK") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(name.lower().endswith(SUFFIXES) for name in archive.namelist())
    return any(mark in begins for mark in MARKS)
