"""Deliveries that are broken in every way: told and refused, with nothing written."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.pipelines import PIPE_NODES, PIPE_SEGMENTS, pipelines
from tests_deliveries import LINE_COLUMNS, LINES, POINT_COLUMNS, POINTS, deliver, line, point, write_csv, write_workbook
from twin.crs import parse_crs
from twin.errors import TwinError
from twin.intake import Order
from twin.stores import create_store

#: What stands in cells where something else should.
ODD = (
    "",
    " ",
    "-",
    "0",
    "-1",
    "1e400",
    "nan",
    "WS1",
    "无",
    "#REF!",
    "600×",
    "×",
    "99999999999",
    "\x01",
    "污" * 300,
    "'; DROP",
)

CELLS = st.one_of(
    st.sampled_from(ODD), st.text(alphabet=st.characters(codec="gb18030", exclude_characters='\r\n",'), max_size=8)
)


def take(store, files, **parameters):
    return pipelines.take(store, Order(files=files, author="x", crs="EPSG:4548"), {"project": "A", **parameters})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with create_store(str(folder / "twin.gpkg"), crs=parse_crs("EPSG:4548")) as store:
        yield folder, store


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_values_in_any_cells_are_accepted_whole_or_refused_with_findings(place, data):
    folder, store = place
    tables = {
        "PSPOINT.csv": (POINT_COLUMNS, [list(row) for row in POINTS]),
        "PSLINE.csv": (LINE_COLUMNS, [list(row) for row in LINES]),
    }
    for columns, rows in tables.values():
        for _ in range(data.draw(st.integers(0, 3))):
            row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, len(columns) - 1))
            rows[row][column] = data.draw(CELLS)
    files = [write_csv(folder / name, columns, rows, encoding="gb18030") for name, (columns, rows) in tables.items()]
    before = store.latest(), store.count(PIPE_NODES), store.count(PIPE_SEGMENTS)
    try:
        report = take(store, files)
    except TwinError:
        report = None
    if report is None or not report.accepted:
        assert (store.latest(), store.count(PIPE_NODES), store.count(PIPE_SEGMENTS)) == before
        assert report is None or report.judgement.findings
    else:
        assert store.count(PIPE_NODES) == len(POINTS)
        assert store.count(PIPE_SEGMENTS) == len(LINES)


def test_x_and_y_swapped_in_one_row_are_told_by_how_far_it_lies(place, tmp_path):
    rows = [*POINTS, (POINTS[0][0] + "x", POINTS[0][2], POINTS[0][1], 120.0, "", "检查井")]
    report = take(place[1], deliver(tmp_path, points=rows, lines=[*LINES, line("WS3", "WS1x")]))
    assert not report.accepted
    assert "x and y look swapped" in report.render()


def test_a_table_without_rows_is_no_delivery_of_nothing(place, tmp_path):
    take(place[1], deliver(tmp_path))
    before = place[1].latest()
    empty = write_workbook(tmp_path / "空.xlsx", {"PS点": [POINT_COLUMNS], "PS线": [LINE_COLUMNS]})
    with pytest.raises(TwinError):
        take(place[1], [empty])
    headers = deliver(tmp_path, points=[], lines=[])
    with pytest.raises(TwinError, match="no rows"):
        take(place[1], headers)
    assert place[1].latest() == before


def test_points_alone_and_segments_alone_are_judged_for_what_they_lack(place, tmp_path):
    take(place[1], deliver(tmp_path))
    points, lines = deliver(tmp_path, lines=[line("WS1", "WS3", 2.0, 2.2)])
    alone = take(place[1], [lines], project="lines only", prefix="")
    assert alone.accepted  # its ends are points that the store has of another area
    lone = take(place[1], [points], project="points only", prefix="Q")
    assert lone.judgement.counts["PT-ORPHAN"] == 3


def test_a_cycle_of_flow_is_taken_as_it_is_delivered(place, tmp_path):
    points = [point("C1"), point("C2", 40.0), point("C3", 20.0, 30.0)]
    lines = [line("C1", "C2"), line("C2", "C3"), line("C3", "C1")]
    assert take(place[1], deliver(tmp_path, points=points, lines=lines, name="JS"), project="cycle").accepted
