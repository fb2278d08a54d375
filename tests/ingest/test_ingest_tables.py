"""CSV and XLSX tables with coordinate columns."""

from __future__ import annotations

from datetime import date, datetime

import openpyxl
import pytest
import shapely

from twin.crs import parse_crs
from twin.errors import CrsError, InvalidParameter, SourceError

# standards §2.2: 118.4655 E, 35.5505 N is E 632885.385, N 3936656.695 in EPSG:4548.
LONLAT = (118.4655, 35.5505)
PLANE = (632885.385, 3936656.695)


@pytest.fixture
def point_of(rows_of, wells):
    def coordinates(key="1"):
        point = rows_of(wells).geometry[key]
        return round(point.x, 3), round(point.y, 3), point.z

    return coordinates


@pytest.fixture
def write_sheet(tmp_path):
    def write(name, *rows, title="Sheet1", others=()):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = title
        for row in rows:
            sheet.append(row)
        for other in others:
            book.create_sheet(other)
        path = tmp_path / name
        book.save(path)
        return path

    return write


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_table_is_read_whatever_its_separator_and_encoding(
    take, wells, write_text, rows_of, point_of, separator, encoding
):
    text = "点号,名称,经度,纬度\n1,沂南县水井,118.4655,35.5505\n".replace(",", separator)
    take(wells, write_text("wells.csv", text, encoding))
    assert rows_of(wells).name["1"] == "沂南县水井"
    assert point_of()[:2] == PLANE


def test_columns_of_longitude_and_latitude_are_taken_as_wgs84_and_the_report_says_so(take, wells, write_text):
    report = take(wells, write_text("wells.csv", "id,lon,lat\n1,118.4655,35.5505\n"))
    (file,) = report.files
    assert file.crs.value == "WGS 84 (CRS84)"
    assert file.crs.why == "columns of longitude and latitude, taken as WGS 84"
    assert file.coordinates.value == "longitude, latitude = lon, lat"


def test_a_survey_table_has_x_north_and_the_numbers_tell(take, wells, write_text, point_of):
    report = take(wells, write_text("wells.csv", "点号,X,Y,高程\n1,3936656.695,632885.385,120.5\n"), crs="EPSG:4548")
    assert point_of() == (*PLANE, 120.5)
    assert report.files[0].coordinates.value == "east, north = Y, X; height = 高程"
    assert report.files[0].coordinates.why == "column names, their order by the numbers"


def test_a_table_with_x_east_is_told_by_its_numbers_too(take, wells, write_text, point_of):
    take(wells, write_text("wells.csv", "id,X,Y\n1,632885.385,3936656.695\n"), crs="EPSG:4548")
    assert point_of()[:2] == PLANE


def test_plane_coordinates_without_a_crs_are_refused_and_the_option_named(take, wells, write_text):
    with pytest.raises(CrsError, match=r"central meridian.* Give --crs"):
        take(wells, write_text("wells.csv", "id,X,Y\n1,3936656.695,632885.385\n"))


def test_eastings_with_a_zone_number_name_their_zone(take, wells, write_text):
    with pytest.raises(CrsError, match="--crs EPSG:4527"):
        take(wells, write_text("wells.csv", "id,X,Y\n1,3936656.695,39632885.385\n"))


def test_x_and_y_whose_numbers_do_not_tell_are_refused(take, wells, write_text):
    with pytest.raises(SourceError, match=r"wells.csv: .* which of X \(about 500\) and Y \(about 700\) is east"):
        take(wells, write_text("wells.csv", "id,X,Y\n1,500,700\n"), crs="EPSG:4548")


@pytest.mark.parametrize(
    ("header", "row"), [("经度,纬度", "35.5505,118.4655"), ("东坐标,北坐标", "3936656.695,632885.385")]
)
def test_columns_that_hold_the_other_coordinate_are_refused(take, wells, write_text, header, row):
    with pytest.raises(SourceError, match="the other way round"):
        take(wells, write_text("wells.csv", f"id,{header}\n1,{row}\n"), crs="EPSG:4548")


def test_the_mapping_names_the_columns(take, wells, write_text, point_of):
    path = write_text("wells.csv", "id,a,b,c\n1,632885.385,3936656.695,99\n")
    take(wells, path, crs="EPSG:4548", mapping={"source": {"x": "a", "y": "b", "z": "c"}})
    assert point_of() == (*PLANE, 99.0)


