"""A file becomes a header and parts of a city model, or a refusal: CityJSON 1.0, 1.1, 2.0 and CityJSONSeq.

What a file is, is told by what is in it: a sequence has the header on its first line and a feature on each line after
it, which are read one by one.

References
----------
OGC 20-072r5, CityJSON 2.0, §2, §4 (Transform), §7 (CityJSON Text Sequences). CityJSON 1.0.3, 1.1.3.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import orjson

from twin.errors import SourceError
from twin.filenames import name_of, require_file

Floats = npt.NDArray[np.float64]

_BOM = b"\xef\xbb\xbf"
#: Versions that are read; what changed between them is read as each has it.
_VERSIONS = ("1.0", "1.1", "2.0")
#: A whole document costs about ten times its size in memory; sequences are read line by line, however long.
_LARGEST_WHOLE = 512 * 2**20
_EPSG = re.compile(r"(?:^|/def/crs/|urn:ogc:def:crs:)EPSG(?:/[^/]*/|:[^:]*:|:)(\d{1,6})\Z", re.IGNORECASE)
_PARTS = re.compile(r"[?&]\d+=([^&]+)")


@dataclass(frozen=True, kw_only=True, eq=False)
class Header:
    """What stands once in a file.

    Parameters
    ----------
    name, sha256
        Of the file.
    version
        ``2.0``.
    is_sequence
        Whether it is a CityJSONSeq.
    scale, translate
        What turns the integers of its vertices into coordinates.
    reference_system
        What it says of its CRS, as it says it; empty where it says nothing.
    metadata
        All that it says of itself.
    templates
        Geometries that stand for many, and the coordinates of their vertices.
    materials
        Of its appearance.
    normalised
        What was done to read it.
    """

    name: str
    sha256: str
    version: str
    is_sequence: bool
    scale: Floats
    translate: Floats
    reference_system: str
    metadata: dict[str, Any]
    templates: tuple[dict[str, Any], ...]
    template_vertices: Floats
    materials: tuple[dict[str, Any], ...]
    normalised: tuple[str, ...]

    @property
    def crs_name(self) -> str:
        """Its CRS as others name it: `EPSG:7415`, two codes of a compound one joined by a plus; else as it is."""
        codes = [_EPSG.search(part) for part in _PARTS.findall(self.reference_system) or [self.reference_system]]
        found = [code[1] for code in codes if code]
        return f"EPSG:{'+'.join(found)}" if found and len(found) == len(codes) else self.reference_system


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Objects that share vertices: a whole file, or a line of a sequence.

    Parameters
    ----------
    where
        For people: ``line 17``, or nothing.
    objects
        City objects by identifier.
    vertices
        (n, 3) coordinates in the CRS of the file.
    materials
        Of its appearance: its own, otherwise those of the header.
    """

    where: str
    objects: dict[str, Any]
    vertices: Floats
    materials: tuple[dict[str, Any], ...]


