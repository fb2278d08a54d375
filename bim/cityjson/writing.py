"""City objects as bytes: one document, or a sequence with a feature on each line; written some at a time.

References
----------
OGC 20-072r5, CityJSON 2.0, §2 (the root), §4 (transform), §5 (metadata), §7 (CityJSON Text Sequences).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from bim.cityjson.features import Feature
from twin.crs import CRS, BBox, crs_label, epsg_code
from twin.errors import InvalidParameter

Floats = npt.NDArray[np.float64]

#: Tenths of a millimetre.
_SCALE = 0.0001
_VERSION = "2.0"
#: As many features are joined before they are handed on.
_PIECE = 500


def head_of(crs: CRS, *, around: BBox | None, title: str) -> dict[str, Any]:
    """The head of a document: version, transform, metadata.

    Parameters
    ----------
    crs
        Of its coordinates, projected and with a code of the EPSG register.
    around
        What its features are in, in that CRS; its south-west corner, in whole metres, is subtracted from coordinates.
    title
        What it holds.

    Raises
    ------
    InvalidParameter
        The CRS has no code, or its coordinates are degrees.
    """
    code = epsg_code(crs)
    if code is None or not crs.is_projected:
        raise InvalidParameter(
            f"CityJSON names a CRS by its EPSG code and has metres, which {crs_label(crs)} does not: give another, "
            "such as EPSG:4548",
            parameter="crs",
        )
    corner = [0.0, 0.0] if around is None else [float(np.floor(around.west)), float(np.floor(around.south))]
    return {
        "type": "CityJSON",
        "version": _VERSION,
        "transform": {"scale": [_SCALE] * 3, "translate": [*corner, 0.0]},
        "metadata": {
            "referenceSystem": f"https://www.opengis.net/def/crs/EPSG/0/{code}",
            "title": f"{title}; heights: 1985 national height datum (EPSG:5737)",
        },
    }


def write_sequence(head: dict[str, Any], features: Iterable[Feature]) -> Iterator[bytes]:
    """Write a CityJSONSeq: a line with the head, and one for each feature, whose vertices are its own."""
    yield orjson.dumps(head | {"CityObjects": {}, "vertices": []}, option=orjson.OPT_APPEND_NEWLINE)
    lines: list[bytes] = []
    for feature in features:
        said = {
            "type": "CityJSONFeature",
            "id": next(iter(feature.objects)),
            "CityObjects": feature.objects,
            "vertices": _integers(feature.vertices, head),
        }
        lines.append(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY))
        if len(lines) == _PIECE:
            yield b"".join(lines)
            lines = []
    yield b"".join(lines)


def write_document(head: dict[str, Any], features: Iterable[Feature]) -> Iterator[bytes]:
    """Write one document; its vertices stand at the end, so that until then only they are in memory."""
    yield orjson.dumps(head)[:-1] + b',"CityObjects":{'
    kept: list[npt.NDArray[np.int64]] = []
    texts: list[bytes] = []
    count, between = 0, b""
    for feature in features:
        objects = {name: _renumbered(said, count) for name, said in feature.objects.items()}
        texts.append(orjson.dumps(objects)[1:-1])
        kept.append(_integers(feature.vertices, head))
        count += len(feature.vertices)
        if len(texts) == _PIECE:
            yield between + b",".join(texts)
            texts, between = [], b","
    if texts:
        yield between + b",".join(texts)
    yield b'},"vertices":['
    between = b""
    for piece in (kept[first : first + _PIECE] for first in range(0, len(kept), _PIECE)):
        rows = np.concatenate(piece)
        if len(rows):
            yield between + orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
            between = b","
    yield b"]}"


def _integers(vertices: Floats, head: dict[str, Any]) -> npt.NDArray[np.int64]:
    transform = head["transform"]
    out: npt.NDArray[np.int64] = np.round((vertices - transform["translate"]) / transform["scale"]).astype(np.int64)
    return out


def _renumbered(said: dict[str, Any], first: int) -> dict[str, Any]:
    """An object whose boundaries name vertices of the whole document."""
    if not first or "geometry" not in said:
        return said
    return said | {"geometry": [each | {"boundaries": _moved(each["boundaries"], first)} for each in said["geometry"]]}


def _moved(boundaries: Any, first: int) -> Any:
    if boundaries and isinstance(boundaries[0], int):
        return [index + first for index in boundaries]
    return [_moved(inner, first) for inner in boundaries]
