"""The layers of pipelines: what is wrong across the fields of a row, and which segments a device watches."""

from __future__ import annotations

import pytest

from layers.pipelines import MONITORING_DEVICES, PIPE_NODES, PIPE_SEGMENTS
from layers.pipelines.devices import read_watched


def node(**fields):
    return {"node_id": "1", "class": "JS", "geometry": "POINT Z (500000 3930000 120)"} | fields


def segment(**fields):
    row = {"segment_id": "1-2", "from_node": "1", "to_node": "2", "class": "JS", "depth_ref": "outer_top"}
    return row | {"geometry": "LINESTRING Z (500000 3930000 118, 500040 3930000 118)"} | fields


def device(**fields):
    return {"device_id": "d", "kind": "flow", "geometry": "POINT Z (500000 3930000 120)"} | fields


def faults(frame, layer, row):
    data = frame(layer, [row], "EPSG:4549").data
    return [(fault.field, fault.row) for check in layer.row_checks for fault in check(data)]


@pytest.mark.parametrize(
    ("layer", "row", "field"),
    [
        (PIPE_NODES, node(subclass="WS"), "subclass"),
        (PIPE_NODES, node(valve_state="open", appurtenance="manhole"), "valve_state"),
        (PIPE_SEGMENTS, segment(subclass="TR"), "subclass"),
        (PIPE_SEGMENTS, segment(to_node="1"), "to_node"),
        (PIPE_SEGMENTS, segment(width_mm=600.0), "width_mm"),
        (PIPE_SEGMENTS, segment(diameter_mm=300.0, width_mm=600.0, height_mm=400.0), "diameter_mm"),
        (MONITORING_DEVICES, device(segment_ids="a;b;a"), "segment_ids"),
    ],
)
def test_fields_that_contradict_each_other_are_a_fault(frame, layer, row, field):
    assert faults(frame, layer, row) == [(field, 0)]


@pytest.mark.parametrize(
    ("layer", "row"),
    [
        (PIPE_NODES, node(subclass="JP", appurtenance="valve_well", valve_state="inoperable")),
        (PIPE_SEGMENTS, segment(subclass="JP", diameter_mm=300.0)),
        (PIPE_SEGMENTS, segment(width_mm=600.0, height_mm=400.0)),
        (PIPE_SEGMENTS, segment(**{"class": "DL"})),
        (MONITORING_DEVICES, device(segment_ids="a;b")),
    ],
)
def test_fields_that_go_together_are_none(frame, layer, row):
    assert faults(frame, layer, row) == []


def test_a_device_watches_the_segments_that_it_names_and_no_others(frame):
    rows = [
        device(device_id="a", segment_ids="s1; s2"),
        device(device_id="b"),
        device(device_id="c", segment_ids="s2;"),
    ]
    devices, segments = read_watched(frame(MONITORING_DEVICES, rows, "EPSG:4549"))
    assert devices.tolist() == [0, 0, 2]
    assert segments.tolist() == ["s1", "s2", "s2"]
