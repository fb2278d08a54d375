"""The analysis that finds the conflicts of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from layers.pipelines import figures
from layers.pipelines.clearance.buildings import find_building_conflicts
from layers.pipelines.clearance.pairs import find_conflicts
from layers.pipelines.clearance.soil import SOIL_DEG, require_soil
from layers.pipelines.clearance.surface import find_shallow_covers
from layers.pipelines.conflicts.layer import PIPE_CONFLICTS, RULES
from layers.pipelines.conflicts.topics import make_topics
from layers.pipelines.metres import in_metres
from twin.analysis import Answer, analysis
from twin.bcf import topic_id
from twin.crs import reproject
from twin.frame import Frame
from twin.indicator import Clause, Shape

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

CLEARANCES = Clause(
    document="GB 50289-2016《城市工程管线综合规划规范》",
    article="4.1.1, 4.1.9, 4.1.11, 4.1.14",
    text="工程管线的最小覆土深度;工程管线之间及其与建(构)筑物之间的最小水平净距;工程管线交叉时的最小垂直净距。",
)

_SEGMENTS = "pipe_segments"
_SEVERITY = {"CLASH": "error"}


@analysis(
    title="Conflicts of pipelines",
    title_zh="管线净距、碰撞与覆土分析",
    clause=CLEARANCES,
    figures=figures.CONFLICTS,
    roles={str(rule.value): (rule.title, rule.title_zh) for rule in RULES},
    about={
        "rule": "Only what breaks this rule; everything by default.",
        "soil_deg": "Angle of friction of the soil, degrees, for pipes that lie deeper than foundations.",
    },
    raises_topics=True,
    fills=PIPE_CONFLICTS.id,
    narrows=("rule",),
)
def pipe_conflicts(
    pipe_segments: Frame,
    buildings: Frame,
    roads: Frame,
    *,
    rule: Literal["CLASH", "CLR-H", "CLR-V", "COVER"] | None = None,
    soil_deg: float = SOIL_DEG,
) -> Answer:
    """All segments nearer to others or to buildings than GB 50289-2016 allows, that share room, or lie too shallow.

    What is not known of a segment counts as what asks for the least. Foundations are solids where their depth and the
    ground are known; of the other buildings only the clearance in plan is judged. Below carriageways, as wide as
    their roads say, the cover of a lane is asked for, elsewhere that of a footway. Clearances may be less where
    measures are taken: each is to be looked at.
    """
    require_soil(soil_deg)
    frames = (pipe_segments, buildings, roads)
    segments, blocks, ways = in_metres(*frames)
    parts = {
        _SEGMENTS: find_conflicts(segments),
        "buildings": find_building_conflicts(segments, blocks, soil_deg=soil_deg),
        "roads": find_shallow_covers(segments, ways),
    }
    tables = [_tell(part, layer, frames, segments) for layer, part in parts.items()]
    found = [record for table in tables for record in table if rule in (None, record["rule"])]
    places = np.array([None, *(record.pop("place") for record in found)], dtype=object)[1:]
    stored = reproject(places, segments.crs, pipe_segments.crs)
    shapes = tuple(
        Shape(
            role=record["rule"],
            title=pipe_conflicts.roles[record["rule"]][0],
            title_zh=pipe_conflicts.roles[record["rule"]][1],
            geometry=place,
            properties=record,
        )
        for record, place in zip(found, stored, strict=True)
    )
    return Answer(
        figures={
            **{
                str(code.value): sum(record["rule"] == code.value for record in found)
                if rule in (None, code.value)
                else None
                for code in RULES
            },
            "with_buildings": sum(record["second_layer"] == "buildings" for record in found),
        },
        features=_play_parts(found),
        shapes=shapes,
        note=_say_unknown(buildings, roads),
        topics=lambda: make_topics(shapes, places, segments, blocks),
    )


def _tell(found: pd.DataFrame, layer: str, frames: tuple[Frame, ...], segments: GeoDataFrame) -> list[dict[str, Any]]:
    """Conflicts as fields of the layer, and the place of each in the middle of the nearest places."""
    other = {frame.layer.id: frame for frame in frames}[layer].data
    keys, classes = segments.index.to_numpy(object), segments["class"].to_numpy(object)
    others = [*other.index, None]  # where there is no other one, its position is -1
    kinds = [*other["class"], None] if layer == _SEGMENTS else [None] * len(others)
    ends = found[["first_x", "first_y", "first_z", "second_x", "second_y", "second_z"]].to_numpy(float)
    places = shapely.points(np.nan_to_num(ends.reshape(-1, 2, 3).mean(axis=1)))
    told = []
    for row, place in zip(found.to_dict("records"), places, strict=True):
        first, second = keys[row["first"]], others[row["second"]]
        told.append(
            {
                "conflict_id": str(topic_id(row["rule"], first, layer, second or "")),
                "rule": row["rule"],
                "severity": _SEVERITY.get(row["rule"], "warning"),
                "first_id": first,
                "first_class": classes[row["first"]],
                "second_layer": layer if second is not None else None,
                "second_id": second,
                "second_class": kinds[row["second"]],
                "measured_m": round(row["measured_m"], 4),
                "limit_m": round(row["limit_m"], 4),
                "confidence": row["confidence"],
                "source": row["source"],
                "place": place,
            }
        )
    return told


def _play_parts(found: list[dict[str, Any]]) -> dict[str, dict[str, tuple[str, ...]]]:
    """The keys of segments and buildings by the rules that they break."""
    keys: dict[str, dict[str, set[str]]] = {}
    for record in found:
        by_layer = keys.setdefault(record["rule"], {})
        by_layer.setdefault(_SEGMENTS, set()).add(record["first_id"])
        if record["second_layer"] in (_SEGMENTS, "buildings"):
            by_layer.setdefault(record["second_layer"], set()).add(record["second_id"])
    return {rule: {layer: tuple(sorted(names)) for layer, names in by_layer.items()} for rule, by_layer in keys.items()}


def _say_unknown(buildings: Frame, roads: Frame) -> str:
    """What could not be judged."""
    unfounded = int(buildings.data[["foundation_depth_m", "ground_m"]].isna().any(axis=1).sum())
    narrow = int(roads.data["width_m"].isna().sum())
    notes = []
    if unfounded:
        notes.append(f"{unfounded} of {len(buildings)} buildings have no known foundation: judged in plan only")
    if narrow:
        notes.append(f"{narrow} of {len(roads)} roads have no known width: no carriageway is known there")
    return "; ".join(notes)
