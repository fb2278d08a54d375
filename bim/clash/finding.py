"""The analysis that finds the clashes of building models."""

from __future__ import annotations

from typing import Any, Literal

from twin.analysis import Answer, Figure, Kept, analysis
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.indicator import Clause, Shape

Against = Literal["elements", "pipes", "buildings", "areas"]

CLAUSE = Clause(
    document="ISO 16739-1:2024",
    article="IfcRelInterferesElements",
    text="“Interference is a spatial overlap between the two elements.”",
)

_RULES = {"CLASH": ("Share room", "空间碰撞"), "CLEAR": ("Too near", "间距不足")}
_OTHERS = {"pipes": ("pipe_segments", "pipe_nodes"), "buildings": ("buildings",)}
#: No tolerance or clearance within a building is wider.
_MOST_M = 10.0
_FIGURES = {
    "CLASH": Figure(title="Pairs that share room", title_zh="空间碰撞数"),
    "CLEAR": Figure(title="Pairs that are too near", title_zh="间距不足数"),
    "elements": Figure(title="Elements that were compared", title_zh="参与检查的构件数"),
    "open_elements": Figure(title="Elements whose shape is not closed", title_zh="几何不封闭的构件数"),
    "by_class": Figure(
        title="Clashes by class, the most first",
        title_zh="按类别统计",
        members={
            "rule": Figure(title="Rule", title_zh="规则"),
            "first": Figure(title="Class of the element", title_zh="构件类别"),
            "second": Figure(title="Class or layer of the other one", title_zh="另一要素类别或图层"),
            "pairs": Figure(title="Pairs", title_zh="对数"),
        },
    ),
}


