"""The network that is read from the layers of pipelines."""

from __future__ import annotations

import pytest

from layers.pipelines import PIPE_NODES, PIPE_SEGMENTS
from layers.pipelines.network.frames import read_gaps, read_network
from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.roles import Role
from layers.pipelines.network.tracing import trace_connected
from tests_pipe_rows import CRS, MAIN, MAIN_KINDS, MAIN_PIPES, nodes, segments

ROW = {"A": (0, 0), "B": (30, 0), "C": (60, 0), "D": (90, 0), "E": (120, 0), "F": (150, 0)}


@pytest.fixture
def read(frame):
    def read(places, kinds=None, **given):
        points = frame(PIPE_NODES, nodes(places, kinds), CRS)
        return read_network(points, frame(PIPE_SEGMENTS, segments(places, **given), CRS))

    return read


def test_lengths_are_those_in_space_where_depths_are_known(read):
    network = read(
        {"A": (0, 0), "B": (3, 0), "C": (3, 4)},
        A_B={"from_depth_m": 1.0, "to_depth_m": 5.0},
        B_C={"from_depth_m": None, "to_depth_m": 9.0},
    )
    assert network.length_m.tolist() == pytest.approx([5.0, 4.0])


def test_directions_come_from_the_survey_and_from_falling_sewers(read):
    sewer = {"class": "PS", "from_depth_m": 1.0, "to_depth_m": 1.2}
    network = read(
        ROW,
        A_B=sewer,
        B_C=sewer | {"flow_direction": "backward"},
        C_D=sewer | {"to_depth_m": None},
        D_E=sewer | {"flow_direction": "both"},
        E_F=sewer | {"class": "JS"},
    )
    assert network.directions.way.tolist() == [1, -1, 0, 0, 0]
    assert network.name_segments(network.directions.contradicted) == ("B-C",)


def test_what_is_abandoned_or_empty_is_not_in_the_network(read):
    network = read(ROW, A_B={}, B_C={"status": "other"}, C_D={"status": "abandoned"}, A_D={"status": "empty"})
    assert set(trace_connected(network, "A-B").segments) == {"A-B", "B-C"}
    assert set(network.segment_ids) == {"A-B", "B-C"}


@pytest.mark.parametrize(
    ("point", "role"),
    [
        ({"appurtenance": "valve_well"}, Role.VALVE),
        ({"appurtenance": "valve", "valve_state": "open"}, Role.VALVE),
        ({"appurtenance": "valve", "valve_state": "closed"}, Role.CLOSED_VALVE),
        ({"appurtenance": "valve", "valve_state": "inoperable"}, Role.STUCK_VALVE),
        ({"appurtenance": "check_valve"}, Role.CHECK_VALVE),
        ({"appurtenance": "check_valve", "valve_state": "inoperable"}, Role.PLAIN),
        ({"appurtenance": "waterworks"}, Role.SOURCE),
        ({"appurtenance": "water_tower"}, Role.SOURCE),
        ({"feature": "outfall"}, Role.OUTFALL),
        ({"appurtenance": "pump_station"}, Role.OUTFALL),
        ({"feature": "house"}, Role.CUSTOMER),
        ({"appurtenance": "hydrant"}, Role.CUSTOMER),
        ({"feature": "stub"}, Role.END),
        ({"feature": "unsurveyed"}, Role.BORDER),
        ({"feature": "tee", "appurtenance": "valve"}, Role.VALVE),
        ({"appurtenance": "manhole"}, Role.PLAIN),
        ({}, Role.PLAIN),
    ],
)
def test_roles_come_from_features_appurtenances_and_states_of_valves(read, point, role):
    network = read({"A": (0, 0), "B": (30, 0)}, {"A": point}, A_B={})
    assert dict(zip(network.node_ids, network.roles, strict=True)) == {"A": role, "B": Role.PLAIN}


def test_a_burst_main_is_shut_off_between_its_valves(read):
    found = isolate(read(MAIN, MAIN_KINDS, **{name.replace("-", "_"): {} for name in MAIN_PIPES}), "A-W")
    assert found.valves == ("V", "W")
    assert found.isolated.length_m == pytest.approx(80.0)
    assert found.isolated.customers == ("F",)
    assert found.cut_off.customers == ("H",)


def test_a_network_is_built_once_for_the_same_frames(frame):
    lines = frame(PIPE_SEGMENTS, segments(ROW, A_B={}), CRS)
    first, second = (frame(PIPE_NODES, nodes(ROW), CRS) for _ in range(2))
    assert read_network(first, lines) is read_network(first, lines)
    assert read_network(first, lines) is not read_network(second, lines)


def test_of_hot_water_nothing_is_inferred_from_its_source_and_of_steam_it_is(read):
    # Supply and return of a heat network both touch the plant A, and nothing says which is which.
    plant = {"A": {"class": "RL", "appurtenance": "heat_source"}}
    assert plant["A"]["appurtenance"] in {code.value for code in PIPE_NODES.schema["appurtenance"].codes}
    pipes = {"A_B": {"flow_direction": "forward"}, "C_A": {"flow_direction": "forward"}, "A_D": {}, "E_A": {}}

    def ways(subclass):
        given = {name: each | {"class": "RL", "subclass": subclass} for name, each in pipes.items()}
        found = read(ROW, plant, **given).directions
        return found.way.tolist(), found.contradicted.tolist()

    assert ways("RS") == ([1, 0, 1, 0], [False] * 4)
    assert ways(None) == ([1, 0, 1, 0], [False] * 4)
    assert ways("ZQ") == ([1, 1, 1, -1], [False, False, True, False])  # A-B, A-D, C-A, E-A


def test_ends_half_a_metre_apart_that_have_two_numbers_are_gaps(frame):
    # Two surveys meet at 60 m: the water main goes on 0.4 m away; the sewer 0.4 m away begins there, and flows off.
    places = {"A": (0, 0), "B": (60, 0), "B2": (60.4, 0), "C": (120, 0), "far": (60, 0.6), "D": (60, 30)}
    places |= {"S": (0, 5), "T": (60, 5), "T2": (60, 5.4), "U": (120, 5), "G": (60.2, 5.2), "X": (90, 9)}
    pipes = {"A_B": {}, "B2_C": {}, "far_D": {}}
    sewers = ("S_T", "T2_U", "G_X")
    pipes |= {name: {"class": "PS", "flow_direction": "forward"} for name in sewers}
    points = frame(PIPE_NODES, nodes(places, {"B": {"feature": "unsurveyed"}}), CRS)
    gaps = read_gaps(points, frame(PIPE_SEGMENTS, segments(places, **pipes), CRS))
    assert set(gaps) == {("B", "B2"), ("B2", "B"), ("T", "T2"), ("T", "G")}
    joined = frame(PIPE_SEGMENTS, segments(places, **pipes, B_B2={}), CRS)
    assert {gap for gap in read_gaps(points, joined) if "B" in gap} == set()