def test_half_a_pair_of_columns_in_the_mapping_is_refused(take, wells, write_text):
    path = write_text("wells.csv", "id,a,b\n1,632885.385,3936656.695\n")
    with pytest.raises(InvalidParameter, match="both x"):
        take(wells, path, crs="EPSG:4548", mapping={"source": {"x": "a"}})


@pytest.mark.parametrize(
    ("key", "value"),
    [("latlon", "35.5505,118.4655"), ("latlon", "35.5505 118.4655"), ("lonlat", "(118.4655；35.5505)")],
)
def test_one_column_with_both_numbers_is_read_by_mapping_only(take, wells, write_text, point_of, key, value):
    path = write_text("wells.csv", f"id;pos\n1;{value.replace(';', '；')}\n")
    with pytest.raises(SourceError, match="no columns named as coordinates"):
        take(wells, path)
    take(wells, path, mapping={"source": {key: "pos"}})
    assert point_of()[:2] == PLANE


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("118°27′55.8″", "35度33分1.8秒"),
        ("东经118º27＇55.8＂", "北纬35˚33’1.8”"),
        ("E118°27'55.8''", "N 35°33.03'"),
        ("118:27:55.8", "35 33 1.8"),
        ("118.4655°", "３５．５５０５"),
    ],
)
def test_degrees_minutes_and_seconds_are_read(take, wells, write_text, point_of, lon, lat):
    # 118°27′55.8″ is 118.4655°, 35°33′1.8″ is 35.5505°.
    take(wells, write_text("wells.csv", f"id,经度,纬度\n1,{lon},{lat}\n"))
    assert point_of()[:2] == PLANE


@pytest.mark.parametrize("lon", ["118°87′55.8″", "118°27′60″", "W118°27′55.8″", "118.5°27′", "118 27"])
def test_what_is_no_angle_is_a_fault_and_not_a_place_nearby(faults_of, wells, write_text, lon):
    (fault,) = faults_of(wells, write_text("wells.csv", f"id,经度,纬度\n1,{lon},35.5505\n"))
    assert (fault.what, fault.value) == ("the coordinate is not a number", lon)


def test_a_column_that_stands_twice_is_not_chosen_from(take, wells, write_text):
    with pytest.raises(SourceError, match=r"wells\.csv has several columns named 经度"):
        take(wells, write_text("wells.csv", "id,经度,纬度,经度\n1,118.4655,35.5505,118.5\n"))


def test_heights_of_a_survey_table_stand_under_h(take, wells, write_text, point_of):
    take(wells, write_text("wells.csv", "点号,X,Y,H\n1,3936656.695,632885.385,99.5\n"), crs="EPSG:4548")
    assert point_of() == (*PLANE, 99.5)


def test_a_prj_beside_a_table_says_its_crs(take, wells, write_text, point_of):
    path = write_text("wells.csv", "id,X,Y\n1,3936656.695,632885.385\n")
    write_text("wells.prj", parse_crs("EPSG:4548").to_wkt("WKT1_ESRI"))
    report = take(wells, path)
    assert str(report.files[0].crs) == "EPSG:4548 (the .prj beside the table says so)"
    assert point_of()[:2] == PLANE


def test_the_error_names_the_file_and_its_coordinate_columns(take, wells, write_text):
    path = write_text("wells.csv", "id,经度,纬度,X,Y\n1,118.4655,35.5505,3936656.695,632885.385\n")
    with pytest.raises(CrsError, match=r"wells\.csv \(longitude, latitude = 经度, 纬度\): the coordinates"):
        take(wells, path, crs="EPSG:4548")


def test_a_column_of_wkt_is_geometry(take, parcels, write_text, rows_of, square):
    path = write_text("parcels.csv", f'编号,WKT\n1,"{square().wkt}"\n2,\n')
    take(parcels, path, crs="EPSG:4548", mapping={"keep": {"编号": "1"}})
    assert rows_of(parcels).geometry["1"].equals(square())


def test_what_is_not_wkt_is_a_fault(faults_of, parcels, write_text, square):
    path = write_text("parcels.csv", f'编号,WKT\n1,"{square().wkt}"\n2,POLYGON oops\n3,\n')
    faults = [(f.row, f.what) for f in faults_of(parcels, path, crs="EPSG:4548")]
    assert faults == [(2, "the text is not WKT"), (3, "there is no geometry")]


