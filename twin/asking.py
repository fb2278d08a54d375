"""Asks analyses, and records what the answers rest on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from twin.analysis import Analysis, Answer
from twin.catalog import Catalog
from twin.columns import plain_values
from twin.crs import CRS, CRS84, crs_label, reproject
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.query import AsOf
from twin.reading import ReadFrame, read_inputs, write_plain
from twin.store import Store

#: Decimals of degrees: 0.1 mm.
_DIGITS = 9


@dataclass(frozen=True, kw_only=True, eq=False)
class Reply:
    """An answer with what it rests on: the question, its parameters, and the rows that it was read from.

    History is never overwritten, so the revisions of the layers name these rows.
    """

    analysis: Analysis
    answer: Answer
    as_of: AsOf | None
    crs: CRS
    parameters: Mapping[str, Any]
    frames: Mapping[str, Frame]
    computed_at: datetime

    def rows(self) -> Iterator[tuple[str, Frame]]:
        """Each role with the rows that play it, layer by layer."""
        for role, layers in self.answer.features.items():
            for name, keys in layers.items():
                frame = self.frames[name]
                yield role, frame.take(frame.data.index.get_indexer(np.asarray(keys, dtype=object)))

    def to_dict(self) -> dict[str, Any]:
        """The reply as JSON carries it; derived shapes are told by what they are only."""
        analysis, answer = self.analysis, self.answer
        return write_plain(
            {
                "analysis": analysis.id,
                "title": analysis.title,
                "title_zh": analysis.title_zh,
                "figures": dict(answer.figures),
                "note": answer.note,
                "features": {role: dict(layers) for role, layers in answer.features.items()},
                "as_of": self.as_of,
                "crs": crs_label(self.crs),
                "parameters": dict(self.parameters),
                "clause": asdict(analysis.clause),
                "evidence": [
                    {"layer": name, "revision": frame.revision, "rows": len(frame)}
                    for name, frame in self.frames.items()
                ],
                "computed_at": self.computed_at,
            }
        )


def ask(
    analysis: Analysis,
    catalog: Catalog,
    store: Store,
    *,
    parameters: Mapping[str, Any] | None = None,
    as_of: AsOf | None = None,
    read: ReadFrame | None = None,
) -> Reply:
    """Ask an analysis of one state of the store.

    Parameters
    ----------
    analysis, catalog, store
        What, of which layers, where.
    parameters
        Values, or their text, by name; the others take their defaults.
    as_of
        Revision number or instant; now by default.
    read
        Gives whole layers that are in memory already; by default they are read from the store.

    Raises
    ------
    InvalidParameter
        A parameter is unknown or malformed.
    StoreUnavailable
        A geometry that another program wrote into the store cannot be measured.
    """
    reading = read_inputs(analysis, catalog, store, parameters=parameters, as_of=as_of, read=read)
    return Reply(
        analysis=analysis,
        answer=analysis.function(*reading.frames, **reading.parameters),
        as_of=as_of,
        crs=store.crs,
        parameters=reading.parameters,
        frames=dict(zip(analysis.inputs, reading.frames, strict=True)),
        computed_at=reading.at,
    )


def write_reply(reply: Reply, path: Path, *, overwrite: bool = False) -> None:
    """Write a reply as a file, whole or not at all, in the form that its name ends in.

    ``.geojson``: the features and shapes with their roles, in WGS 84 longitude and latitude (RFC 7946, 4); ``.svg``,
    ``.png``: the drawing.

    Raises
    ------
    InvalidParameter
        There is a file of that name, it cannot be written, or the analysis does not draw.
    """
    if path.exists() and not overwrite:
        raise InvalidParameter(f"{path} exists already; --overwrite replaces it", parameter="out")
    content = _write_content(reply, path)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            written = Path(folder) / path.name
            written.write_bytes(content)
            written.replace(path)
    except OSError as error:
        raise InvalidParameter(f"{path} cannot be written: {error}", parameter="out", cause=error) from None


def _write_content(reply: Reply, path: Path) -> bytes:
    suffix, drawing = path.suffix.lower(), reply.answer.drawing
    if suffix in (".svg", ".png"):
        if drawing is None:
            raise InvalidParameter(f"{reply.analysis.id} has nothing to draw: give a .geojson file", parameter="out")
        return drawing.svg().encode() if suffix == ".svg" else drawing.png()
    if suffix not in (".geojson", ".json"):
        raise InvalidParameter(f"{path.name} must end in .geojson, .svg or .png", parameter="out")
    collection = {"type": "FeatureCollection", "features": [*_write_rows(reply), *_write_shapes(reply)]}
    return json.dumps(collection, ensure_ascii=False).encode()


def _write_rows(reply: Reply) -> Iterator[dict[str, Any]]:
    for role, frame in reply.rows():
        schema = frame.layer.schema
        columns = {name: plain_values(frame.data[name], schema[name]) for name in schema.names}
        for number, geometry in enumerate(_to_geojson(frame.geometry, frame.crs)):
            properties = {name: values[number] for name, values in columns.items()}
            key = frame.data.index[number]
            yield _feature(geometry, {"role": role, "layer": frame.layer.id} | properties) | {"id": key}


def _write_shapes(reply: Reply) -> Iterator[dict[str, Any]]:
    shapes = reply.answer.shapes
    geometries = np.array([None, *(shape.geometry for shape in shapes)], dtype=object)[1:]
    for shape, geometry in zip(shapes, _to_geojson(geometries, reply.crs), strict=True):
        names = {"role": shape.role, "title": shape.title, "title_zh": shape.title_zh}
        yield _feature(geometry, names | dict(shape.properties))


def _to_geojson(geometries: npt.NDArray[np.object_], crs: CRS) -> list[Any]:
    moved = shapely.orient_polygons(reproject(geometries, crs, CRS84))
    rounded = shapely.transform(moved, lambda coords: np.round(coords, _DIGITS), include_z=True)
    return [json.loads(text) for text in shapely.to_geojson(rounded)]


def _feature(geometry: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}
