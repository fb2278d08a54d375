"""The report on a delivery as a file: everything found is told, in both languages, and nothing delivered is run."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import openpyxl
import pytest
import shapely
from click.testing import CliRunner

from layers.pipelines.rules import RULES
from tests_deliveries import EAST, LINES, NORTH, POINTS, deliver, line, point
from twin.cli import main_group
from twin.crs import CRS84, parse_crs, transform

FORMULA = '=HYPERLINK("x")<script>'


@pytest.fixture
def written(tmp_path):
    """A report of each format on a delivery with an end that is not there, a lone point, and a hostile number."""
    store = tmp_path / "county.gpkg"
    assert not CliRunner().invoke(main_group, ["init", str(store), "--crs", "EPSG:4548"]).exit_code
    points = [*POINTS, point("WS8", 120.0)]
    files = deliver(tmp_path, points=points, lines=[*LINES, line("WS3", FORMULA.replace('"', ""))])

    def write(name):
        arguments = ["ingest", "pipelines", *map(str, files), "--crs", "EPSG:4548", "--store", str(store)]
        path = tmp_path / name
        done = CliRunner().invoke(main_group, [*arguments, "--param", "project=A", "--report", str(path)])
        assert done.exit_code == 1, done.output
        return path

    return write


def test_the_workbook_has_a_summary_with_all_rules_and_a_sheet_of_findings(written):
    book = openpyxl.load_workbook(written("报告.xlsx"))
    summary, findings = book["Summary 汇总"], book["Findings 问题清单"]
    said = {row[0]: row[1] for row in summary.iter_rows(min_row=1, max_row=9, values_only=True)}
    assert (said["Outcome 结论"], said["Areas 测区"], said["Errors 错误"]) == ("refused 拒收", "A", "1")
    assert next(row for row in summary.iter_rows(values_only=True) if row[0] == "CLR-H")[4:] == (
        "GB 50289-2016, Table 4.1.9; it may be less where measures are taken",
        "medium 中",
    )
    counts = {row[0]: row[3] for row in summary.iter_rows(min_row=13, values_only=True)}
    assert counts.keys() == {rule.id for rule in RULES}
    assert {rule for rule, count in counts.items() if count} == {"LN-REF", "PT-ORPHAN"}
    tables = [row[:3] for row in book["Tables 数据表"].iter_rows(min_row=2, values_only=True)]
    assert tables == [("PSPOINT.csv", "points", 4), ("PSLINE.csv", "segments", 3)]
    rows = list(findings.iter_rows(values_only=True))
    assert rows[0][:4] == ("Rule 规则", "Severity 等级", "What is wrong 问题", "Feature 要素")
    assert [row[0] for row in rows[1:]] == ["LN-REF", "PT-ORPHAN"]
    # What looks like a formula is text.
    assert all(cell.data_type != "f" for row in findings.iter_rows() for cell in row)
    assert "=HYPERLINK(x)<script>" in rows[1]


def test_the_page_stands_alone_and_shows_what_was_delivered_as_text(written):
    tags, text = [], []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.handle_data = text.append
    page = written("report.html").read_text("utf-8")
    parser.feed(page)
    assert "script" not in {tag for tag, _ in tags}
    assert not [attributes for _, attributes in tags if {"src", "href"} & attributes.keys()]
    assert "=HYPERLINK(x)<script>" in text
    assert "node_id ← Exp_No" in page
    assert {"Findings 问题清单", "Tables 数据表", "refused 拒收", "LN-REF", "PT-ORPHAN"} <= set(text)
    assert "@media print" in page


def test_findings_are_features_in_longitude_and_latitude(written):
    features = json.loads(written("report.geojson").read_text("utf-8"))["features"]
    assert [each["properties"]["rule"] for each in features] == ["LN-REF", "PT-ORPHAN"]
    # The segment without an end is at the one that it has, 80 m north; the lone point is 120 m north.
    lon, lat = transform([EAST, EAST], [NORTH + 80, NORTH + 120], parse_crs("EPSG:4548"), CRS84)
    for feature, place in zip(features, zip(lon, lat, strict=True), strict=True):
        assert feature["geometry"]["coordinates"] == pytest.approx(place, abs=1e-8)
    assert shapely.box(118, 35, 119, 36).contains(shapely.Point(features[1]["geometry"]["coordinates"]))
    assert features[1]["properties"]["title_zh"] == "孤立管线点"
    assert features[1]["properties"]["source"].startswith("CJJ 61-2017")
    assert features[1]["properties"]["confidence"] == "high"


def test_json_is_what_the_command_prints(written):
    report = json.loads(written("report.JSON").read_text("utf-8"))
    assert report["accepted"] is False
    assert [each["rule"] for each in report["findings"]] == ["LN-REF", "PT-ORPHAN"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("report.pdf", "a report ends in .xlsx, .html, .geojson, .json, not report.pdf"), ("no/report.html", "no folder")],
)
def test_a_report_that_cannot_be_written_is_refused_before_anything_is_read(tmp_path, name, why):
    done = CliRunner().invoke(main_group, ["ingest", "pipelines", "none.csv", "--report", str(tmp_path / name)])
    assert done.exit_code == 2
    assert why in " ".join(done.output.split())


def test_a_layer_by_itself_has_no_report_file(tmp_path):
    done = CliRunner().invoke(main_group, ["ingest", "roads", "x.csv", "--report", str(tmp_path / "r.json")])
    assert "--report does not go with roads" in done.output
