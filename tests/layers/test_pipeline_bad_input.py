"""Bad deliveries at the command: told, exit code 1, and neither the store nor a delivered file touched.

==============================  =======================================================================================
what is delivered               shown by
==============================  =======================================================================================
malformed tables                `test_a_malformed_file_is_refused`, `test_a_malformed_table_is_refused`; by kind of file
                                in ``tests/ingest`` and, of drawings, in ``test_pipeline_drawings.py``
unknown codes                   `test_an_unknown_code_is_refused_with_its_row`
missing end points              `test_a_missing_end_point_is_refused`
units taken for others          `test_a_unit_taken_for_another_is_refused_with_the_way_out`
X and Y swapped                 `test_x_and_y_swapped_in_the_whole_table_are_put_right_and_told`,
                                `test_x_and_y_swapped_in_one_row_are_refused_and_explained`
absurd depths                   `test_an_absurd_depth_is_refused`
cyclic flow                     `test_drained_water_that_flows_in_a_round_is_refused_with_its_segments`
10⁶ rows                        `test_ten_thousand_bad_rows_are_counted_and_a_thousand_kept`; a million at once by
                                ``benchmarks/bench_deliveries.py``
fuzzed                          ``test_pipeline_hostile.py``: tables cell by cell, whole tables of any columns and
                                cells, drawings line by line and byte by byte
==============================  =======================================================================================
"""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from layers.pipelines.rules.judge import KEPT_FINDINGS
from tests_cli import Terminal
from tests_deliveries import LINE_COLUMNS, LINES, POINT_COLUMNS, POINTS, deliver, line, point, write_csv
from twin.cli import main_group
from twin.crs import parse_crs
from twin.stores import create_store


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """A twin with a delivery in it."""
    folder = tmp_path_factory.mktemp("county")
    path = folder / "county.gpkg"
    create_store(str(path), crs=parse_crs("EPSG:4548")).close()
    words = ["ingest", "pipelines", *deliver(folder, name="HS"), "--crs", "EPSG:4548", "--param", "project=A"]
    words += ["--param", "prefix=A", "--store", path]
    main_group.main([str(word) for word in words], standalone_mode=False)
    return path


