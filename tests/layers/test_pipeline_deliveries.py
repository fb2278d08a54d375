"""Deliveries of surveyors: which table is which, what their rows say, and where their points are."""

from __future__ import annotations

import geopandas
import pandas as pd
import pytest
import shapely

from tests_deliveries import (
    EAST,
    LINE_COLUMNS,
    LINES,
    NORTH,
    POINT_COLUMNS,
    POINTS,
    deliver,
    line,
    point,
    read,
    write_csv,
    write_workbook,
)
from twin.errors import CrsError, InvalidParameter, SourceError

CHINESE_POINTS = ("物探点号", "X坐标", "Y坐标", "地面高程", "特征", "附属物")
CHINESE_LINES = ("起点点号", "终点点号", "起点埋深", "终点埋深", "材质", "管径", "埋设方式")


def kinds(delivery):
    return {table.name: table.kind for table in delivery.tables}


def test_tables_of_points_and_lines_of_one_class_become_nodes_and_segments(tmp_path):
    delivery = read(deliver(tmp_path, name="WS"))
    assert delivery.faults.count == 0
    assert kinds(delivery) == {"WSPOINT.csv": "points", "WSLINE.csv": "segments"}
    assert delivery.nodes["node_id"].tolist() == ["WS1", "WS2", "WS3"]
    assert delivery.nodes["class"].unique().tolist() == ["PS"]
    assert delivery.nodes["subclass"].unique().tolist() == ["WS"]
    assert delivery.nodes["appurtenance"].unique().tolist() == ["manhole"]
    assert delivery.nodes.geometry.iloc[1].equals(shapely.Point(EAST, NORTH + 40))
    assert shapely.get_z(delivery.nodes.geometry.iloc[1]) == 120
    assert delivery.segments[["from_node", "to_node", "diameter_mm", "from_depth_m"]].values.tolist() == [
        ["WS1", "WS2", 300.0, 2.0],
        ["WS2", "WS3", 300.0, 2.1],
    ]
    assert delivery.segments["depth_ref"].tolist() == ["inner_bottom"] * 2
    assert delivery.segments["segment_id"].tolist() == ["WS1-WS2", "WS2-WS3"]


def test_each_row_knows_file_sheet_and_row(tmp_path):
    book = write_workbook(
        tmp_path / "管线.xlsx",
        {"污水点": [POINT_COLUMNS, *POINTS], "污水线": [LINE_COLUMNS, *LINES], "说明": [["x"], ["y"]]},
    )
    delivery = read([book])
    assert kinds(delivery) == {
        "管线.xlsx, 污水点": "points",
        "管线.xlsx, 污水线": "segments",
        "管线.xlsx, 说明": "neither",
    }
    assert delivery.node_rows.where(2) == ("管线.xlsx, 污水点", 3)
    assert delivery.segment_rows.where(1) == ("管线.xlsx, 污水线", 2)
    assert delivery.nodes["subclass"].unique().tolist() == ["WS"]


def test_chinese_names_in_gbk_are_read_as_those_of_the_schema(tmp_path):
    points = write_csv(tmp_path / "点.csv", (*CHINESE_POINTS, "管线种类"), [(*row, "雨水") for row in POINTS])
    lines = write_csv(tmp_path / "线.csv", (*CHINESE_LINES, "管线种类"), [(*row, "YS") for row in LINES])
    delivery = read([points, lines])
    assert delivery.tables[0].encoding.value == "gb18030"
    assert delivery.faults.count == 0
    assert delivery.segments["subclass"].tolist() == delivery.nodes["subclass"].tolist()[:2] == ["YS", "YS"]


def test_names_of_columns_may_be_in_any_case(tmp_path):
    points = write_csv(tmp_path / "JSPOINT.csv", [name.upper() for name in POINT_COLUMNS], POINTS)
    lines = write_csv(tmp_path / "JSLINE.csv", [name.lower() for name in LINE_COLUMNS], LINES)
    delivery = read([points, lines])
    assert (len(delivery.nodes), len(delivery.segments)) == (3, 2)
    assert delivery.segments["depth_ref"].tolist() == ["outer_top"] * 2