def test_coordinates_that_are_no_numbers_are_faults_with_file_row_and_value(faults_of, wells, write_text):
    (fault,) = faults_of(wells, write_text("wells.csv", "id,lon,lat\n1,118.4,35.5\n2,一百一十八,35.5\n"))
    assert (fault.file, fault.row, fault.field, fault.value) == ("wells.csv", 2, "lon", "一百一十八")


@pytest.mark.parametrize(("row", "lacks"), [("1,a,NaN,35.55", "经度"), ("1,a,118.46,", "纬度")])
def test_half_a_place_is_a_fault_that_names_the_missing_half(faults_of, wells, write_text, row, lacks):
    (fault,) = faults_of(wells, write_text("wells.csv", f"井号,名称,经度,纬度\n0,x,118.4655,35.5505\n{row}\n"))
    assert (fault.row, fault.field) == (2, lacks)
    assert fault.what == "there is only one coordinate; the other is missing"


def test_a_key_that_a_spreadsheet_rounded_is_a_fault(faults_of, wells, write_text):
    rows = "371321001002,a,118.46,35.55\n3.71321E+11,b,118.47,35.55\n3E10,c,118.48,35.55\n"
    (fault,) = faults_of(wells, write_text("wells.csv", "井号,名称,经度,纬度\n" + rows))
    assert (fault.row, fault.field, fault.value) == (2, "well_id", "3.71321E+11")


def test_faults_come_in_the_order_of_the_rows(faults_of, wells, write_text):
    first = write_text("a.csv", "井号,名称,经度,纬度\n,a,118.46,x\n2,a,118.46,35.55\n2,b,8.4,47.2\n,d,118.46,35.55\n")
    second = write_text("b.csv", "井号,名称,经度,纬度\n9,a,x,35.5\n")
    found = [(fault.file, fault.row) for fault in faults_of(wells, first, second)]
    assert found == [("a.csv", 1), ("a.csv", 1), ("a.csv", 3), ("a.csv", 3), ("a.csv", 4), ("b.csv", 1)]


def test_rows_with_too_many_values_are_faults_and_the_others_keep_their_numbers(faults_of, wells, write_text):
    path = write_text("wells.csv", "id,lon,lat\n1,118.4,35.5\n\n2,118.4,35.5,7\n3,x,35.5\n")
    faults = faults_of(wells, path)
    assert [(f.row, f.what) for f in faults] == [
        (3, "the row has another number of values"),
        (4, "the coordinate is not a number"),
    ]
    assert faults[0].limit == "3 columns"


def test_values_may_hold_separators_and_line_ends(take, wells, write_text, rows_of):
    take(wells, write_text("wells.csv", 'id,name,lon,lat\n1,"a, b\nc",118.4655,35.5505\n'))
    assert rows_of(wells).name["1"] == "a, b\nc"


@pytest.mark.parametrize(
    "above",
    [
        '"水井\n一览表（2024）",,,\n',
        "填报单位：水利局,,日期,\n",
        "\n\n",
        "说明：一、井号,二、井名\n",
    ],
)
def test_whatever_stands_above_the_header_the_rows_keep_their_numbers(faults_of, wells, write_text, above):
    header = '井号,名称,"经度\n(度)",纬度\n'
    path = write_text("wells.csv", f'{above}{header}1,a,118.4655,35.5505\n  \n2,"b\nc",118.4655,x\n3,d\n')
    faults = [(f.row, f.field, f.what) for f in faults_of(wells, path)]
    assert faults == [
        (3, "纬度", "the coordinate is not a number"),
        (4, None, "the row has another number of values"),
    ]


def test_empty_columns_at_the_end_of_rows_do_not_count(take, wells, write_text, point_of):
    report = take(wells, write_text("wells.csv", "id,lon,lat\n1,118.4655,35.5505,,\n,,, ,\n"))
    assert point_of()[:2] == PLANE
    assert report.read == 1


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_lines_may_end_as_on_other_systems(take, wells, write_text, point_of, newline):
    take(wells, write_text("wells.csv", f"id,lon,lat{newline}1,118.4655,35.5505{newline}"))
    assert point_of()[:2] == PLANE


def test_a_title_above_the_header_is_passed_over(take, wells, write_text, rows_of):
    report = take(wells, write_text("wells.csv", "沂南县水井一览表,,,\nid,name,lon,lat\n1,井,118.4655,35.5505\n"))
    assert rows_of(wells).name["1"] == "井"
    assert "the header is line 2" in report.files[0].notices


