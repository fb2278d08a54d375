"""The pipelines as surveyors would deliver them, with faults of every kind put in on purpose and listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import shapely

from sample_gis.county import County

#: How surveyors write what stands at points (CJJ 61-2017).
_WORDS = {
    "straight": "直线点", "bend": "转折点", "tee": "三通", "cross": "四通", "many_ways": "多通",
    "diameter_change": "变径", "stub": "预留口", "house": "入户", "outfall": "出水口", "manhole": "检查井",
    "drop_manhole": "跌水井", "pump_station": "泵站", "gully": "雨水箅", "septic_tank": "化粪池",
    "valve_well": "阀门井", "access_hole": "人孔", "hand_hole": "手孔", "hydrant": "消防栓", "meter": "计量表",
    "regulator": "调压箱", "heat_station": "换热站", "transformer": "变压器", "street_lamp": "路灯",
    "cross_connect": "交接箱", "waterworks": "水厂", "gate_station": "门站", "heat_source": "热源厂",
    "substation": "变电站", "exchange": "机房", "treatment_works": "污水处理厂",
}  # fmt: skip
_ENDS = ("S_Exp", "E_Exp")
_FLOW = {"forward": "+", "backward": "-"}

#: A row of a table, by its columns.
Row = dict[Any, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tables:
    """Points and lines as they are written, by the columns of standards in use; X is north."""

    points: list[Row]
    lines: list[Row]


def tabulate(county: County) -> Tables:
    """Write all points and lines of a county as tables, without a fault."""
    import pandas as pd

    nodes, segments = county.layers["pipe_nodes"], county.layers["pipe_segments"]
    east, north, ground = shapely.get_coordinates(nodes.geometry.to_numpy(), include_z=True).T
    points = pd.DataFrame(
        {
            "Prj_No": nodes["project"],
            "Exp_No": nodes["node_id"],
            "X": north,
            "Y": east,
            "High": ground,
            "Code": nodes["feature_code"],
            "Feature": nodes["feature"].map(_WORDS),
            "Subsid": nodes["appurtenance"].map(_WORDS),
            "WellDeep": nodes["well_depth_m"],
            "Belong": nodes["owner"],
            "SDate": nodes["survey_date"].dt.strftime("%Y-%m-%d"),
            "class": nodes["class"],
        }
    )
    width, height, round_ = (segments[name] for name in ("width_mm", "height_mm", "diameter_mm"))
    box = width.map("{:.0f}".format) + "×" + height.map("{:.0f}".format)
    lines = pd.DataFrame(
        {
            "Prj_No": segments["project"],
            "S_Exp": segments["from_node"],
            "E_Exp": segments["to_node"],
            "S_Deep": segments["from_depth_m"],
            "E_Deep": segments["to_depth_m"],
            "S_High": segments["from_elevation_m"],
            "E_High": segments["to_elevation_m"],
            "Code": segments["feature_code"],
            "Material": segments["material"],
            "WallThick": segments["wall_mm"],
            "PSize": box.where(round_.isna(), round_.map("{:.0f}".format)),
            "TotalHole": segments["holes"],
            "UsedHole": segments["used_holes"],
            "FlowDir": segments["flow_direction"].map(_FLOW),
            "EmBed": segments["embedding"],
            "Belong": segments["owner"],
            "Mdate": segments["built_year"],
            "Sdate": segments["survey_date"].dt.strftime("%Y-%m-%d"),
            "class": segments["class"],
        }
    )
    return Tables(points=points.to_dict("records"), lines=lines.to_dict("records"))


def write_tables(tables: Tables, folder: Path) -> tuple[Path, ...]:
    """Write a table of points and one of lines for each class, as CSV in GBK; returns the files."""
    import pandas as pd

    files = []
    for name, table in (("POINT", tables.points), ("LINE", tables.lines)):
        for group, rows in pd.DataFrame(table).groupby("class", sort=True):
            path = folder / f"{group}{name}.csv"
            rows.drop(columns="class").to_csv(path, index=False, encoding="gbk")
            files.append(path)
    return tuple(files)


def plant_faults(tables: Tables) -> tuple[Tables, Mapping[str, tuple[str, ...]]]:
    """Put one fault of each kind into tables, each at a place of its own.

    Returns
    -------
    tuple
        The tables with the faults, and the keys of the features that each rule of acceptance has to name: points by
        their number, segments by those of their ends.
    """
    points, lines = [dict(row) for row in tables.points], [dict(row) for row in tables.lines]
    place = {row["Exp_No"]: row for row in points}
    faults: dict[str, tuple[str, ...]] = {}

    def change(line: Row, rule: str, **values: Any) -> None:
        line.update(values)
        faults[rule] = (_key(line),)

    def add(rule: str, like: Row, **values: Any) -> None:
        """A line like another one, at the same heights, between other points."""
        line = like | values
        for end in ("S", "E"):
            if line[f"{end}_Exp"] in place:
                line[f"{end}_Deep"] = round(place[line[f"{end}_Exp"]]["High"] - line[f"{end}_High"], 3)
        lines.append(line)
        faults[rule] = (_key(line),)

    def add_point(rule: str, like: str, **values: Any) -> None:
        points.append(place[like] | values)
        place.setdefault(points[-1]["Exp_No"], points[-1])
        faults[rule] = (points[-1]["Exp_No"],)

    water = _apart([line for line in lines if line["Code"] == "51041000" and line["Material"] == "QM"], 5)
    change(water[0], "ATTR-DOMAIN", Material="塑钢")
    change(water[1], "ATTR-VALUE", WallThick="八毫米")
    change(water[2], "SIZE-FMT", PSize="0.15")
    change(water[3], "ELEV-ID", E_High=water[3]["E_High"] + 0.5)
    change(water[4], "DEPTH-RANGE", S_Deep=-1.2, S_High=water[4]["S_High"] + water[4]["S_Deep"] + 1.2)
    change(next(line for line in lines if line["class"] == "RQ"), "ATTR-MATERIAL", Material="T")
    duct = next(line for line in lines if line["class"] == "TX")
    change(duct, "HOLES", UsedHole=duct["TotalHole"] + 3)

    # Points of sewers have no feature that counts their segments, so one more breaks no other rule.
    sewage = [line for line in lines if line["Code"] == "52021000"]
    wells = ("检查井", "检查井")
    sewers = _apart([line for line in sewage if tuple(place[line[end]]["Subsid"] for end in _ENDS) == wells], 7)
    uphill, again, itself, nowhere, short, long, twice = sewers
    risen = uphill["S_High"] + 0.2
    change(uphill, "GRAV-SLOPE", E_Deep=uphill["E_Deep"] + uphill["E_High"] - risen, E_High=risen)
    add("LN-DUP", again)
    add("LN-SELF", itself, E_Exp=itself["S_Exp"])
    # The layer itself, too, refuses a segment that ends where it starts.
    faults["ATTR-VALUE"] += faults["LN-SELF"]
    add("LN-REF", nowhere, E_Exp="WS999999")
    near = short["E_Exp"]
    add_point("PT-NEAR", near, Exp_No="WS900001", X=place[near]["X"] + 0.02)
    add("LN-LEN", short, S_Exp=near, E_Exp="WS900001", E_High=short["S_High"])
    add("LN-LONG", long, E_Exp=twice["E_Exp"])
    add_point("PT-DUP", twice["S_Exp"])
    lone = place[twice["S_Exp"]]
    add_point("PT-ORPHAN", lone["Exp_No"], Exp_No="WS900002", X=lone["X"] + 7.0, Y=lone["Y"] + 7.0)

    busy = {line[end] for line in water for end in _ENDS}
    odd = next(row for row in points if _is_plain(row) and row["Exp_No"] not in busy)
    odd["Feature"] = "四通"
    faults["PT-DEGREE"] = (odd["Exp_No"],)
    return Tables(points=points, lines=lines), MappingProxyType(dict(sorted(faults.items())))


def _key(line: Row) -> str:
    return f"{line['S_Exp']}-{line['E_Exp']}"


def _is_plain(point: Row) -> bool:
    return bool(
        point["Code"].startswith("5104") and point["Feature"] == "直线点" and not isinstance(point["Subsid"], str)
    )


def _apart(lines: list[Row], count: int) -> list[Row]:
    """The first of some lines, no two of which meet at a point."""
    chosen: list[Row] = []
    taken: set[str] = set()
    for line in lines:
        ends = {line[end] for end in _ENDS}
        if not ends & taken and len(chosen) < count:
            chosen.append(line)
            taken |= ends
    return chosen