def looks_like_cityjson(path: Path) -> bool:
    """Tell by the first bytes whether a file is JSON, which of all models only city models are."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4096).removeprefix(_BOM).lstrip()[:1] == b"{"


def open_cityjson(path: Path) -> tuple[Header, Iterator[Part]]:
    """Open a file and check its header; its parts are read when they are asked for.

    Raises
    ------
    SourceError
        It is no CityJSON, cut off, of an unknown version, or its header lacks what it must have; on the way through a
        sequence: a line is damaged.
    """
    name = name_of(path.name)
    require_file(path)
    digest = _digest(path)
    with path.open("rb") as file:
        start = file.read(len(_BOM))
        normalised = ("a byte order mark was left out",) if start == _BOM else ()
        file.seek(len(start) if normalised else 0)
        first = _parse_line(file.readline())
        second = _next_line(file) if first is not None else b""
    if first is None or not second:
        whole = first if first is not None else _parse_whole(path, name)
        header = _read_header(whole, name, digest, normalised, is_sequence=False)
        return header, iter([_read_part(whole, header, "")])
    header = _read_header(first, name, digest, normalised, is_sequence=True)
    return header, _read_lines(path, first, header)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parse_line(line: bytes) -> dict[str, Any] | None:
    """The document on a line; None where it goes on or is none."""
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _next_line(file: BinaryIO) -> bytes:
    return next((line for line in file if line.strip()), b"")


def _parse_whole(path: Path, name: str) -> dict[str, Any]:
    size = path.stat().st_size
    if size > _LARGEST_WHOLE:
        raise SourceError(
            f"{name} is one document of {size / 2**20:,.0f} MiB, which would be in memory as a whole: write it as a "
            f"sequence, which is read line by line: cjio {name} export jsonl {name}l"
        )
    data = path.read_bytes().removeprefix(_BOM)
    if data.lstrip()[:1] != b"{":
        raise SourceError(f"{name} is no CityJSON: it does not begin with {{")
    try:
        said = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        left = len(data.rstrip()) - error.pos
        why = "it is cut off: deliver it again" if left <= 1 else "this is no JSON: write it with another program"
        raise SourceError(f"{name} line {error.lineno} column {error.colno}: {error.msg}; {why}") from error
    if not isinstance(said, dict):  # pragma: no cover - it begins with a brace
        raise SourceError(f"{name} is no CityJSON")
    return said


def _read_lines(path: Path, first: dict[str, Any], header: Header) -> Iterator[Part]:
    if first.get("CityObjects"):
        yield _read_part(first, header, "line 1")
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number == 1 or not line.strip():
                continue
            where = f"line {number}"
            said = _parse_line(line)
            if said is None:
                raise SourceError(f"{header.name} {where}: this is no JSON, or it is cut off: deliver the file again")
            if said.get("type") != "CityJSONFeature":
                raise SourceError(
                    f"{header.name} {where}: type is {_short(said.get('type'))}, not CityJSONFeature: a sequence has "
                    "one header and a feature on each line after it"
                )
            yield _read_part(said, header, where)


def _read_header(
    said: dict[str, Any], name: str, digest: str, normalised: tuple[str, ...], *, is_sequence: bool
) -> Header:
    kind, version = said.get("type"), str(said.get("version", ""))
    if kind == "CityJSONFeature":
        raise SourceError(f"{name} is a sequence without its header: put the line of type CityJSON before its features")
    if kind != "CityJSON":
        raise SourceError(f"{name} is no CityJSON: its type is {_short(kind)}")
    family = ".".join(version.split(".")[:2])
    if family not in _VERSIONS:
        advice = f"cjio {name} upgrade save {name}" if family in {"0.6", "0.8", "0.9"} else "write it as CityJSON 2.0"
        raise SourceError(f"{name}: version {_short(version)} is none of {', '.join(_VERSIONS)}: {advice}")
    transform = said.get("transform")
    if transform is None and (family != "1.0" or is_sequence):
        raise SourceError(f"{name}: transform is missing, which CityJSON {family} demands: write the file again")
    transform = transform if transform is not None else {"scale": [1, 1, 1], "translate": [0, 0, 0]}
    scale, translate = (_three(transform, key, name) for key in ("scale", "translate"))
    if not (scale > 0).all():
        raise SourceError(f"{name}: transform.scale has a factor that is not above 0")
    metadata = said.get("metadata") if isinstance(said.get("metadata"), dict) else {}
    templates = said.get("geometry-templates") or {}
    if not isinstance(templates, dict):
        raise SourceError(f"{name}: geometry-templates is no object")
    return Header(
        name=name,
        sha256=digest,
        version=version,
        is_sequence=is_sequence,
        scale=scale,
        translate=translate,
        reference_system=_reference(metadata or {}),
        metadata=metadata or {},
        templates=_dicts(templates.get("templates")),
        template_vertices=_coordinates(
            templates.get("vertices-templates", []), f"{name}: geometry-templates.vertices-templates"
        ),
        materials=_materials(said),
        normalised=normalised,
    )


def _read_part(said: dict[str, Any], header: Header, where: str) -> Part:
    place = f"{header.name} {where}".strip()
    objects = said.get("CityObjects")
    if not isinstance(objects, dict):
        raise SourceError(f"{place}: CityObjects is missing or no object")
    for identifier, each in objects.items():
        if not isinstance(each, dict) or not isinstance(each.get("type"), str):
            raise SourceError(f"{place}: {_short(identifier)} has no type: every city object has one")
    vertices = _coordinates(said.get("vertices", []), f"{place}: vertices") * header.scale + header.translate
    return Part(where=where, objects=objects, vertices=vertices, materials=_materials(said) or header.materials)


def _reference(metadata: dict[str, Any]) -> str:
    said = metadata.get("referenceSystem", "")
    return said.strip() if isinstance(said, str) else ""


def _dicts(said: Any) -> tuple[dict[str, Any], ...]:
    return tuple(each if isinstance(each, dict) else {} for each in said) if isinstance(said, list) else ()


def _materials(said: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    appearance = said.get("appearance")
    return _dicts(appearance.get("materials")) if isinstance(appearance, dict) else ()


def _three(transform: Any, key: str, name: str) -> Floats:
    said = transform.get(key) if isinstance(transform, dict) else None
    rows = _coordinates([said], f"{name}: transform.{key}")
    return np.asarray(rows[0])


def _coordinates(said: Any, what: str) -> Floats:
    """(n, 3) numbers, of which none is infinite or missing."""
    try:
        rows = np.asarray(said, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SourceError(f"{what} are not three numbers each: write the file again") from error
    if not rows.size:
        return np.zeros((0, 3))
    if rows.ndim != 2 or rows.shape[1] != 3 or not np.isfinite(rows).all():
        raise SourceError(f"{what} are not three numbers each: write the file again")
    return rows


def _short(value: Any) -> str:
    return repr(value)[:60]
