"""Deliveries of any content: accepted whole, or told and refused with nothing written; never a traceback."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from dxf_drawings import as_equations, as_records, draw
from layers.pipelines import PIPE_NODES, PIPE_SEGMENTS, pipelines
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
    write_csv,
    write_workbook,
)
from twin.crs import parse_crs
from twin.errors import TwinError
from twin.expressions import among
from twin.intake import Order
from twin.query import Query
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


WELLS = [
    ("INSERT", "PSPOINT", [(EAST, NORTH + 40 * n, 0)], {"点号": f"W{n}", "地面高程": "120", "附属物": "检查井"})
    for n in range(3)
]
SEWERS = [
    ("LINE", "PSLINE", [(EAST, NORTH + 40 * n, 0), (EAST, NORTH + 40 * n + 40, 0)], {"管径": "300", "起点埋深": "2"})
    for n in range(2)
]


def take(store, files, **parameters):
    return pipelines.take(store, Order(files=files, author="x", crs="EPSG:4548"), {"project": "A", **parameters})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with create_store(str(folder / "twin.gpkg"), crs=parse_crs("EPSG:4548")) as store:
        yield folder, store


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
    if judge_any(store, files, project="cells", prefix="C"):
        mine = Query(where=among("project", ("cells",)))
        assert store.count(PIPE_NODES, mine) == len(POINTS)
        assert store.count(PIPE_SEGMENTS, mine) == len(LINES)


def judge_any(store, files, **parameters):
    """Take files of any content: whether they were accepted; nothing is written of what is not."""
    before = store.latest(), store.count(PIPE_NODES), store.count(PIPE_SEGMENTS)
    try:
        report = take(store, files, **parameters)
    except TwinError:
        report = None
    accepted = report is not None and report.accepted
    if not accepted:
        assert (store.latest(), store.count(PIPE_NODES), store.count(PIPE_SEGMENTS)) == before
    if report is not None:
        assert report.render()
        assert json.dumps(report.to_dict(), allow_nan=False)
        assert accepted or report.judgement.findings
    return accepted


#: What a cell of a workbook holds beside text.
TYPED = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.times(),
    st.sampled_from((*ODD, "WS2", "DN300", "2021-06-30", "检查井", "PS", "JS", "T", "直埋", "+", "0.4MPa", "52021000")),
)


def columns_of(layer):
    """Names that columns of a layer may have, one for each field."""
    return st.tuples(*(st.sampled_from((field.name, field.title_zh, *field.aliases)) for field in layer.schema))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_tables_of_any_columns_and_cells_are_accepted_or_refused(place, data):
    folder, store = place
    sheets = {}
    for name, layer, own, rows in (
        ("PS点", PIPE_NODES, POINT_COLUMNS, POINTS),
        ("PS线", PIPE_SEGMENTS, LINE_COLUMNS, LINES),
    ):
        more = data.draw(st.lists(st.sampled_from(data.draw(columns_of(layer))), max_size=8, unique=True))
        more = [column for column in more if column not in own]
        cells = st.lists(TYPED, min_size=len(more), max_size=len(more))
        table = [[*row, *data.draw(cells)] for row in rows]
        for _ in range(data.draw(st.integers(0, 2))):
            row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, len(own) - 1))
            table[row][column] = data.draw(TYPED)
        sheets[name] = [[*own, *more], *([_as_cell(value) for value in row] for row in table)]
    options = {"depth_unit": st.sampled_from(["m", "mm"]), "size_unit": st.sampled_from(["mm", "m"])}
    judge_any(store, [write_workbook(folder / "管线.xlsx", sheets)], **data.draw(st.fixed_dictionaries(options)))


def _as_cell(value):
    """Text that a workbook can hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value


#: What stands in lines of drawings.
GROUPS = st.sampled_from(("", "0", "-1", "1e400", "nan", "x", "9" * 20, "水", "1000", "100", "LINE", "INSERT", "330"))


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawings")
    options = ({"carry_lines": as_records}, {"carry_lines": as_equations}, {"binary": True})
    return [draw(folder / "a.dxf", [*WELLS, *SEWERS], **each).read_bytes() for each in options]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_drawings_with_any_lines_or_bytes_are_accepted_or_refused(place, drawings, data):
    folder, store = place
    whole = data.draw(st.sampled_from(drawings))
    if whole.startswith(b"AutoCAD"):
        damaged = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(22, len(whole) - 1))] = data.draw(st.integers(0, 255))
    else:
        lines = whole.split(b"\n")
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(whole[: whole.index(b"ENTITIES")].count(b"\n"), len(lines) - 3))
            new = data.draw(st.lists(GROUPS, max_size=2))
            lines[at : at + data.draw(st.integers(0, 3))] = [text.encode("gbk") for text in new]
        damaged = b"\n".join(lines)
    (folder / "a.dxf").write_bytes(bytes(damaged))
    judge_any(store, [folder / "a.dxf"])


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
