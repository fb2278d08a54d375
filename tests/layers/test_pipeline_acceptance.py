"""A delivery becomes points and segments of the store as a whole, or nothing; a later one replaces its area only."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from click.testing import CliRunner

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
)
from twin.cli import main_group
from twin.crs import parse_crs
from twin.errors import InvalidParameter, SourceError, StoreUnavailable
from twin.intake import Order
from twin.query import Query
from twin.stores import create_store, open_store


@pytest.fixture
def store(tmp_path):
    with create_store(str(tmp_path / "twin.gpkg"), crs=parse_crs("EPSG:4548")) as opened:
        yield opened


def take(store, files, *, dry_run=False, effective=None, **parameters):
    order = Order(files=files, author="surveyor", crs="EPSG:4548", dry_run=dry_run, effective=effective)
    return pipelines.take(store, order, {"project": "A", **parameters})


def counts(report):
    return {layer.removeprefix("pipe_"): tuple(found.values()) for layer, found in report.counts.items()}


def test_an_accepted_delivery_is_in_both_layers_with_axes_in_space(store, tmp_path):
    report = take(store, deliver(tmp_path), effective=datetime(2021, 6, 30, tzinfo=UTC))
    assert report.accepted
    assert dict(report.revisions) == {"pipe_nodes": 1, "pipe_segments": 2}
    assert counts(report) == {"nodes": (3, 0, 0, 0), "segments": (2, 0, 0, 0)}
    segments = store.read(PIPE_SEGMENTS).data
    # Ground 120.00, inner bottom 2.00 and 2.10 m deep, 0.15 m below the axis.
    assert shapely.get_coordinates(segments.geometry["WS1-WS2"], include_z=True) == pytest.approx(
        np.array([[EAST, NORTH, 118.15], [EAST, NORTH + 40, 118.05]])
    )
    assert segments["project"].tolist() == ["A", "A"]
    first, second = store.revisions()
    assert (first.recorded_at, first.effective, first.sha256) == (second.recorded_at, second.effective, second.sha256)
    assert first.reason == "delivery A: PSPOINT.csv, PSLINE.csv"


def test_a_delivery_with_an_error_changes_nothing(store, tmp_path):
    report = take(store, deliver(tmp_path, lines=[*LINES, line("WS3", "WS9")]))
    assert not report.accepted
    assert report.judgement.count("error") == 1
    assert "nothing was written" in report.render()
    assert store.latest() == 0


def test_a_later_delivery_inserts_changes_and_retires_and_leaves_the_rest_alone(store, tmp_path):
    take(store, deliver(tmp_path))
    points = [POINTS[0], POINTS[1], point("WS4", 70.0)]
    report = take(store, deliver(tmp_path, points=points, lines=[LINES[0], line("WS2", "WS4")]))
    assert counts(report) == {"nodes": (1, 0, 1, 2), "segments": (1, 0, 1, 1)}
    deeper = take(store, deliver(tmp_path, points=points, lines=[line("WS1", "WS2", 2.5), line("WS2", "WS4")]))
    assert counts(deeper) == {"nodes": (0, 0, 0, 3), "segments": (0, 1, 0, 1)}
    assert dict(deeper.revisions) == {"pipe_segments": 5}
    again = take(store, deliver(tmp_path, points=points, lines=[line("WS1", "WS2", 2.5), line("WS2", "WS4")]))
    assert not again.revisions
    assert store.latest() == 5


def test_a_dry_run_judges_and_counts_and_writes_nothing(store, tmp_path):
    report = take(store, deliver(tmp_path), dry_run=True)
    assert counts(report) == {"nodes": (3, 0, 0, 0), "segments": (2, 0, 0, 0)}
    assert "would be accepted" in report.render()
    assert store.latest() == 0


def test_areas_are_told_apart_and_join_where_segments_name_the_points_of_others(store, tmp_path):
    take(store, deliver(tmp_path))
    beside = deliver(tmp_path, points=[point("B1", 120.0)], lines=[line("WS3", "B1", 2.2, 2.3)], name="HS")
    assert counts(take(store, beside, project="B")) == {"nodes": (1, 0, 0, 0), "segments": (1, 0, 0, 0)}
    assert (store.count(PIPE_NODES), store.count(PIPE_SEGMENTS)) == (4, 3)
    axis = store.read(PIPE_SEGMENTS, Query(ids=("WS3-B1",))).data.geometry.iloc[0]
    assert shapely.get_coordinates(axis).tolist() == [[EAST, NORTH + 80], [EAST, NORTH + 120]]
    # A delivers anew without the point at which B ends.
    refused = take(store, deliver(tmp_path, points=POINTS[:2], lines=LINES[:1]))
    assert not refused.accepted
    assert "segment of another area or class ends" in refused.render()


def test_a_number_that_another_area_has_is_refused_and_told_apart_by_a_prefix(store, tmp_path):
    take(store, deliver(tmp_path))
    refused = take(store, deliver(tmp_path), project="B")
    assert refused.judgement.count("error") == 5
    assert "another area or class has this number already" in refused.render()
    assert take(store, deliver(tmp_path), project="B", prefix="B-").accepted
    assert store.count(PIPE_NODES) == 6


def test_other_classes_of_the_area_stay_where_a_delivery_has_one_class(store, tmp_path):
    take(store, deliver(tmp_path))
    water = [point("J1", subsid="水源井"), point("J2", 60.0, 5.0, subsid="水表")]
    report = take(store, deliver(tmp_path, points=water, lines=[line("J1", "J2", 1.0, 1.0)], name="JS"))
    assert (report.classes, counts(report)) == (("JS",), {"nodes": (2, 0, 0, 0), "segments": (1, 0, 0, 0)})
    assert store.count(PIPE_NODES) == 5


def test_points_alone_do_not_retire_the_segments_that_the_store_has(store, tmp_path):
    files = deliver(tmp_path)
    take(store, files)
    with pytest.raises(SourceError, match="no rows for pipe_segments, of which the store has 2"):
        take(store, files[:1])
    with pytest.raises(SourceError, match="no rows for pipe_nodes, of which the store has 3"):
        take(store, files[1:])
    assert store.latest() == 2


def test_the_area_is_named_by_the_rows_or_by_the_operator(store, tmp_path):
    files = deliver(tmp_path)
    with pytest.raises(InvalidParameter, match="which area"):
        take(store, files, project="")  # nothing named
    named = [
        write_csv(tmp_path / "WSPOINT.csv", (*POINT_COLUMNS, "Prj_No"), [(*row, "P7") for row in POINTS]),
        write_csv(tmp_path / "WSLINE.csv", (*LINE_COLUMNS, "Prj_No"), [(*row, "P7") for row in LINES]),
    ]
    assert take(store, named, project="").projects == ("P7",)
    assert store.read(PIPE_NODES).data["project"].unique().tolist() == ["P7"]


def test_checks_of_the_layers_hold_for_deliveries_too(store, tmp_path):
    _, lines = deliver(tmp_path)
    rows = [(*POINTS[0], "开"), *((*row, "") for row in POINTS[1:])]
    points = write_csv(tmp_path / "PSPOINT.csv", (*POINT_COLUMNS, "阀门状态"), rows)
    report = take(store, [points, lines])
    assert (report.accepted, report.judgement.counts["ATTR-VALUE"]) == (False, 1)
    assert "only a valve has a state" in report.render()


def test_points_far_from_the_county_are_refused(tmp_path):
    area = shapely.box(EAST + 90_000, NORTH, EAST + 99_000, NORTH + 9_000)
    with create_store(str(tmp_path / "far.gpkg"), crs=parse_crs("EPSG:4548"), area=area) as store:
        report = take(store, deliver(tmp_path))
        assert "all 3 rows lie outside the county's outline" in report.render()
        assert store.latest() == 0


def test_when_the_second_layer_cannot_be_written_the_first_is_not_either(store, tmp_path, monkeypatch):
    take(store, deliver(tmp_path))
    from twin.stores import sql_store

    original, seen = sql_store.apply_changes, []

    def fail_at_segments(dialect, connection, tables, *arguments, **named):
        seen.append(tables.layer.id)
        if tables.layer.id == "pipe_segments":
            raise StoreUnavailable("the disk is full")
        original(dialect, connection, tables, *arguments, **named)

    monkeypatch.setattr(sql_store, "apply_changes", fail_at_segments)
    with pytest.raises(StoreUnavailable):
        take(store, deliver(tmp_path, points=[*POINTS, point("WS4", 120.0)], lines=[*LINES, line("WS3", "WS4")]))
    assert seen == ["pipe_nodes", "pipe_segments"]
    assert (store.count(PIPE_NODES), store.latest()) == (3, 2)


def twin(*arguments, code=0):
    done = CliRunner().invoke(main_group, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_command_takes_a_delivery_and_exits_with_1_where_it_refuses_one(tmp_path):
    store = tmp_path / "county.gpkg"
    twin("init", store, "--crs", "EPSG:4548")
    command = ("ingest", "pipelines", *deliver(tmp_path), "--crs", "EPSG:4548", "--store", store)
    assert "delivery A (PS) is accepted: 0 errors, 0 warnings; revision 1 and 2" in twin(
        *command, "--param", "project=A"
    )
    deliver(tmp_path, lines=[*LINES, line("WS3", "WS9")])
    report = json.loads(twin(*command, "--param", "project=A", "--json", code=1))
    assert report["accepted"] is False
    assert [rule["id"] for rule in report["rules"] if rule["count"]] == ["LN-REF"]
    assert report["findings"][0]["file"] == "PSLINE.csv"
    assert report["tables"][0]["kind"] == "points"
    with open_store(str(store)) as opened:
        assert opened.latest() == 2


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--mode", "sync"), "--mode does not go with pipelines"),
        (("--param", "area=A"), "pipelines has no parameter area"),
        (("--param", "size_unit=cm"), "size_unit must be mm or m"),
        (("--param", "rules=none.toml"), "rule file none.toml cannot be read"),
    ],
)
def test_the_command_refuses_what_a_delivery_has_no_use_for(tmp_path, options, why):
    store = tmp_path / "county.gpkg"
    twin("init", store, "--crs", "EPSG:4548")
    done = CliRunner().invoke(
        main_group, ["ingest", "pipelines", *map(str, deliver(tmp_path)), *options, "--store", str(store)]
    )
    assert done.exit_code != 0
    assert why in done.output + str(done.exception)
    layer = CliRunner().invoke(main_group, ["ingest", "roads", "x.csv", "--param", "a=b", "--store", str(store)])
    assert "--param does not go with roads" in layer.output


def test_a_real_network_is_accepted_whole(shared_data, tmp_path):
    with create_store(str(tmp_path / "ky4.gpkg"), crs=parse_crs("EPSG:3089")) as store:
        order = Order(files=[shared_data / "networks/water/ky4.inp"], author="x", crs="EPSG:3089")
        report = pipelines.take(store, order, {"project": "ky4"})
        assert report.accepted
        assert (store.count(PIPE_NODES), store.count(PIPE_SEGMENTS)) == (962, 1156)
        # EPANET has the pipe's axis at the height of its nodes: 611.39 ft at J-1.
        segment = store.read(PIPE_SEGMENTS, Query(ids=("P-1",))).data.geometry.iloc[0]
        assert shapely.get_coordinates(segment, include_z=True)[0, 2] == pytest.approx(611.39 * 0.3048, abs=0.01)
