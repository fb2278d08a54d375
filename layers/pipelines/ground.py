"""What is asked of pipelines where they lie: sections, and what is in the way of digging; as analyses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import shapely

from layers.pipelines import figures
from layers.pipelines.clearance.soil import SOIL_DEG, require_soil
from layers.pipelines.codes.classes import DRIVES
from layers.pipelines.dig import Buried, find_buried, find_founded
from layers.pipelines.metres import in_metres
from layers.pipelines.network.frames import read_network
from layers.pipelines.network.paths import find_shortest_path
from layers.pipelines.network.shutting import find_valves
from layers.pipelines.sections.cross import make_cross_section
from layers.pipelines.sections.cross_sheet import draw_cross_section
from layers.pipelines.sections.cuts import Cut
from layers.pipelines.sections.profile import Profile, make_profile
from layers.pipelines.sections.profile_sheet import draw_profile
from twin.analysis import Answer, analysis
from twin.crs import CRS, CRS84, is_metric, reproject
from twin.densify import densify
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.indicator import Clause, Shape
from twin.overlay import shares_area

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

_SEGMENTS, _NODES = "pipe_segments", "pipe_nodes"

DIGGING = Clause(
    document="GB 50289-2016《城市工程管线综合规划规范》",
    article="4.1.9, 4.1.11",
    text="工程管线与建(构)筑物之间的最小水平净距;埋深大于建(构)筑物基础的工程管线与建(构)筑物之间的水平距离。",
)
SURVEYS = Clause(
    document="CJJ 61-2017《城市地下管线探测技术规程》",
    article="管线图编绘",
    text="管线断面图:地面高、管线高程、管径、间距。",
)

_LINE_ABOUT = {
    "line": "LINESTRING as WKT: longitude and latitude, or x (east) and y of the storage CRS.",
    "coordinates": "What the numbers are: degrees (CRS84), or metres of the storage CRS.",
}
Coordinates = Literal["degrees", "storage"]


@analysis(
    title="Long section",
    title_zh="纵断面分析",
    clause=SURVEYS,
    figures=figures.LONG_SECTION,
    roles={"path": ("Path", "路径"), "crossing": ("Crosses the path", "交叉管线")},
    about={"from_node": "Key of the point where it begins.", "to_node": "Key of the point where it ends."},
    draws=True,
)
def long_section(pipe_nodes: Frame, pipe_segments: Frame, *, from_node: str, to_node: str) -> Answer:
    """The section along the shortest way through the pipes between two points.

    Ground, inverts, slopes and covers along the path, and what crosses it with its vertical clearance, wall to wall.
    Where there is no way, there is no section: that is refused.
    """
    path = find_shortest_path(read_network(pipe_nodes, pipe_segments), from_node, to_node)
    if path is None or not path.segments:
        raise InvalidParameter(f"there is no way from {from_node} to {to_node} by pipes", parameter="to_node")
    segments, nodes = in_metres(pipe_segments, pipe_nodes)
    profile = make_profile(nodes, segments, path.segments)
    return Answer(
        figures={
            "length_m": profile.stations[-1].at_m,
            "stations": [_members(each) for each in profile.stations],
            "segments": _describe_runs(profile),
            "crossings": [
                {**_describe_cut(each.cut), "clearance_m": _plain(each.clearance_m), "above": each.above}
                for each in profile.crossings
            ],
        },
        features={
            "path": {_SEGMENTS: path.segments, _NODES: path.nodes},
            "crossing": {_SEGMENTS: tuple(sorted({each.cut.segment_id for each in profile.crossings}))},
        },
        drawing=partial(draw_profile, profile, title=f"Long section 纵断面图 {from_node}–{to_node}"),
    )


@analysis(
    title="Cross section",
    title_zh="横断面分析",
    clause=SURVEYS,
    figures=figures.CROSS_SECTION,
    roles={"cut": ("Cut by the section", "剖切管线")},
    about=_LINE_ABOUT,
    draws=True,
)
def cross_section(pipe_segments: Frame, *, line: str, coordinates: Coordinates = "degrees") -> Answer:
    """The section across pipes at a line: what lies where and how deep, as a trench there would show it."""
    cut_at = _read_shape(line, "LineString", "line", coordinates, pipe_segments.crs)
    (segments,) = in_metres(pipe_segments)
    way = reproject([cut_at], pipe_segments.crs, segments.crs)[0]
    section = make_cross_section(segments, shapely.LineString(way.coords))
    return Answer(
        figures={"length_m": section.length_m, "cuts": [_describe_cut(cut) for cut in section.cuts]},
        features={"cut": {_SEGMENTS: tuple(sorted({cut.segment_id for cut in section.cuts}))}},
        drawing=partial(
            draw_cross_section, section, ends=_name_ends(cut_at, pipe_segments.crs), title="Cross section 横断面图 A–A′"
        ),
    )


@analysis(
    title="What is in the ground where somebody digs",
    title_zh="开挖分析",
    clause=DIGGING,
    figures=figures.DIG,
    roles={
        "reached": ("Reached by the dig", "开挖触及"),
        "below": ("Below the dig", "开挖面以下"),
        "close": ("Valve to close", "需关阀门"),
        "undermined": ("Foundation undermined", "基础受扰"),
        "building": ("Building within reach of the dig", "影响范围内建筑"),
    },
    about={
        "area": "POLYGON as WKT: longitude and latitude, or x (east) and y of the storage CRS.",
        "depth_m": "How deep, metres below the ground.",
        "reach_m": "How far from the dig buildings are within reach; by default as far as the soil spreads its depth.",
        "soil_deg": "Angle of friction of the soil, degrees.",
        "coordinates": _LINE_ABOUT["coordinates"],
    },
)
def dig(
    pipe_nodes: Frame,
    pipe_segments: Frame,
    buildings: Frame,
    *,
    area: str,
    depth_m: float,
    reach_m: float | None = None,
    soil_deg: float = SOIL_DEG,
    coordinates: Coordinates = "degrees",
) -> Answer:
    """Pipes under an area with the ground above them, their owners and the valves that shut them off, worst first.

    What the dig reaches comes first, then gas, power, industry, heat, water, ducts, telecommunications and drainage,
    then what has the least cover. Where a depth is unknown the pipe counts as reached. A foundation is undermined if
    the dig goes deeper and is nearer than the soil spreads that; such buildings come first, then those whose
    foundation nobody knows, then the others, each by distance.
    """
    if depth_m <= 0:
        raise InvalidParameter(f"depth_m must be more than 0, not {depth_m:g}", parameter="depth_m")
    require_soil(soil_deg)
    shape = _read_shape(area, "Polygon", "area", coordinates, pipe_segments.crs)
    segments, blocks = in_metres(pipe_segments, buildings)
    polygon = reproject([shape], pipe_segments.crs, segments.crs)[0]
    found = find_buried(segments, polygon, depth_m)
    reach = depth_m / math.tan(math.radians(soil_deg)) if reach_m is None else reach_m
    near = find_founded(blocks, polygon, depth_m, reach_m=reach, soil_deg=soil_deg)
    valves = _valves_of(pipe_nodes, pipe_segments, [each.segment_id for each in found if each.reached])
    return Answer(
        figures={
            "reached": sum(each.reached for each in found),
            "below": sum(not each.reached for each in found),
            "buildings_in_the_area": int(shares_area(polygon, blocks.geometry).sum()),
            "pipes": [_describe_buried(each, segments, valves) for each in found],
            "buildings": [{**_members(each), "name": _plain(blocks["name"][each.building_id])} for each in near],
        },
        features={
            "reached": {_SEGMENTS: tuple(each.segment_id for each in found if each.reached)},
            "below": {_SEGMENTS: tuple(each.segment_id for each in found if not each.reached)},
            "close": {_NODES: tuple(sorted({valve for each in valves.values() for valve in each}))},
            "undermined": {"buildings": tuple(each.building_id for each in near if each.undermined)},
            "building": {"buildings": tuple(each.building_id for each in near if not each.undermined)},
        },
        shapes=(Shape(role="area", title="Dig", title_zh="开挖范围", geometry=shape),),
    )


def _valves_of(pipe_nodes: Frame, pipe_segments: Frame, names: list[str]) -> dict[str, tuple[str, ...]]:
    """The valves that shut each of some segments off; of those that never have any, nothing."""
    classes = pipe_segments.data["class"]
    pressed = [name for name in names if DRIVES[classes[name]] == "pressure"]
    return find_valves(read_network(pipe_nodes, pipe_segments), pressed)


def _describe_buried(found: Buried, segments: GeoDataFrame, valves: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    row = segments.loc[found.segment_id]
    told = {name: row[name] for name in ("class", "subclass", "owner", "material", "diameter_mm", "pressure_class")}
    return {
        **_members(found),
        **{name: _plain(value) for name, value in told.items()},
        "valves": list(valves.get(found.segment_id, ())),
    }


def _read_shape(text: str, kind: str, name: str, coordinates: Coordinates, storage: CRS) -> BaseGeometry:
    """Read a shape as WKT and bring it into the storage CRS; edges are straight as they are given."""
    try:
        shape = shapely.from_wkt(text)
    except shapely.errors.GEOSException as error:
        raise InvalidParameter(f"{name} is no WKT: {text[:60]!r}", parameter=name, cause=error) from None
    if shape is None or shape.geom_type != kind or shape.is_empty or not shape.is_valid:
        raise InvalidParameter(f"{name} must be a valid {kind.upper()}, not {text[:60]!r}", parameter=name)
    shape = shapely.force_2d(shape)
    if coordinates == "storage":
        return shape
    moved: BaseGeometry = reproject(densify([shape], CRS84, storage), CRS84, storage)[0]
    return moved


def _name_ends(line: BaseGeometry, crs: CRS) -> tuple[str, str]:
    """The places of both ends of a line as surveyors write them, north first."""
    digits = 2 if is_metric(crs) else 7
    (x0, y0), *_, (x1, y1) = shapely.get_coordinates(line)
    return f"N {y0:.{digits}f}, E {x0:.{digits}f}", f"N {y1:.{digits}f}, E {x1:.{digits}f}"


def _members(record: Any) -> dict[str, Any]:
    return {name: _plain(getattr(record, name)) for name in record.__dataclass_fields__}


def _plain(value: Any) -> Any:
    """A value as JSON has it; None for what is missing."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _describe_cut(cut: Cut) -> dict[str, Any]:
    return _members(cut) | {"ground_m": _plain(cut.ground_m)}


def _describe_runs(profile: Profile) -> list[dict[str, Any]]:
    return [
        {
            "segment_id": run.segment_id,
            "size": run.size,
            "material": run.material,
            "from_m": run.from_m,
            "to_m": run.to_m,
            "length_m": run.length_m,
            "inverts_m": [_plain(each) for each in run.inverts_m],
            "covers_m": [_plain(each) for each in run.covers_m],
            "slope": _plain(run.slope),
        }
        for run in profile.runs
    ]