def test_tables_of_a_geopackage_and_of_shapefiles_are_read_with_their_geometry(tmp_path):
    table = pd.DataFrame([row[:1] + row[3:] for row in POINTS], columns=("Exp_No", "High", "Feature", "Subsid"))
    places = shapely.points([row[2] for row in POINTS], [row[1] for row in POINTS])
    nodes = geopandas.GeoDataFrame(table, geometry=places, crs="EPSG:4548")
    bent = [
        shapely.LineString([(EAST, NORTH), (EAST + 5, NORTH + 20), (EAST, NORTH + 40)]),
        shapely.LineString([(EAST, NORTH + 40), (EAST, NORTH + 80)]),
    ]
    segments = geopandas.GeoDataFrame(pd.DataFrame(LINES, columns=LINE_COLUMNS), geometry=bent, crs="EPSG:4548")
    nodes.to_file(tmp_path / "d.gpkg", layer="PS_POINT")
    segments.to_file(tmp_path / "d.gpkg", layer="PS_LINE")
    nodes.to_file(tmp_path / "PS_POINT.shp", encoding="GBK")
    segments.to_file(tmp_path / "PS_LINE.shp", encoding="GBK")
    for files in ([tmp_path / "d.gpkg"], [tmp_path / "PS_POINT.shp", tmp_path / "PS_LINE.shp"]):
        delivery = read(files, crs=None)
        assert delivery.faults.count == 0
        assert delivery.nodes["class"].tolist() == ["PS"] * 3
        assert shapely.get_coordinates(delivery.paths[0]).tolist() == shapely.get_coordinates(bent[0]).tolist()
        assert shapely.get_z(delivery.nodes.geometry.iloc[0]) == 120


@pytest.mark.parametrize(
    ("name", "meant"),
    [("JSPOINT", "JS"), ("PS_LINE", "PS"), ("污水线表", "PS"), ("YSLINE", "PS"), ("DXLine", "TX"), ("给水管线点", "JS"),
     ("2021_燃气_线", "RQ"), ("热力管线", "RL")],
)  # fmt: skip
def test_the_name_of_a_table_tells_the_class_where_nothing_else_does(tmp_path, name, meant):
    assert read([write_csv(tmp_path / f"{name}.csv", LINE_COLUMNS, LINES)]).segments["class"].tolist() == [meant] * 2


def test_the_feature_code_tells_the_class_where_there_is_no_column_for_it(tmp_path):
    lines = [(*row, "52011000") for row in LINES]
    delivery = read([write_csv(tmp_path / "a.csv", (*LINE_COLUMNS, "Code"), lines)])
    assert delivery.segments[["class", "subclass", "feature_code"]].values.tolist() == [["PS", "YS", "52011000"]] * 2


def test_without_a_class_every_row_is_a_fault(tmp_path):
    delivery = read([write_csv(tmp_path / "a.csv", LINE_COLUMNS, LINES)])
    assert {fault.field for fault in delivery.faults.kept} == {"class", "depth_ref"}


def test_x_is_north_as_the_numbers_say_and_the_report_says_so(tmp_path):
    delivery = read(deliver(tmp_path))
    assert str(delivery.tables[0].coordinates).startswith("east, north = Y, X (only so")
    swapped = [(row[0], row[2], row[1], *row[3:]) for row in POINTS]
    turned = read(deliver(tmp_path, points=swapped))
    assert str(turned.tables[0].coordinates).startswith("east, north = X, Y (only so")
    assert turned.nodes.geometry.tolist() == delivery.nodes.geometry.tolist()


def test_where_both_ways_would_do_the_county_decides_and_without_it_the_custom_of_surveys(tmp_path):
    # In a local grid small numbers lie in it whichever is north.
    local = "+proj=tmerc +lon_0=118.5 +lat_0=35.5 +x_0=50000 +y_0=50000 +ellps=GRS80 +units=m +no_defs"
    rows = [("1", 61000, 52000, 120, "", "检查井"), ("2", 61040, 52000, 120, "", "检查井")]
    files = deliver(tmp_path, points=rows, lines=[line("1", "2")])
    by_custom = read(files, crs=local, target=local)
    assert "survey tables have X north" in by_custom.tables[0].coordinates.why
    assert shapely.get_x(by_custom.nodes.geometry.iloc[0]) == 52000
    by_area = read(files, crs=local, target=local, area=shapely.box(60000, 51000, 63000, 53000))
    assert "100% of the points lie in the county, otherwise 0%" in by_area.tables[0].coordinates.why
    assert shapely.get_x(by_area.nodes.geometry.iloc[0]) == 61000


