"""The share of pipelines that are watched: by names, within the area, of what is in service."""

from __future__ import annotations

from datetime import date

import pytest

from layers.pipelines.monitoring import EXAMPLE, pipe_monitoring


@pytest.fixture
def measure(frame):
    """A function that evaluates the example with some rows changed, by layer and key."""

    def run(changes=(), more=(), **parameters):
        inputs = []
        for layer in pipe_monitoring.inputs:
            from layers import catalog

            declared = catalog().layer(layer)
            rows = [dict(row) for row in EXAMPLE.rows.get(layer, ())] + [dict(row) for at, row in more if at == layer]
            for at, key, values in changes:
                for row in rows:
                    if at == layer and row[declared.key] == key:
                        row.update(values)
            inputs.append(frame(declared, rows, EXAMPLE.crs))
        return pipe_monitoring.function(*inputs, **parameters)

    return run


def test_lengths_that_devices_name_by_all_lengths(measure):
    found = measure()
    assert found.value == pytest.approx(0.782609, abs=1e-6)
    assert (found.numerator, found.denominator) == (pytest.approx(180), pytest.approx(230))
    assert found.covered["pipe_segments"] == ("a", "c")
    assert found.uncovered["pipe_segments"] == ("b",)
    assert found.details["by_class"] == [
        {"name": "Water supply", "name_zh": "给水", "length_m": pytest.approx(230), "watched_m": pytest.approx(180),
         "share": pytest.approx(180 / 230)}
    ]  # fmt: skip
    assert [(each["name"], each["length_m"]) for each in found.details["by_owner"]] == [
        ("自来水公司", pytest.approx(230))
    ]


def test_what_is_abandoned_does_not_count_nor_does_what_nobody_has_to_watch(measure):
    assert measure([("pipe_segments", "b", {"status": "abandoned"})]).value == 1
    heat = [("pipe_segments", "b", {"class": "RL"})]
    assert measure(heat).value == 1
    assert measure(heat, classes="all").value == pytest.approx(180 / 230)


def test_a_device_out_of_service_watches_nothing(measure):
    assert measure([("monitoring_devices", "d1", {"status": "out_of_service"})]).value == 0
    since = [("monitoring_devices", "d1", {"in_service_since": date(2022, 3, 1)})]
    assert measure(since, on_date=date(2022, 2, 28)).value == 0
    assert measure(since, on_date=date(2022, 3, 1)).value == pytest.approx(180 / 230)


def test_names_of_segments_that_are_not_there_are_told(measure):
    found = measure([("monitoring_devices", "d1", {"segment_ids": "a; x ;c"})])
    assert found.details["unknown_segments"] == ["x"]
    assert "1 segments that devices name are not there" in found.note
    blind = measure([("monitoring_devices", "d1", {"segment_ids": None})])
    assert (blind.value, blind.details["devices_without_segments"]) == (0, 1)


def test_of_a_segment_that_leaves_the_area_only_what_is_inside_counts(measure):
    # c is 80 m long; the border 30 m before its end.
    area = "MULTIPOLYGON (((499000 3929000, 500200 3929000, 500200 3931000, 499000 3931000, 499000 3929000)))"
    found = measure([("planning_areas", "urban", {"geometry": area})])
    assert found.value == pytest.approx(150 / 200, abs=1e-6)


def test_lengths_are_those_in_space_where_depths_are_known(measure):
    # 30 m down over 40 m in plan: 50 m.
    steep = {"geometry": "LINESTRING Z (500100 3930000 99, 500140 3930000 69)"}
    assert measure([("pipe_segments", "b", steep)]).denominator == pytest.approx(100 + 50 + 80)
    flat = steep | {"from_depth_m": None}
    assert measure([("pipe_segments", "b", flat)]).denominator == pytest.approx(100 + 40 + 80)


def test_without_such_pipelines_there_is_no_value(measure):
    none = measure([("pipe_segments", key, {"class": "PS"}) for key in "abc"])
    assert none.value is None
    assert "no such pipeline" in none.note
    assert measure(area="planning").value is None
