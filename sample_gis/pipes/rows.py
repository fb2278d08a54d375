"""Rows of the layers ``pipe_nodes`` and ``pipe_segments``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from sample_gis.dice import Dice, Floats, Ints
from sample_gis.mesh import Mask
from sample_gis.pipes.net import Net, Texts
from sample_gis.pipes.ways import Ways
from sample_gis.pipes.works import Works
from sample_gis.place import millimetres, to_storage

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Serial numbers in the feature codes of what is built onto points (CJJ 61-2017, Appendix F), where they are known.
_SERIAL = {"manhole": 5, "gully": 4, "valve_well": 5, "hydrant": 2}

#: Round wells by their diameter, rectangular ones by width and length, millimetres.
_WELLS = {
    "manhole": (700.0, np.nan),
    "drop_manhole": (1000.0, np.nan),
    "pump_station": (3000.0, 4000.0),
    "gully": (380.0, 680.0),
    "septic_tank": (2000.0, 4000.0),
    "valve_well": (1200.0, np.nan),
    "access_hole": (1200.0, 1800.0),
    "hand_hole": (900.0, 1200.0),
}
#: A drop in a manhole is one from this height.
_DROP_M = 0.5
_JOINTS = {"JP": "承插", "TR": "热熔", "RS": "焊接", "YS": "承插", "WS": "承插"}
_SHEET_M = 250.0
#: What becomes of some of what leads off each line: so large a share of it is in such a state.
_IDLE = {"JP": ("abandoned", 0.04), "TR": ("abandoned", 0.03), "RS": ("abandoned", 0.05), "XX": ("empty", 0.15)}
_SURVEYORS = ("示例勘察测绘院", "示例管线探测公司")


def pipe_rows(seed: int, built: list[tuple[Ways, Works]]) -> tuple[GeoDataFrame, GeoDataFrame]:
    """Rows of all nets: points, and segments between them."""
    import pandas as pd

    tables = [_rows(seed, ways, works) for ways, works in built]
    nodes, segments = (pd.concat(parts, ignore_index=True) for parts in zip(*tables, strict=True))
    return nodes, segments


def node_keys(net: Net) -> Texts:
    """(n,) keys of the points of a net."""
    return np.char.mod(f"{net.line.code}%06d", np.arange(1, len(net.place) + 1)).astype(object)


def segment_keys(net: Net) -> Texts:
    """(s,) keys of its pieces: those of their ends."""
    start, end = node_keys(net)[net.ends.T]
    return np.asarray(start + "-" + end, dtype=object)


def sheet_numbers(east: Floats, north: Floats) -> list[str]:
    """Sheets of 1:500, 250 m wide, by the kilometres of their south-west corners: north, then east."""
    corners = np.floor(np.stack([north, east]) / _SHEET_M) * _SHEET_M / 1000
    return [f"{y:.2f}-{x:.2f}" for y, x in corners.T.tolist()]


def _rows(seed: int, ways: Ways, works: Works) -> tuple[GeoDataFrame, GeoDataFrame]:
    net = works.net
    dice = Dice(seed, f"pipe rows {net.line.code}")
    year, day = dice.integers(1998, 2021, len(ways.edge)), dice.integers(0, 500, len(ways.edge))
    surveyor = dice.integers(0, 2, len(ways.town) + 1)
    home = np.zeros(len(net.place), np.int64)
    home[net.ends.T] = net.way

    state = _states(seed, net)
    at_end = np.full(len(net.place), "in_service", dtype=object)
    at_end[net.ends[:, 1]] = np.where(state == "abandoned", state, "in_service")

    def record(way: Ints, status: Texts) -> dict[str, Any]:
        town = ways.town[ways.edge[way, 0]]
        return {
            "status": status,
            "owner": net.line.owner,
            "built_year": year[way],
            "road": ways.name[way],
            "project": np.where(ways.street[way], np.char.mod("YN%02d", town), "YN99").astype(object),
            "surveyor": np.array(_SURVEYORS, dtype=object)[surveyor[town]],
            "survey_date": (np.datetime64("2020-03-01") + day[way]).astype("datetime64[s]"),
        }

    return _nodes(dice, works, record(home, at_end)), _segments(dice, works, record(net.way, state))


def _states(seed: int, net: Net) -> Texts:
    """The state of each piece: some that lead to a single house or cabinet are abandoned, some ducts still empty."""
    states = np.full(len(net.ends), "in_service", dtype=object)
    idle, share = _IDLE.get(net.line.code, ("", 0.0))
    leads_off = net.branch & (net.degree[net.ends[:, 1]] == 1) & (net.what[net.ends[:, 1]] != "hydrant")
    states[leads_off & (Dice(seed, f"pipe states {net.line.code}").unit(len(states)) < share)] = idle
    return states


def _nodes(dice: Dice, works: Works, record: dict[str, Any]) -> GeoDataFrame:
    import geopandas as gpd

    net = works.net
    subclass, number = _subclass(net, net.what == "street_lamp")
    low = works.ground_m[net.ends] - works.depth_m
    what = _with_drops(net, low)
    deepest = np.zeros(len(net.place))
    np.maximum.at(deepest, net.ends.ravel(), works.depth_m.ravel())
    well = np.isin(what, list(_WELLS))
    size = np.array([_WELLS.get(each, (np.nan, np.nan)) for each in what.tolist()])
    below = np.where(net.line.side == 0, 0.0, 0.5)
    serial = np.array([_SERIAL.get(each, 0) for each in what.tolist()])
    return gpd.GeoDataFrame(
        {
            "node_id": node_keys(net),
            "class": net.line.group,
            "subclass": subclass,
            "feature_code": [
                f"5{each}2{2 if built else 1}{last:02d}"
                for each, built, last in zip(number.tolist(), what.tolist(), serial.tolist(), strict=True)
            ],
            "feature": _features(works, what),
            "appurtenance": _if(what != "", what),
            "valve_state": _valve_states(dice, works, what),
            "well_depth_m": np.where(well, millimetres(deepest + below), np.nan),
            "well_shape": _if(well, np.where(np.isnan(size[:, 1]), "round", "rectangular")),
            "well_width_mm": size[:, 0],
            "well_length_mm": size[:, 1],
            "cover_size": _if(well, np.where(np.isnan(size[:, 1]), "700", "900×600")),
            "cover_material": _if(well, "铸铁"),
            "sheet_no": sheet_numbers(*to_storage(net.place).T),
            "point_class": np.where(what == "", "hidden", "visible").astype(object),
            **record,
        },
        geometry=shapely.points(np.column_stack([to_storage(net.place), works.ground_m])),
    )


def _segments(dice: Dice, works: Works, record: dict[str, Any]) -> GeoDataFrame:
    import geopandas as gpd

    net = works.net
    keys, start, end = node_keys(net), *net.ends.T
    subclass, number = _subclass(net, net.what[end] == "street_lamp")
    height = np.where(np.isnan(works.size_mm[:, 0]), works.size_mm[:, 2], works.size_mm[:, 0]) / 1000
    rise = height / 2 if net.line.side == 0 else -height / 2 - works.wall_mm / 1000
    reached = millimetres(works.ground_m[net.ends] - works.depth_m)
    axis = np.round(reached + rise[:, None], 6)  # as of a delivery
    at = to_storage(net.place)
    line = np.concatenate([at[net.ends], axis[..., None]], axis=2)
    holes = _holes(works)
    used = np.where(record["status"] == "empty", 0, np.minimum(holes, dice.integers(1, 7, len(holes))))
    flow = np.array([None, "forward", "backward"], dtype=object)[works.flow]
    return gpd.GeoDataFrame(
        {
            "segment_id": segment_keys(net),
            "from_node": keys[start],
            "to_node": keys[end],
            "class": net.line.group,
            "subclass": subclass,
            "feature_code": [f"5{each}1000" for each in number.tolist()],
            "diameter_mm": works.size_mm[:, 0],
            "width_mm": works.size_mm[:, 1],
            "height_mm": works.size_mm[:, 2],
            "wall_mm": works.wall_mm,
            "material": works.material,
            "joint": _JOINTS.get(net.line.code),
            "depth_ref": "inner_bottom" if net.line.side == 0 else "outer_top",
            "from_depth_m": works.depth_m[:, 0],
            "to_depth_m": works.depth_m[:, 1],
            "from_elevation_m": reached[:, 0],
            "to_elevation_m": reached[:, 1],
            "embedding": works.embedding,
            "flow_direction": flow,
            **_operation(net, holes, used),
            "manager": net.line.owner,
            **record,
        },
        geometry=shapely.linestrings(line),
    )


def _operation(net: Net, holes: Ints, used: Ints) -> dict[str, object]:
    """What is in the pipes of a class, and at which pressure, temperature or voltage."""
    end = net.what[net.ends[:, 1]]
    if net.line.group == "JS":
        return {"pressure_mpa": 0.35}
    if net.line.group == "RQ":
        low = net.branch & (end == "meter")
        return {
            "pressure_mpa": np.where(low, 0.003, 0.2),
            "pressure_class": np.where(low, "low", "medium_b").astype(object),
        }
    if net.line.group == "RL":
        return {"pressure_mpa": 1.6, "temperature_c": 110.0}
    if net.line.group == "DL":
        lamp = end == "street_lamp"
        return {"voltage_kv": np.where(lamp, 0.4, 10.0), "cables": used, "holes": holes, "used_holes": used}
    return {"cables": used, "holes": holes, "used_holes": used} if net.line.group == "TX" else {}


def _holes(works: Works) -> Ints:
    """Holes of 100 mm that a duct has beside and above one another; a pipe is one."""
    width, height = np.nan_to_num(works.size_mm[:, 1:]).T
    holes: Ints = np.maximum(1, (width // 110).astype(np.int64) * (height // 110).astype(np.int64))
    return holes


def _if(there: Mask, value: npt.NDArray[Any] | str) -> Texts:
    """Values where there are any, None elsewhere."""
    values = np.full(len(there), None, dtype=object)
    values[there] = value if isinstance(value, str) else value[there]
    return values


def _subclass(net: Net, lamp: Mask) -> tuple[Texts, Texts]:
    """Letters and digits of sub-classes: lamps hang on the power line, as one class with it."""
    return np.where(lamp, "LD", net.line.code).astype(object), np.where(lamp, "502", net.line.number).astype(object)


def _with_drops(net: Net, height_m: Floats) -> Texts:
    """What is built at the points, with the manholes in which water falls."""
    if net.line.side:
        return net.what
    high, out = (np.full(len(net.place), fill) for fill in (-np.inf, np.inf))
    mains = ~net.branch
    np.maximum.at(high, net.ends[mains, 1], height_m[mains, 1])
    np.minimum.at(out, net.ends[mains, 0], height_m[mains, 0])
    dropped = (net.what == "manhole") & (high - out > _DROP_M)
    return np.asarray(np.where(dropped, "drop_manhole", net.what), dtype=object)


def _features(works: Works, what: Texts) -> Texts:
    """What the line itself does at the points, by how many pieces meet there."""
    net, degree = works.net, works.net.degree
    if net.line.side == 0:
        return _if((what == "") & (degree == 1), "outfall")
    size = np.nan_to_num(works.size_mm).max(axis=1)
    least, most = (np.full(len(net.place), fill) for fill in (np.inf, 0.0))
    np.minimum.at(least, net.ends.ravel(), size.repeat(2))
    np.maximum.at(most, net.ends.ravel(), size.repeat(2))
    two = np.where(least != most, "diameter_change", np.where(net.crossing >= 0, "bend", "straight"))
    named = np.select(
        [degree == 2, degree == 3, degree == 4, degree > 4], [two, "tee", "cross", "many_ways"], "stub"
    ).astype(object)
    house = np.isin(what, ("meter", "heat_station"))
    named[house] = "house"
    return _if(house | (degree > 1) | (net.crossing >= 0), named)


def _valve_states(dice: Dice, works: Works, what: Texts) -> Texts:
    """Most valves are open, some are stuck, and some shut."""
    stuck = dice.unit(len(what)) < 0.04
    return _if(what == "valve_well", np.select([works.shut, stuck], ["closed", "inoperable"], "open"))
