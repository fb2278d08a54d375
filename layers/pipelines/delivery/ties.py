"""Naming the ends of drawn lines: by the points that lie there, within the limit of snapping, and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.classes import find_class
from layers.pipelines.delivery.entities import Entity
from layers.pipelines.delivery.values import find_table_class
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.ingest.mapping import FieldMapping
from twin.ingest.match import match_fields

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: A height of a line that is as near to that of the point there was drawn from it: it is the ground, not the pipe.
_SAME_HEIGHT_M = 1e-3
#: How many points at an end are looked at to find one of the class of the line.
_NEAREST = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """n points that have a number: their names, classes (empty where nothing says it), and (n, 3) places."""

    names: Sequence[str]
    classes: npt.NDArray[np.object_]
    at: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """A line, or a part of one between two points: the number of its entity, its values by column, its vertices."""

    number: int
    values: dict[str, str]
    vertices: Floats


def find_points(symbols: Sequence[Entity]) -> Points:
    """Find the symbols with a number and a place."""
    found = []
    for symbol in symbols:
        columns = fields_of_points(tuple(symbol.attributes))
        name = symbol.attributes.get(columns.get("node_id", ""))
        if name and np.isfinite(symbol.vertices[0, :2]).all():
            found.append((name, _class_of(symbol, columns), symbol.vertices[0]))
    classes = np.array([pipe_class for _, pipe_class, _ in found], dtype=object)
    at = np.array([place for *_, place in found], dtype=float).reshape(-1, 3)
    return Points(names=[name for name, *_ in found], classes=classes, at=at)


def tie(lines: Sequence[Entity], points: Points, snap_m: float) -> tuple[list[Piece], list[str]]:
    """Name the ends of the lines that do not name them.

    A point ties a vertex that is no farther away than the limit, the nearest of the class of the line before those of
    no class. A line that names neither end is parted where a point lies at a vertex between. An end where no point lies
    is named by its place, so that the rule of missing points tells it.

    Parameters
    ----------
    lines
        Lines of pipelines.
    points
        The points of the drawing.
    snap_m
        The limit, in units of the drawing, which are metres.

    Returns
    -------
    tuple
        The lines, or their pieces; what to tell.
    """
    vertices = np.concatenate([line.vertices for line in lines]) if lines else np.empty((0, 3))
    sizes = [len(line.vertices) for line in lines]
    columns = [fields_of_segments(tuple(line.attributes)) for line in lines]
    classes = np.array([_class_of(line, named) for line, named in zip(lines, columns, strict=True)], dtype=object)
    tied, away_m = _find_ties(vertices, np.repeat(classes, sizes), points, snap_m)
    starts = (np.cumsum(sizes, dtype=np.intp) - sizes).tolist()
    pieces: list[Piece] = []
    ends: list[int] = []
    parted = lost = raised = 0
    for line, named, start, size in zip(lines, columns, starts, sizes, strict=True):
        here = tied[start : start + size]
        lacking = [end for end in ("from_node", "to_node") if not line.attributes.get(named.get(end, ""))]
        stops = _find_stops(here) if len(lacking) == 2 else [0, size - 1]
        parted += len(stops) > 2
        for at, (first, last) in enumerate(pairwise(stops)):
            values = _share(line.attributes, named, first_piece=at == 0, last_piece=at == len(stops) - 2)
            for end, vertex in (("from", first), ("to", last)):
                place, point = line.vertices[vertex], int(here[vertex])
                if f"{end}_node" in lacking:
                    values[named.get(f"{end}_node", f"{end}_node")] = _name(points, point, place)
                    lost += point < 0
                    ends += [start + vertex] if point >= 0 else []
                if _is_pipe(place, points, point) and f"{end}_elevation_m" not in named:
                    values[f"{end}_elevation_m"] = f"{place[2]:.10g}"
                    raised += 1
            pieces.append(Piece(number=line.number, values=values, vertices=line.vertices[first : last + 1]))
    far_m = away_m[ends].max() if ends else 0.0
    told = {
        f"{len(ends):,} ends of lines are tied to the points there, at most {far_m:.3f} m away": len(ends),
        f"{lost:,} ends of lines have no point within {snap_m:g} m: they are named by their places": lost,
        f"{parted:,} lines through points were parted there: {len(pieces):,} segments of {len(lines):,} lines": parted,
        f"the heights of {raised:,} ends of lines are taken as those of the pipes": raised,
    }
    return pieces, [text for text, count in told.items() if count]


def _find_ties(
    vertices: Floats, classes: npt.NDArray[np.object_], points: Points, snap_m: float
) -> tuple[Positions, Floats]:
    """The point that lies at each vertex, -1 where there is none, and how far away it is."""
    from scipy.spatial import cKDTree

    tied, away = np.full(len(vertices), -1, dtype=np.intp), np.full(len(vertices), np.inf)
    whole = np.flatnonzero(np.isfinite(vertices[:, :2]).all(axis=1))
    if not len(points.names) or not len(whole):
        return tied, away
    k = min(_NEAREST, len(points.names))
    found = cKDTree(points.at[:, :2]).query(vertices[whole, :2], k=[*range(1, k + 1)], distance_upper_bound=snap_m)
    distance, near = np.asarray(found[0]), np.asarray(found[1])
    there = np.isfinite(distance)
    of_point = points.classes[np.where(there, near, 0)]
    of_line = classes[whole, None]
    for fits in (there & ((of_point == "") | (of_line == "")), there & (of_point == of_line)):
        rows = np.flatnonzero(fits.any(axis=1))
        best = fits[rows].argmax(axis=1)
        tied[whole[rows]], away[whole[rows]] = near[rows, best], distance[rows, best]
    return tied, away


def _find_stops(tied: Positions) -> list[int]:
    """Vertices at which a line is parted, with its first and last."""
    stops = [0]
    for vertex in range(1, len(tied) - 1):
        if tied[vertex] >= 0 and tied[vertex] != tied[stops[-1]]:
            stops.append(vertex)
    if len(stops) > 1 and tied[stops[-1]] == tied[-1]:
        stops.pop()
    return [*stops, len(tied) - 1]


def _share(
    values: Mapping[str, str], named: Mapping[str, str], *, first_piece: bool, last_piece: bool
) -> dict[str, str]:
    """The values of a line that hold for one of its pieces: its ends and its name do not, where it is parted."""
    lost = {"to_": not last_piece, "from_": not first_piece, "segment_id": not (first_piece and last_piece)}
    drop = {column for field, column in named.items() for start, out in lost.items() if out and field.startswith(start)}
    return {name: value for name, value in values.items() if name not in drop}


def _name(points: Points, point: int, place: Floats) -> str:
    return points.names[point] if point >= 0 else f"({place[0]:.3f}, {place[1]:.3f})"


def _is_pipe(place: Floats, points: Points, point: int) -> bool:
    """Whether the height of a vertex is that of the pipe: it is drawn, and not that of the ground at its point."""
    if np.isnan(place[2]):
        return False
    return point < 0 or not abs(points.at[point, 2] - place[2]) < _SAME_HEIGHT_M


def _class_of(entity: Entity, columns: Mapping[str, str]) -> str:
    found = find_class(entity.attributes.get(columns.get("class", ""), "")) or find_table_class(entity.layer)
    return found[0] if found else ""


@lru_cache
def fields_of_points(columns: tuple[str, ...]) -> Mapping[str, str]:
    """The columns of fields of points, by field."""
    return {found.field.name: str(found.column) for found in match_fields(PIPE_NODES, columns, FieldMapping())}


@lru_cache
def fields_of_segments(columns: tuple[str, ...]) -> Mapping[str, str]:
    """The columns of fields of segments, by field."""
    return {found.field.name: str(found.column) for found in match_fields(PIPE_SEGMENTS, columns, FieldMapping())}