@analysis(
    title="Clashes of building models",
    title_zh="建筑模型碰撞检查",
    clause=CLAUSE,
    figures=_FIGURES,
    roles=_RULES,
    about={
        "building": "Only clashes of elements of this building; all by default.",
        "model": "Only clashes of elements of this model.",
        "first_class": "Only of elements of this class, such as IfcPipeSegment; walls of the standard case are walls.",
        "second_class": "Only with elements of this class.",
        "against": "Only with other elements, pipes and wells, other buildings and their foundations, or areas.",
        "areas": "A layer of polygons in which nothing may stand, such as planning_areas; none by default.",
        "areas_filter": "Only of these features of it (CQL2): kind = 'planning'.",
        "tolerance_m": "Shared room up to this thickness is none.",
        "clearance_m": "Pairs nearer than this are told too; 0: none.",
        "time_s": "What the comparison of models that stand together may take, seconds.",
    },
    raises_topics=True,
    fills="building_clashes",
    narrows=("building", "model", "first_class", "second_class", "against"),
    names=("areas", "areas_filter"),
)
def building_clashes(
    building_models: Frame,
    building_elements: Frame,
    pipe_segments: Frame,
    pipe_nodes: Frame,
    buildings: Frame,
    *,
    building: str | None = None,
    model: str | None = None,
    first_class: str | None = None,
    second_class: str | None = None,
    against: Against | None = None,
    areas: str | None = None,  # noqa: ARG001 - what it names is given as `named`
    areas_filter: str | None = None,  # noqa: ARG001
    tolerance_m: float = 0.01,
    clearance_m: float = 0.0,
    time_s: float = 600.0,
    kept: Kept,
    named: Frame | None,
) -> Answer:
    """Elements of building models that share room with other elements, also of other models, with pipes or buildings.

    Elements share room where the room that is in both is thicker than the tolerance. Not compared are elements with
    what they are part of or stand in (doors and their walls), parts of an assembly with one another, reinforcement and
    fasteners, spaces and openings. Pipes and wells are as wide as they are outside. Other buildings are blocks over
    their outlines, from the bottom of the foundation, where its depth is known, to the top; the block of the building
    that an element is of is not compared with it.

    Areas, the polygons of a layer that is named, have no heights: compared is what an element covers seen from above.
    It stands within where that is wider than the tolerance.
    """
    from bim.clash.areas import find_within, gather_areas, require_areas, with_areas
    from bim.clash.comparing import compare_bodies
    from bim.clash.gathering import EMBEDDED, gather_scene, group_models
    from bim.clash.pairing import Wanted, find_kin
    from bim.clash.telling import count_classes, make_places, play_parts, tell_clashes
    from bim.clash.topics import make_topics
    from bim.ifc.supervising import Limits

    _require(tolerance_m, clearance_m, time_s)
    if named is not None:
        require_areas(named.layer)
    elif against == "areas":
        raise InvalidParameter("against=areas needs a layer: name it as areas", parameter="areas")
    wanted = Wanted(building=building, model=model, first_class=first_class, second_class=second_class, against=against)
    frames = {frame.layer.id: frame for frame in (building_elements, pipe_segments, pipe_nodes, buildings)}
    crs, data = building_models.crs, building_elements.data
    elements = data[((data["kind"] == "element") & ~data["class"].isin(EMBEDDED)).to_numpy(dtype=bool)]
    others = [frames[layer] for layer in _against(against, second_class)]
    asked = building_models.data.index.isin(elements.loc[wanted.are(elements), "model_id"])
    found: list[dict[str, Any]] = []
    compared = opened = 0
    for rows in group_models(building_models, asked, reach_m=clearance_m):
        scene = gather_scene(building_models, rows, elements, others, kept, reach_m=clearance_m)
        first, second = wanted.first(scene, elements), wanted.second(scene, elements)
        meetings = compare_bodies(
            scene.bodies,
            first,
            second,
            find_kin(scene, data),
            tolerance_m=tolerance_m,
            clearance_m=clearance_m,
            limits=Limits(file_s=time_s),
        )
        compared += int(first.sum())
        opened += len(meetings.open_bodies)
        limits = {"tolerance_m": tolerance_m, "clearance_m": clearance_m}
        found += tell_clashes(scene, meetings, first, frames, crs, **limits)
        if named is not None and against in (None, "areas") and second_class is None:
            near = gather_areas(named, scene, clearance_m=clearance_m)
            within = find_within(scene, first, near, **limits)
            whole = with_areas(scene, named.layer.id, near)
            found += tell_clashes(whole, within, first, {**frames, named.layer.id: named}, crs, **limits)
    places = make_places(found)
    shapes = tuple(
        Shape(
            role=each["rule"],
            title=_RULES[each["rule"]][0],
            title_zh=_RULES[each["rule"]][1],
            geometry=place,
            properties=each,
        )
        for each, place in zip(found, places, strict=True)
    )
    return Answer(
        figures={
            "CLASH": sum(each["rule"] == "CLASH" for each in found),
            "CLEAR": sum(each["rule"] == "CLEAR" for each in found) if clearance_m else None,
            "elements": compared,
            "open_elements": opened,
            "by_class": count_classes(found),
        },
        features=play_parts(found),
        shapes=shapes,
        note=_say_unseen(opened),
        topics=lambda: make_topics(shapes),
    )


def _against(against: Against | None, second_class: str | None) -> list[str]:
    """Layers that elements are compared with besides themselves."""
    if second_class is not None:
        return []
    return [layer for kind, layers in _OTHERS.items() if against in (None, kind) for layer in layers]


def _require(tolerance_m: float, clearance_m: float, time_s: float) -> None:
    for name, value in (("tolerance_m", tolerance_m), ("clearance_m", clearance_m)):
        if not 0 <= value <= _MOST_M:
            raise InvalidParameter(f"{name} must be from 0 to {_MOST_M:g} m, not {value:g}", parameter=name)
    if time_s <= 0:
        raise InvalidParameter(f"time_s must be more than 0, not {time_s:g}", parameter="time_s")


def _say_unseen(opened: int) -> str:
    if not opened:
        return ""
    return f"{opened} elements are near others and not closed: whether they share room is not known"
