"""A drawing as tables: of each layer its symbols as points and its lines as segments.

Drawn lines seldom name their ends: where they do not, they are tied to the points that lie there, and a line through
points is parted at them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.delivery.delivery import Wishes
from layers.pipelines.delivery.entities import Drawing, Entity, is_field_name, read_drawing
from layers.pipelines.delivery.places import decide_axes
from layers.pipelines.delivery.ties import Points, fields_of_points, fields_of_segments, find_points, tie
from layers.pipelines.delivery.values import find_table_class
from twin.crs import CRS, BBox
from twin.errors import SourceError
from twin.ingest.dxf import read_dxf_place
from twin.ingest.place import decide_crs
from twin.ingest.source import Source, Table
from twin.ingest.stage import Staged

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]

#: A line of a layer that names no class is a segment where it says one of these itself.
_MARKS = {"from_node", "to_node", "class", "subclass"}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Row:
    """A row made of an entity: its number, values by column, and geometry."""

    number: int
    values: dict[str, str]
    geometry: BaseGeometry | None


def open_drawing(staged: Staged, wishes: Wishes, *, area: BaseGeometry | None, area_crs: CRS) -> list[Source]:
    """Open every layer of a drawing that has symbols with attributes, or lines.

    Parameters
    ----------
    staged
        The drawing.
    wishes
        What the operator says about it.
    area, area_crs
        The county's outline, where there is one, and its CRS.

    Raises
    ------
    SourceError
        It cannot be read, or nothing in it can be points and segments.
    CrsError
        Where its coordinates are cannot be told.
    """
    drawing = read_drawing(staged, wishes.encoding)
    symbols = tuple(symbol for symbol in drawing.symbols if any(map(is_field_name, symbol.attributes)))
    _require_content(staged.name, drawing, symbols)
    mute = len(drawing.symbols) - len(symbols)
    drawing, notices = _turn(replace(drawing, symbols=symbols), staged, wishes, area, area_crs)
    if mute:
        notices.append(f"{mute:,} symbols have no attribute that points have, and are left out")
    points = find_points(symbols=drawing.symbols)
    sources = []
    for layer, group in _by_layer(drawing.symbols):
        rows = [_Row(number=s.number, values=dict(s.attributes), geometry=_point(s.vertices[0])) for s in group]
        sources.append(_make_source(staged, drawing, layer, rows, notices))
        notices = []  # the first table tells them
    for layer, group in _by_layer(drawing.lines):
        rows, told = _make_segments(layer, group, points, wishes.snap_m)
        sources.append(_make_source(staged, drawing, layer, rows, [*notices, *told]))
        notices = []
    return sources


def _require_content(name: str, drawing: Drawing, symbols: Sequence[Entity]) -> None:
    """Refuse a drawing without points, and without lines that name theirs."""
    numbered = any("node_id" in fields_of_points(tuple(symbol.attributes)) for symbol in symbols)
    named = any("from_node" in fields_of_segments(tuple(line.attributes)) for line in drawing.lines)
    if numbered or named:
        return
    counts = Counter(entity.layer for entity in (*drawing.symbols, *drawing.lines))
    found = ", ".join(f"{layer} ({count:,})" for layer, count in counts.most_common(8)) or "none"
    raise SourceError(
        f"{name} is a drawing without points: no symbol has a point number (Exp_No, 点号 …) as attribute of its block "
        "or as extended data, and no line names its ends. Deliver the tables behind it, or a drawing that still has "
        f"its attributes. Layers with symbols and lines: {found}"
    )


def _turn(
    drawing: Drawing, staged: Staged, wishes: Wishes, area: BaseGeometry | None, area_crs: CRS
) -> tuple[Drawing, list[str]]:
    """The drawing with x east, and what there is to tell of its coordinates."""
    said, units = read_dxf_place(staged.path)
    notices = [*units]
    at = np.concatenate([entity.vertices[:, :2] for entity in (drawing.symbols or drawing.lines)])
    at = at[np.isfinite(at).all(axis=1)]
    bounds = BBox(*at.min(axis=0).tolist(), *at.max(axis=0).tolist()) if len(at) else None
    crs, _ = decide_crs(staged.name, wishes.crs, None, said, bounds, None)
    custom = (False, "drawings have x east")
    turned, why = decide_axes(staged.name, ("x", "y"), (at[:, 0], at[:, 1]), crs, custom, area=area, area_crs=area_crs)
    if turned:
        notices.append(f"x is north in this drawing, and y east: {why}")
        drawing = replace(drawing, symbols=_swap(drawing.symbols), lines=_swap(drawing.lines))
    return drawing, notices


def _swap(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    return tuple(replace(entity, vertices=entity.vertices[:, [1, 0, 2]]) for entity in entities)


def _make_segments(layer: str, lines: Sequence[Entity], points: Points, snap_m: float) -> tuple[list[_Row], list[str]]:
    """Rows of the lines of a layer that are pipelines, with their ends named; and what to tell."""
    mine = lines
    if find_table_class(layer) is None:
        mine = [line for line in lines if _MARKS & {*fields_of_segments(tuple(line.attributes))}]
    pieces, told = tie(mine, points, snap_m)
    left = len(lines) - len(mine)
    if left:
        told.append(f"{left:,} lines are left out: neither the layer nor they themselves name a class of pipelines")
    return [_Row(number=p.number, values=p.values, geometry=_path(p.vertices)) for p in pieces], told


def _make_source(staged: Staged, drawing: Drawing, layer: str, rows: Sequence[_Row], notices: Sequence[str]) -> Source:
    columns = tuple(dict.fromkeys(name for row in rows for name in row.values))

    def read(names: Sequence[str]) -> Table:
        import pandas as pd

        geometry = np.array([None] * len(rows), dtype=object)
        geometry[:] = [row.geometry for row in rows]
        return Table(
            columns=pd.DataFrame({name: pd.Series([r.values.get(name) for r in rows], dtype="str") for name in names}),
            geometry=geometry,
            number=np.array([row.number for row in rows], dtype=np.int64),
            unreadable=np.zeros(len(rows), dtype=bool),
        )

    return Source(
        name=staged.name,
        format=drawing.format,
        layer=layer,
        columns=columns,
        has_geometry=True,
        encoding=drawing.encoding,
        read=read,
        notices=tuple(notices),
    )


def _by_layer(entities: Iterable[Entity]) -> Iterator[tuple[str, list[Entity]]]:
    groups: dict[str, list[Entity]] = {}
    for entity in entities:
        groups.setdefault(entity.layer, []).append(entity)
    yield from groups.items()


def _point(at: Floats) -> BaseGeometry | None:
    return shapely.Point(at[~np.isnan(at)]) if np.isfinite(at[:2]).all() else None


def _path(at: Floats) -> BaseGeometry | None:
    return shapely.LineString(at[:, :2]) if np.isfinite(at[:, :2]).all() else None