def test_points_that_lie_nowhere_and_tables_without_a_crs_are_refused(tmp_path):
    with pytest.raises(CrsError, match="lie nowhere in EPSG:4548"):
        read(deliver(tmp_path, points=[point("1", 9e7, 9e7)]))
    with pytest.raises(CrsError, match=r"declare the CRS with their central meridian"):
        read(deliver(tmp_path), crs=None)


def test_sections_are_read_in_their_spellings_and_units(tmp_path):
    sizes = ["300", "DN300", "600×400", "600X400", "", "0"]
    lines = [line(f"{n}", f"{n + 1}", size=size) for n, size in enumerate(sizes)]
    segments = read(deliver(tmp_path, lines=lines)).segments
    assert segments["diameter_mm"].fillna(0).tolist() == [300, 300, 0, 0, 0, 0]
    assert segments["width_mm"].fillna(0).tolist() == [0, 0, 600, 600, 0, 0]
    assert segments["height_mm"].fillna(0).tolist() == [0, 0, 400, 400, 0, 0]
    metres = read(deliver(tmp_path, lines=[line("1", "2", size="0.3"), line("2", "3", size="1.2×0.8")]), size_unit="m")
    assert metres.segments["diameter_mm"].fillna(0).tolist() == [300, 0]
    assert metres.segments["width_mm"].fillna(0).tolist() == [0, 1200]


def test_depths_in_millimetres_are_read_where_the_operator_says_so(tmp_path):
    delivery = read(deliver(tmp_path, lines=[line("WS1", "WS2", 2000, 2100)]), depth_unit="mm")
    assert delivery.segments[["from_depth_m", "to_depth_m"]].values.tolist() == [[2.0, 2.1]]


@pytest.mark.parametrize(
    ("written", "options", "meant"),
    [("+", "", "forward"), ("-", "", "backward"), ("－", "", "backward"), ("正向", "", "forward"),
     ("逆流", "", "backward"), ("起点到终点", "", "forward"), ("0", "0=forward,1=backward", "forward"),
     ("1", "0=forward,1=backward", "backward"),
     ("2", "2=unknown", None)],
)  # fmt: skip
def test_directions_of_flow_are_read_in_their_spellings(tmp_path, written, options, meant):
    file = write_csv(tmp_path / "PS.csv", (*LINE_COLUMNS, "FlowDir"), [(*LINES[0], written)])
    delivery = read([file], flow=options)
    assert delivery.faults.count == 0
    assert delivery.segments["flow_direction"].astype(object).where(lambda s: s.notna(), None).tolist() == [meant]


def test_digits_of_flow_mean_nothing_until_somebody_says_what(tmp_path):
    file = write_csv(tmp_path / "PS.csv", (*LINE_COLUMNS, "FlowDir"), [(*LINES[0], "1")])
    assert [(fault.field, fault.value) for fault in read([file]).faults.kept] == [("flow_direction", "1")]
    with pytest.raises(InvalidParameter, match="0=forward"):
        read([file], flow="0=north")


def test_years_pressures_and_voltages_are_read_from_what_surveyors_write(tmp_path):
    columns = (*LINE_COLUMNS, "Mdate", "Pressure", "Voltage")
    rows = [(*line("1", "2"), "2005-06", "0.4MPa", "10kV"), (*line("2", "3"), "20081231", "300kPa", "380V"),
            (*line("3", "4"), "1998.0", "中压A", "0.4"), (*line("4", "5"), "2012年5月", "", "")]  # fmt: skip
    segments = read([write_csv(tmp_path / "RQ.csv", columns, rows)]).segments
    assert segments["built_year"].tolist() == [2005, 2008, 1998, 2012]
    assert segments["pressure_mpa"].iloc[:2].tolist() == [0.4, 0.3]
    assert segments["pressure_class"].iloc[:3].tolist() == ["medium_a"] * 3
    assert segments["voltage_kv"].iloc[:3].tolist() == [10, 0.38, 0.4]