@pytest.mark.parametrize(
    ("text", "says"),
    [("1,118.4,35.5\n2,118.5,35.6\n", "has no header"), ("only words\nand more\n", "is not a table")],
)
def test_a_text_that_is_no_table_with_a_header_is_refused(take, wells, write_text, text, says):
    with pytest.raises(SourceError, match=says):
        take(wells, write_text("wells.csv", text))


def test_a_table_without_any_coordinates_is_refused_and_its_columns_told(take, wells, write_text):
    with pytest.raises(SourceError, match="its columns are id, name"):
        take(wells, write_text("wells.csv", "id,name\n1,a\n"))


def test_a_workbook_is_read_with_its_types(take, parcels, write_sheet, rows_of, square):
    path = write_sheet(
        "parcels.xlsx",
        ["编号", "层数", "出让日期", "巡查时间", "有围墙", "深度（cm）", "WKT"],
        [371321, 3, date(2021, 3, 5), datetime(2021, 3, 5, 8), True, 250, square().wkt],
        [None, None, None, None, None, None, None],
        [371322, None, None, None, None, None, square(1).wkt],
    )
    report = take(parcels, path, crs="EPSG:4548")
    row = rows_of(parcels).loc["371321"]
    assert (row.floors, row.fenced, row.depth_m) == (3, True, 2.5)
    assert row.sold_on.date() == date(2021, 3, 5)
    assert row.seen_at.isoformat() == "2021-03-05T00:00:00+00:00"
    assert (report.read, report.files[0].source_layer) == (2, "Sheet1")


def test_a_sheet_is_chosen_where_several_have_rows(take, wells, write_sheet, point_of):
    path = write_sheet("wells.xlsx", ["id", "lon", "lat"], [1, *LONLAT], title="井", others=["空"])
    take(wells, path)
    assert point_of()[:2] == PLANE
    with pytest.raises(SourceError, match="no sheet 河"):
        take(wells, path, source_layer="河")


def test_row_numbers_of_a_workbook_count_from_the_header(faults_of, wells, write_sheet):
    path = write_sheet("wells.xlsx", ["水井一览表"], ["id", "lon", "lat"], [1, *LONLAT], [], [2, "?", 35.5], title="井")
    assert (faults_of(wells, path)[0].row, faults_of(wells, path)[0].value) == (3, "?")


def test_a_cell_whose_formula_failed_is_a_fault(faults_of, wells, write_sheet):
    path = write_sheet("wells.xlsx", ["id", "name", "lon", "lat"], [1, "#REF!", *LONLAT])
    (fault,) = faults_of(wells, path)
    assert (fault.row, fault.field, fault.value) == (1, "name", "#REF!")


def test_years_may_head_columns(take, wells, write_text):
    assert take(wells, write_text("wells.csv", "id,lon,lat,2019,2020,2021,2022\n1,118.4,35.5,1,2,3,4\n")).inserted == 1


@pytest.mark.parametrize("name", ["wells.xlsx", "wells.xls"])
def test_what_is_no_workbook_is_refused(take, wells, write_text, name):
    with pytest.raises(SourceError, match=r"XLSX workbook|save it as \.xlsx"):
        take(wells, write_text(name, "id,lon,lat\n"))


def test_points_without_heights_are_stored_at_zero_and_the_report_says_so(take, wells, write_text, point_of):
    report = take(wells, write_text("wells.csv", "id,lon,lat,高程\n1,118.4655,35.5505,\n2,118.4656,35.5505,7\n"))
    assert point_of("1")[2] == 0.0
    assert point_of("2")[2] == 7.0
    assert "no heights were delivered for 1 geometries: they are stored at height 0" in report.files[0].notices


def test_rows_are_kept_by_the_values_of_a_column(take, wells, write_text, rows_of):
    path = write_text("wells.csv", "id,CTRY,lon,lat\n1,CH,118.4655,35.5505\n2,SZ,8.25,46.98\n")
    report = take(wells, path, mapping={"keep": {"CTRY": ["CH"]}})
    assert rows_of(wells).index.tolist() == ["1"]
    assert "1 of 2 rows were kept by the mapping" in report.files[0].notices


def test_survey_coordinates_in_the_storage_crs_are_stored_bit_for_bit(take, wells, write_text, rows_of):
    take(wells, write_text("w.csv", "id,X,Y\n1,3936656.1234567,632885.7654321\n"), crs="EPSG:4548")
    assert rows_of(wells).geometry["1"] == shapely.Point(632885.7654321, 3936656.1234567, 0)
