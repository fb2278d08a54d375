"""The pipelines as surveyors would deliver them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
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
_STATES = {"in_service": "0", "abandoned": "1", "empty": "2"}
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
            "TFH": nodes["sheet_no"],
            "Code": nodes["feature_code"],
            "Feature": nodes["feature"].map(_WORDS),
            "Subsid": nodes["appurtenance"].map(_WORDS),
            "WellDeep": nodes["well_depth_m"],
            "点位类别": nodes["point_class"].map({"visible": "明显点", "hidden": "隐蔽点"}),
            "使用状态": nodes["status"].map(_STATES),
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
            "CabNum": segments["cables"],
            "TotalHole": segments["holes"],
            "UsedHole": segments["used_holes"],
            "FlowDir": segments["flow_direction"].map(_FLOW),
            "EmBed": segments["embedding"],
            "使用状态": segments["status"].map(_STATES),
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