def test_tables_exported_from_access_by_mdb_export_are_read(tmp_path):
    # As mdb-export writes them: UTF-8, text in quotes, doubles of 15 digits, month/day/year of two digits.
    (tmp_path / "WSPOINT.csv").write_text(
        "Exp_No,X,Y,High,Subsid,SDate\n"
        f'"WS1",{NORTH:.9f},{EAST:.9f},120.000000000,"检查井","06/30/21 00:00:00"\n'
        f'"WS2",{NORTH + 40:.9f},{EAST:.9f},120.000000000,"检查井",\n',
        encoding="utf-8",
    )
    (tmp_path / "WSLINE.csv").write_text(
        "S_Exp,E_Exp,S_Deep,E_Deep,PSize,Note,MDate\n"
        '"WS1","WS2",2.0000000000000000e+00,2.1000000000000001e+00,"300","a ""b"", c","11/05/68 00:00:00"\n',
        encoding="utf-8",
    )
    delivery = read([tmp_path / "WSPOINT.csv", tmp_path / "WSLINE.csv"])
    assert delivery.faults.count == 0
    assert str(delivery.nodes["survey_date"].iloc[0].date()) == "2021-06-30"
    first = delivery.segments.iloc[0]
    assert (first["built_year"], first["note"], first["to_depth_m"]) == (1968, 'a "b", c', 2.1)
    assert any("month/day/year, as mdb-export writes them" in notice for notice in delivery.tables[0].notices)


def test_other_dates_with_the_month_first_are_still_refused(tmp_path):
    rows = [(*POINTS[0], "06/30/21 00:00:00"), (*POINTS[1], "06/30/21")]
    delivery = read([write_csv(tmp_path / "PS.csv", (*POINT_COLUMNS, "SDate"), rows)])
    assert [(fault.row, fault.what) for fault in delivery.faults.kept] == [
        (1, "the value is not a date"), (2, "the value is not a date")
    ]  # fmt: skip
    no_month = [(*POINTS[0], "30/06/21 00:00:00")]
    delivery = read([write_csv(tmp_path / "PS.csv", (*POINT_COLUMNS, "SDate"), no_month)])
    assert delivery.faults.kept[0].value == "30/06/21 00:00:00"


def test_features_and_appurtenances_in_each_others_column_are_put_right(tmp_path):
    points = [point("1", feature="阀门井", subsid=""), point("2", 40, feature="", subsid="三通"),
              point("3", 80, feature="检查井", subsid="检查井"),
              point("4", 120, feature="三通", subsid="阀门井")]  # fmt: skip
    nodes = read(deliver(tmp_path, points=points, name="JS")).nodes
    assert nodes["appurtenance"].fillna("").tolist() == ["valve_well", "", "manhole", "valve_well"]
    assert nodes["feature"].fillna("").tolist() == ["", "tee", "", "tee"]


def test_a_prefix_stands_before_every_number(tmp_path):
    delivery = read(deliver(tmp_path), prefix="A-")
    assert delivery.nodes["node_id"].tolist() == ["A-WS1", "A-WS2", "A-WS3"]
    assert delivery.segments[["segment_id", "from_node"]].iloc[0].tolist() == ["A-WS1-WS2", "A-WS1"]


def test_values_that_mean_nothing_are_faults_with_file_row_and_field(tmp_path):
    points = [point("WS1", subsid="猫"), point("WS2", 40, high_m=""), point("WS3", 80, high_m="高")]
    delivery = read(deliver(tmp_path, points=points, lines=[line("WS1", "WS2", start_m="深", material="纸")]))
    found = [(fault.file, fault.row, fault.field) for fault in delivery.faults.kept]
    assert found == [
        *(("PSPOINT.csv", 1, "appurtenance"), ("PSPOINT.csv", 2, "High"), ("PSPOINT.csv", 3, "High")),
        *(("PSLINE.csv", 1, "material"), ("PSLINE.csv", 1, "from_depth_m")),
    ]


def test_files_that_are_no_delivery_are_refused_with_their_columns(tmp_path):
    with pytest.raises(SourceError, match=r"a\.csv has name, colour"):
        read([write_csv(tmp_path / "a.csv", ("name", "colour"), [("x", "y")])])
    for name, says in (("a.dwg", "save it as .dxf"), ("a.mdb", "mdb-export FILE TABLE"), ("a.accdb", "mdb-export")):
        (tmp_path / name).write_bytes(b"AC1032")
        with pytest.raises(SourceError, match=says):
            read([tmp_path / name])
    with pytest.raises(SourceError, match="several columns named High"):
        read([write_csv(tmp_path / "PS.csv", (*POINT_COLUMNS, "High"), [(*POINTS[0], 1)])])
