"""Conflicts of pipelines as topics for those who coordinate the work on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from layers.pipelines.conflicts.layer import OTHERS
from layers.pipelines.conflicts.plan import draw_plan
from twin.bcf import Topic
from twin.indicator import Shape

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from geopandas import GeoDataFrame
    from shapely import Point

    Geometries = npt.NDArray[np.object_]

_TITLES = {str(code.value): (code.title, code.title_zh) for code in OTHERS}
_PRIORITY = {"error": "Critical", "warning": "Normal"}
#: So many topics have a picture, so fine: more are not looked at one by one.
_PICTURED, _DPI = 200, 100


def make_topics(
    shapes: Sequence[Shape], places: Geometries, segments: GeoDataFrame, buildings: GeoDataFrame
) -> list[Topic]:
    """Make a topic of each conflict; the first of them have a picture.

    Parameters
    ----------
    shapes
        n conflicts, their properties the fields of ``pipe_conflicts``.
    places, segments, buildings
        The n places, and all segments and buildings, in a CRS in metres.
    """

    def draw(shape: Shape, place: Point) -> bytes:
        told = shape.properties
        keys = [told["first_id"], *([told["second_id"]] if told["second_layer"] == "pipe_segments" else [])]
        return draw_plan(_name(shape), place, segments, buildings, keys).png(dpi=_DPI)

    return [
        _make_topic(shape, partial(draw, shape, place) if number < _PICTURED else None)
        for number, (shape, place) in enumerate(zip(shapes, places, strict=True))
    ]


def _name(shape: Shape) -> str:
    told = shape.properties
    return f"{told['rule']} {shape.title} {shape.title_zh}: {' – '.join(key for _, key in _about(shape))}"


def _about(shape: Shape) -> list[tuple[str, str]]:
    """The features that a conflict is about: layer and key."""
    told = shape.properties
    other = [] if told["second_id"] is None else [(told["second_layer"], told["second_id"])]
    return [("pipe_segments", told["first_id"]), *other]


def _make_topic(shape: Shape, snapshot: Callable[[], bytes] | None) -> Topic:
    told, about = shape.properties, _about(shape)
    return Topic(
        id=UUID(told["conflict_id"]),
        title=_name(shape),
        description="\n".join(
            [
                f"{shape.title} {shape.title_zh}",
                *(f"{_TITLES[layer][0]} {_TITLES[layer][1]}: {key}" for layer, key in about),
                f"Measured 实测 {told['measured_m']:.3f} m, limit 限值 {told['limit_m']:.3f} m",
                f"Source 依据: {told['source']}",
            ]
        ),
        kind="Clash" if told["rule"] == "CLASH" else "Clearance",
        priority=_PRIORITY[told["severity"]],
        labels=(told["rule"], *sorted({told["first_class"], told["second_class"] or told["first_class"]})),
        components=tuple(about),
        place=shape.geometry,
        snapshot=snapshot,
    )
