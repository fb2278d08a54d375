"""Replies of analyses as files: features, drawings, topics, and rows of the layer that they fill."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.asking import Reply
from twin.bcf import Edition, write_bcf
from twin.catalog import Catalog
from twin.columns import plain_values
from twin.crs import CRS, CRS84
from twin.errors import InvalidParameter
from twin.export import export_frame
from twin.geojson import settle_geometries, write_geometries
from twin.keeping import filled_layer, tabulate
from twin.paper import Paper

#: Decimals of degrees: 0.1 mm.
_DIGITS = 9


def write_reply(reply: Reply, catalog: Catalog, path: Path, *, overwrite: bool = False) -> tuple[str, ...]:
    """Write a reply as a file, whole or not at all, in the form that its name ends in.

    ``.geojson``: the features and shapes with their roles, in WGS 84 longitude and latitude (RFC 7946, 4); ``.svg``,
    ``.png``: the drawing; ``.bcfzip``, ``.bcf``: the topics, in edition 2.1 and 3.0; ``.gpkg`` and what else a layer is
    exported to: the features of the layer that the analysis fills.

    Returns
    -------
    tuple of str
        What the reader of the file must know.

    Raises
    ------
    InvalidParameter
        There is a file of that name, it cannot be written, or the analysis gives nothing in that form.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        layer = filled_layer(reply, catalog)
        return export_frame(tabulate(reply, layer), path, overwrite=overwrite)
    if path.exists() and not overwrite:
        raise InvalidParameter(f"{path} exists already; --overwrite replaces it", parameter="out")
    content = write(reply)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            written = Path(folder) / path.name
            with written.open("wb") as file:
                file.writelines(content)
            written.replace(path)
    except OSError as error:
        raise InvalidParameter(f"{path} cannot be written: {error}", parameter="out", cause=error) from None
    return ()


def write_topics(reply: Reply, edition: Edition) -> bytes:
    """Write the topics of a reply as a BCF file.

    Raises
    ------
    InvalidParameter
        The analysis raises none.
    """
    if not reply.analysis.raises_topics:
        raise InvalidParameter(f"{reply.analysis.id} raises no topics: give a .geojson file", parameter="out")
    topics = reply.answer.topics() if reply.answer.topics is not None else ()
    title = f"{reply.analysis.title} {reply.analysis.title_zh}"
    return write_bcf(topics, reply.crs, edition=edition, project=title, at=reply.computed_at)


def make_drawing(reply: Reply) -> Paper:
    """Draw a reply.

    Raises
    ------
    InvalidParameter
        It has none.
    """
    draw = reply.answer.drawing
    if draw is None:
        raise InvalidParameter(f"{reply.analysis.id} has nothing to draw: give a .geojson file", parameter="out")
    return draw(basis=reply.basis())


def _write_geojson(reply: Reply) -> Iterator[bytes]:
    yield b'{"type": "FeatureCollection", "features": ['
    for number, feature in enumerate(chain(_write_rows(reply), _write_shapes(reply))):
        yield (",\n" if number else "\n").encode() + json.dumps(feature, ensure_ascii=False).encode()
    yield b"]}"


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
    return [json.loads(text) for text in write_geometries(settle_geometries(geometries, crs, CRS84, digits=_DIGITS))]


def _feature(geometry: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


_WRITERS: Mapping[str, Callable[[Reply], Iterable[bytes]]] = {
    ".geojson": _write_geojson,
    ".json": _write_geojson,
    ".svg": lambda reply: [make_drawing(reply).svg().encode()],
    ".png": lambda reply: [make_drawing(reply).png()],
    ".bcfzip": lambda reply: [write_topics(reply, "2.1")],
    ".bcf": lambda reply: [write_topics(reply, "3.0")],
}