@pytest.fixture
def take(county, tmp_path, monkeypatch, capfd):
    """Give files to the command: its exit code, and all that it said."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(county, tmp_path / "county.gpkg")
    twin = Terminal(monkeypatch, capfd).run

    def run(files, *options):
        words = ["--crs", "EPSG:4548", "--param", "project=B", "--store", "county.gpkg"]
        code, out, told = twin("ingest", "pipelines", *files, *words, *options)
        return code, out + told

    return run


@pytest.fixture
def refuse(take, tmp_path):
    """Give files to the command, which must refuse them and touch nothing: what it said."""

    def run(files, *options):
        before = digests(tmp_path)
        code, said = take(files, *options)
        assert code == 1
        assert "Traceback" not in said
        assert digests(tmp_path) == before
        return said

    return run


def digests(folder):
    """Of every file in a folder; of a database without the counter that SQLite moves on at each opening for writing."""
    found = {}
    for path in folder.iterdir():
        data = path.read_bytes()
        data = data[:24] + data[28:92] + data[96:] if path.name == "county.gpkg" else data
        found[path.name] = hashlib.sha256(data).hexdigest()
    return found


def edit(rows, row, column, value):
    """Rows with one cell changed."""
    rows = [list(each) for each in rows]
    rows[row][column] = value
    return rows


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("PSLINE.csv", b"", "PSLINE.csv is empty (0 bytes)"),
        ("PSLINE.csv", b"S_Exp,E_Exp\n", "holds no rows"),
        ("PSLINE.csv", b"WS1,WS2,2.05,2.15\nWS2,WS3,2.1,2.2\n", "has no header"),
        ("PSLINE.csv", b"nothing but words\n", "is not a table"),
        ("PSLINE.csv", b"name,colour\na,b\n", "no table is one of points"),
        ("PSLINE.csv", b'S_Exp,E_Exp,Note\nWS1,WS2,"open\n', "PSLINE.csv"),
        ("PSLINE.csv", b"S_Exp,E_Exp\nWS1\nWS1,WS2,WS3\n", "row 1: the row has another number of values"),
        ("PSLINE.csv", b"S_Exp,E_Exp\n" + 30 * "雨,水\n".encode("gbk") + "雨水,".encode(), "of it is in UTF-8"),
        ("PSLINE.csv", b"S_Exp,E_Exp,S_Exp\nWS1,WS2,WS3\n", "several columns named S_Exp"),
        ("PSLINE.xlsx", b"PK\3\4 no workbook", "PSLINE.xlsx"),
        ("PSLINE.xls", b"\xd0\xcf\x11\xe0", "save it as .xlsx"),
        ("PSLINE.shp", b"\0\0\x27\x0a", "PSLINE.shp"),
        ("PS.gpkg", b"SQLite format 3\0 cut off", "PS.gpkg"),
        ("PS.dxf", b"0\nSECTION\n", "PS.dxf is cut off"),
        ("PS.dwg", b"AC1032", "save it as .dxf"),
        ("PS.mdb", b"\0\1\0\0Standard Jet DB\0", "mdb-export FILE TABLE"),
        ("PS.inp", b"[PIPES]\n1 A\n", "wants 5 values"),
        ("PS.pdf", b"%PDF-1.7", "PS.pdf"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused(refuse, tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    assert says in refuse([name])


@pytest.mark.parametrize(
    ("points", "lines", "says"),
    [
        (edit(POINTS, 1, 0, ""), LINES, "row 2, field node_id: a value is required"),
        (edit(POINTS, 1, 1, ""), LINES, "row 2, WS2, field X: there is no coordinate"),
        (edit(POINTS, 1, 1, "北"), LINES, "row 2, WS2, field X: the coordinate is not a number (found 北)"),
        (edit(POINTS, 1, 1, "1e400"), LINES, "row 2, WS2, field X: the coordinate is not a number"),
        (edit(POINTS, 1, 3, ""), LINES, "there is no height of the ground"),
        (edit(POINTS, 1, 3, "120000"), LINES, "the height of the ground is out of range: heights are in metres"),
        (edit(POINTS, 1, 0, "W" * 65), LINES, "the text is too long"),
        (edit(POINTS, 1, 0, "WS1"), LINES, "PT-DUP"),
        (POINTS, edit(LINES, 0, 2, "深"), "row 1, WS1-WS2, field from_depth_m: the value is not a number (found 深)"),
        (POINTS, edit(LINES, 0, 5, "三百"), "SIZE-FMT"),
        (POINTS, edit(LINES, 0, 5, "600×"), "SIZE-FMT"),
        (POINTS, [*LINES, LINES[0]], "LN-DUP"),
        (POINTS, [*LINES, line("WS3", "WS3")], "LN-SELF"),
    ],
)
def test_a_malformed_table_is_refused(refuse, tmp_path, points, lines, says):
    said = refuse(deliver(tmp_path, points=points, lines=lines))
    assert says in said
    assert "nothing was written" in said


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [("Type", "水电", "class"), ("Material", "塑钢", "material"), ("EmBed", "悬浮", "embedding"),
     ("State", "9", "status"), ("FlowDir", "向北", "flow_direction"), ("埋深基准", "管中央", "depth_ref")],
)  # fmt: skip
def test_an_unknown_code_is_refused_with_its_row(refuse, tmp_path, column, value, field):
    columns, rows = [*LINE_COLUMNS], [list(row) for row in LINES]
    if column in columns:
        rows[1][columns.index(column)] = value
    else:
        columns.append(column)
        rows = [[*rows[0], {"Type": "PS"}.get(column, "")], [*rows[1], value]]
    points, _ = deliver(tmp_path)
    said = refuse([points, write_csv(tmp_path / "WSLINE.csv", columns, rows)])
    assert "error ATTR-DOMAIN A value is not of its dictionary 属性值不在字典内: 1" in said
    assert f"WSLINE.csv, row 2, WS2-WS3, field {field}: the value is not of the code list (found {value})" in said


@pytest.mark.parametrize(("end", "says"), [("WS9", "there is no such point (found WS9)"), ("", "a value is required")])
def test_a_missing_end_point_is_refused(refuse, tmp_path, end, says):
    said = refuse(deliver(tmp_path, lines=[*LINES, line("WS3", end)]))
    assert "PSLINE.csv, row 3" in said
    assert says in said


IN_M = [line("WS1", "WS2", size="0.3"), line("WS2", "WS3", 2.1, 2.2, size="0.3")]
IN_MM = [line("WS1", "WS2", 2000, 2100), line("WS2", "WS3", 2100, 2200)]
POINTS_MM = [(name, 1000 * x, 1000 * y, *rest) for name, x, y, *rest in POINTS]
HIGH_MM = [(*row[:3], 120_000.0, *row[4:]) for row in POINTS]


@pytest.mark.parametrize(
    ("points", "lines", "options", "says"),
    [
        (POINTS, IN_M, (), "if it is in metres, say --param size_unit=m"),
        (POINTS, LINES, ("size_unit=m",), "if they are in millimetres, leave out size_unit=m (found about 300000 mm)"),
        (POINTS, IN_MM, (), "if they are in millimetres, say --param depth_unit=mm (found about 2050 m)"),
        (POINTS, LINES, ("depth_unit=mm",), "if they are in metres, leave out depth_unit=mm (found about 0.00205 m)"),
        (POINTS_MM, LINES, (), "these look like millimetres: deliver metres"),
        (HIGH_MM, LINES, (), "heights are in metres (found 120000.0); allowed: -500 to 9000 m"),
    ],
    ids=["m for mm", "mm for m", "depths in mm", "depths not in mm", "places in mm", "heights in mm"],
)
def test_a_unit_taken_for_another_is_refused_with_the_way_out(refuse, tmp_path, points, lines, options, says):
    words = [word for option in options for word in ("--param", option)]
    assert says in refuse(deliver(tmp_path, points=points, lines=lines), *words)


@pytest.mark.parametrize(
    ("lines", "options"), [(IN_M, ["--param", "size_unit=m"]), (IN_MM, ["--param", "depth_unit=mm"])]
)
def test_the_way_out_leads_out(take, tmp_path, lines, options):
    code, said = take(deliver(tmp_path, lines=lines), *options)
    assert (code, "is accepted: 0 errors" in said) == (0, True)


def test_x_and_y_swapped_in_the_whole_table_are_put_right_and_told(take, tmp_path):
    swapped = [(name, y, x, *rest) for name, x, y, *rest in POINTS]
    code, said = take(deliver(tmp_path, points=swapped))
    assert code == 0
    assert "coordinates: east, north = X, Y (only so do the points lie in EPSG:4548)" in said


def test_x_and_y_swapped_in_one_row_are_refused_and_explained(refuse, tmp_path):
    points = [*POINTS[:2], (POINTS[2][0], POINTS[2][2], POINTS[2][1], *POINTS[2][3:])]
    said = refuse(deliver(tmp_path, points=points))
    assert "PSPOINT.csv, row 3, WS3, field geometry" in said
    assert "x and y look swapped" in said


@pytest.mark.parametrize(
    ("depth_m", "says"),
    [
        (0, "what lies in the ground has a depth above 0"),
        (-1.5, "what lies in the ground has a depth above 0 (found -1.5 m); allowed: 0 m"),
        (20.5, "the depth is more than the class may have (found 20.5 m); allowed: 20 m"),
        (101, "the number is out of range (found 101.0); allowed: -50 to 100"),
        (1e12, "the number is out of range (found 1000000000000.0)"),
    ],
)
def test_an_absurd_depth_is_refused(refuse, tmp_path, depth_m, says):
    assert says in refuse(deliver(tmp_path, lines=[LINES[0], line("WS2", "WS3", 2.1, depth_m)]))


def test_drained_water_that_flows_in_a_round_is_refused_with_its_segments(refuse, tmp_path):
    ring = [point("C1"), point("C2", 40.0), point("C3", 20.0, 30.0), point("C4", -30.0)]
    points = write_csv(tmp_path / "WSPOINT.csv", POINT_COLUMNS, ring)
    flows = (("C1", "C2", "+"), ("C2", "C3", "+"), ("C1", "C3", "-"), ("C4", "C1", "+"))
    rows = [(*line(start, end, 2.0, 2.0), sign) for start, end, sign in flows]
    lines = write_csv(tmp_path / "WSLINE.csv", (*LINE_COLUMNS, "FlowDir"), rows)
    said = refuse([points, lines])
    assert "error GRAV-ROUND" in said
    assert "WSLINE.csv, row 1, C1-C2, field flow_direction: drained water flows in a round of so many" in said
    assert "(found 3); see segments C2-C3, C1-C3" in said


def test_ten_thousand_bad_rows_are_counted_and_a_thousand_kept(refuse, tmp_path):
    n = 10_000
    points = [point(f"WS{i}", 30.0 * (i % 1000), 30.0 * (i // 1000)) for i in range(n)]
    lines = [line(f"WS{i}", f"X{i}", -1.0, "深", "纸") for i in range(n)]
    report = json.loads(refuse(deliver(tmp_path, points=points, lines=lines), "--json"))
    counts = {rule["id"]: rule["count"] for rule in report["rules"] if rule["count"]}
    assert [counts[rule] for rule in ("ATTR-DOMAIN", "ATTR-VALUE", "LN-REF", "DEPTH-RANGE")] == [n] * 4
    kept = {rule: sum(finding["rule"] == rule for finding in report["findings"]) for rule in counts}
    assert max(kept.values()) <= KEPT_FINDINGS
