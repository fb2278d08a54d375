"""Tables as survey teams write them: titles, heads of two rows, remarks below, units in heads, counters of lines."""

from __future__ import annotations

import pytest

from tests_deliveries import (
    EAST,
    LINE_COLUMNS,
    LINES,
    NORTH,
    POINT_COLUMNS,
    POINTS,
    line,
    read,
    write_csv,
    write_workbook,
)
from twin.errors import SourceError

TITLE = ["给水管线点成果表"]
AREA = ["工程名称：历山路", "", "", "", "测区：YN07"]
POINT_HEADS = [
    ["序号", "物探点号", "平面坐标(m)", "", "地面高程(m)", "附属物"],
    ["", "", "X", "Y", "", ""],
]
LINE_HEADS = [
    ["序号", "起点", "", "终点", "", "管径(mm)", "压力(kPa)"],
    ["", "点号", "埋深(cm)", "点号", "埋深(cm)", "", ""],
]
POINT_ROWS = [[1, "JS1", NORTH, EAST, "120.5", "阀门井"], [2, "JS2", NORTH + 40, EAST, "１２０.4", "消防栓"]]
LINE_ROWS = [[1, "JS1", 120, "JS2", 115, "ＤＮ200", "400"]]
REMARKS = [["", "", "", "", "", ""], ["说明：坐标系统CGCS2000"], ["制表：张三", "", "", "", "", "检查：李四"]]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_heads_of_two_rows_are_joined_and_remarks_below_are_left_out_and_told(tmp_path, kind):
    tables = {
        "给水管线点": [TITLE, AREA, *POINT_HEADS, *POINT_ROWS, *REMARKS],
        "给水管线段": [TITLE, AREA, *LINE_HEADS, *LINE_ROWS, *REMARKS],
    }
    if kind == "xlsx":
        files = [write_workbook(tmp_path / "a.xlsx", tables)]
    else:
        whole = {name: [row + [""] * (7 - len(row)) for row in rows] for name, rows in tables.items()}
        files = [write_csv(tmp_path / f"{name}.csv", rows[0], rows[1:]) for name, rows in whole.items()]
    delivery = read(files)
    assert [str(fault) for fault in delivery.faults.kept] == []
    assert delivery.nodes["node_id"].tolist() == ["JS1", "JS2"]
    assert delivery.nodes.geometry.iloc[1].coords[0] == (EAST, NORTH + 40, 120.4)
    assert delivery.segments[["from_node", "to_node"]].values.tolist() == [["JS1", "JS2"]]
    assert delivery.segments[["from_depth_m", "to_depth_m"]].values.tolist() == [[1.2, pytest.approx(1.15)]]
    assert delivery.segments[["diameter_mm", "pressure_mpa"]].values.tolist() == [[200.0, 0.4]]
    told = [notice for table in delivery.tables for notice in table.notices if "remarks" in notice]
    assert [notice.split(":")[0] for notice in told] == [
        "remarks below the last point are left out",
        "remarks below the last segment are left out",
    ]


def test_a_title_above_one_row_of_heads_is_no_part_of_them(tmp_path):
    book = write_workbook(tmp_path / "a.xlsx", {"污水点": [TITLE, AREA, POINT_COLUMNS, *POINTS]})
    assert read([book]).nodes["node_id"].tolist() == ["WS1", "WS2", "WS3"]


def test_a_row_without_a_number_between_others_is_still_a_fault(tmp_path):
    rows = [POINTS[0], ("", "", "", "", "", "检查井"), POINTS[1]]
    faults = read([write_csv(tmp_path / "PSPOINT.csv", POINT_COLUMNS, rows)]).faults.kept
    assert {fault.row for fault in faults} == {2}
    assert "a value is required" in {fault.what for fault in faults}


def test_numbers_that_count_lines_name_no_segments(tmp_path):
    lines = [(number, *row) for number, row in enumerate(LINES, start=1)]
    files = [write_csv(tmp_path / f"{name}.csv", ("Lno", *LINE_COLUMNS), lines) for name in ("WSLINE", "JSLINE")]
    delivery = read(files)
    assert delivery.segments["segment_id"].tolist() == ["WS1-WS2", "WS2-WS3"] * 2
    assert any("only count lines" in notice for notice in delivery.tables[0].notices)
    named = [(f"G{number}", *row) for number, row in enumerate(LINES, start=1)]
    delivery = read([write_csv(tmp_path / "RQLINE.csv", ("Lno", *LINE_COLUMNS), named)])
    assert delivery.segments["segment_id"].tolist() == ["G1", "G2"]


def test_points_whose_table_says_no_class_have_that_of_the_segments_that_end_there(tmp_path):
    points = write_csv(tmp_path / "点.csv", POINT_COLUMNS, POINTS)
    lines = [(*row, name) for row, name in zip(LINES, ("污水", "污水"), strict=True)]
    delivery = read([points, write_csv(tmp_path / "线.csv", (*LINE_COLUMNS, "管类"), lines)])
    assert delivery.faults.count == 0
    assert delivery.nodes[["class", "subclass"]].values.tolist() == [["PS", "WS"]] * 3

    lines = [(*row, name) for row, name in zip(LINES, ("污水", "雨水"), strict=True)]
    delivery = read([points, write_csv(tmp_path / "线.csv", (*LINE_COLUMNS, "管类"), lines)])
    assert delivery.nodes["subclass"].fillna("").tolist() == ["WS", "", "YS"]

    lines = [(*row, name) for row, name in zip(LINES, ("污水", "给水"), strict=True)]
    delivery = read([points, write_csv(tmp_path / "线.csv", (*LINE_COLUMNS, "管类"), lines)])
    assert [(fault.row, fault.field, fault.value) for fault in delivery.faults.kept] == [(2, "class", "WS2")]


def test_a_table_that_is_nearly_one_of_points_says_what_it_lacks(tmp_path):
    points = write_csv(tmp_path / "JSPOINT.csv", ("点号", "地面高程"), [("JS1", 120.0)])
    delivery = read([points, write_csv(tmp_path / "JSLINE.csv", LINE_COLUMNS, [line("JS1", "JS2")])])
    assert delivery.tables[0].notices[-1] == "it lacks X and Y"
    with pytest.raises(SourceError, match="no table is one of points"):
        read([points])


def test_both_depths_of_a_shapefile_in_gbk_are_read_with_names_cut_at_ten_bytes(tmp_path):
    columns = ("起点点号", "终点点号", "起点管线埋", "终点管线埋")
    delivery = read([write_csv(tmp_path / "JSLINE.csv", columns, [("JS1", "JS2", 1.2, 1.3)])])
    assert delivery.segments[["from_depth_m", "to_depth_m"]].values.tolist() == [[1.2, 1.3]]
