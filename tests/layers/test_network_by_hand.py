"""Networks small enough to be worked out on paper."""

from __future__ import annotations

import pytest

from layers.pipelines.network.ends import find_dead_ends, find_unserved
from layers.pipelines.network.graph import build_network
from layers.pipelines.network.inference import Origin
from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.loops import find_loops
from layers.pipelines.network.paths import find_shortest_path
from layers.pipelines.network.roles import Role
from layers.pipelines.network.tracing import trace_connected, trace_downstream, trace_upstream
from tests_network import join, list_nodes, make_network, tabulate
from twin.errors import InvalidParameter

#: Two houses' drains meet in D and go by E to the outfall F; G stands apart.
SEWER = join("A>C", "B>C", "C>D", "H>D", "D>E", "E>F", **{"class": "PS"})
#: A main from the source S by valves V, W and X; between V and W a branch to the customer C.
MAIN = join("S-V", "V-A", "A-B", "B-C", "B-W", "W-D", "D-X", "X-E")
MAIN_ROLES = {
    "S": Role.SOURCE,
    "V": Role.VALVE,
    "W": Role.VALVE,
    "X": Role.VALVE,
    "C": Role.CUSTOMER,
    "E": Role.CUSTOMER,
}


def test_upstream_of_a_sewer_is_what_drains_into_it():
    found = trace_upstream(make_network(SEWER), "C>D")
    assert set(found.segments) == {"A>C", "B>C", "C>D"}
    assert set(found.nodes) == {"A", "B", "C", "D"}
    assert found.length_m == 30.0
    assert set(found.direction_from) == {Origin.SURVEYED}


def test_downstream_of_a_node_is_the_way_to_the_outfall():
    found = trace_downstream(make_network(SEWER), node_id="C")
    assert set(found.segments) == {"C>D", "D>E", "E>F"}
    assert set(found.nodes) == {"C", "D", "E", "F"}


def test_a_trace_goes_both_ways_where_nobody_knows_and_says_so():
    found = trace_upstream(make_network(join("A>B", "B-C", "C>D")), "C>D")
    assert set(found.segments) == {"A>B", "B-C", "C>D"}
    assert found.known_from(Origin.UNKNOWN) == ("B-C",)


def test_segments_of_different_classes_are_not_joined_by_a_common_node():
    network = make_network([*join("A-B", "B-C"), *join("B-D", "A-D", **{"class": "RQ"})])
    assert set(trace_connected(network, "A-B").segments) == {"A-B", "B-C"}
    assert find_shortest_path(network, "C", "D") is None
    assert find_loops(network) == []
    assert set(trace_connected(network, node_id="B").segments) == {"A-B", "B-C", "B-D", "A-D"}


def test_a_closed_valve_ends_a_trace_and_a_path_and_opens_a_loop():
    ring = join("A-V", "V-B", "B-A")
    assert len(find_loops(make_network(ring, {"V": Role.VALVE}))) == 1
    network = make_network(ring, {"V": Role.CLOSED_VALVE})
    assert find_loops(network) == []
    assert set(trace_connected(make_network(ring[:2], {"V": Role.CLOSED_VALVE}), "A-V").nodes) == {"A", "V"}
    path = find_shortest_path(network, "V", "B")
    assert path is not None
    assert path.segments == ("V-B",)
    path = find_shortest_path(make_network(ring[:2] + join("B-C"), {"V": Role.CLOSED_VALVE}), "A", "C")
    assert path is None


def test_a_sewer_flows_downhill_where_nobody_saw_it_flow():
    down = {"class": "PS", "start": "A", "end": "B", "fall_m": 0.12}
    up = {"class": "PS", "start": "B", "end": "C", "fall_m": -1.38}
    level = {"class": "PS", "start": "C", "end": "D", "fall_m": 0.0}
    pressed = {"class": "JS", "start": "C", "end": "D", "fall_m": 2.0}
    assert make_network([down, up, level, pressed]).directions.way.tolist() == [1, -1, 0, 0]


def test_flow_as_surveyed_goes_first_and_a_climb_is_reported():
    climbs = {"class": "PS", "start": "A", "end": "B", "flow": 1, "fall_m": -0.02}
    measured = {"class": "PS", "start": "B", "end": "C", "flow": 1, "fall_m": -0.005}
    backwards = {"class": "PS", "start": "C", "end": "D", "flow": -1, "fall_m": 0.12}
    network = make_network([climbs, measured, backwards])
    assert network.directions.way.tolist() == [1, 1, -1]
    assert network.name_segments(network.directions.contradicted) == ("s1", "s3")


def test_nodes_that_the_survey_does_not_have_still_join():
    bare = build_network(list_nodes(["A", "C"], {}), tabulate(join("A-B", "B-C")))
    assert bare.unknown_nodes == ("B",)
    assert set(trace_connected(bare, "A-B").segments) == {"A-B", "B-C"}


def test_of_two_pipes_between_the_same_nodes_the_path_takes_the_shorter():
    segments = [{"start": "A", "end": "B", "length_m": 7.0}, {"start": "B", "end": "A", "length_m": 5.0}]
    path = find_shortest_path(make_network(segments), "A", "B")
    assert path is not None
    assert (path.segments, path.nodes, path.length_m) == (("s2",), ("A", "B"), 5.0)


def test_a_path_of_many_kilometres_and_pipes_without_length_is_found():
    segments = [{"start": f"n{n}", "end": f"n{n + 1}", "length_m": 100.0 * (n % 2)} for n in range(1000)]
    path = find_shortest_path(make_network(segments), "n0", "n1000")
    assert path is not None
    assert (len(path.segments), path.length_m) == (1000, 50_000.0)


def test_a_burst_is_shut_off_by_the_valves_around_it():
    found = isolate(make_network(MAIN, MAIN_ROLES), "A-B")
    assert found.valves == ("V", "W")
    assert found.feeding == ("V",)
    assert set(found.isolated.segments) == {"V-A", "A-B", "B-C", "B-W"}
    assert set(found.isolated.nodes) == {"A", "B", "C"}
    assert found.isolated.length_m == 40.0
    assert found.isolated.customers == ("C",)
    assert set(found.cut_off.segments) == {"W-D", "D-X", "X-E"}
    assert found.cut_off.customers == ("E",)
    assert found.cut_off.length_m == 30.0
    assert (found.shut, found.unusable, found.sources, found.supplied) == ((), (), (), True)


def test_if_a_valve_fails_the_next_ring_is_known():
    network = make_network(MAIN, MAIN_ROLES)
    found = isolate(network, "A-B")
    assert found.next_ring == {"V": (), "W": ("X",)}
    wider = isolate(network, "A-B", failed=["W"])
    assert wider.valves == ("V", "X")
    assert wider.unusable == ("W",)
    assert isolate(network, "A-B", failed=["V"]).sources == ("S",)


def test_a_stuck_valve_does_not_bound_and_a_closed_one_does_already():
    found = isolate(make_network(MAIN, MAIN_ROLES | {"W": Role.STUCK_VALVE}), "A-B")
    assert (found.valves, found.unusable, found.shut) == (("V", "X"), ("W",), ())
    found = isolate(make_network(MAIN, MAIN_ROLES | {"W": Role.CLOSED_VALVE}), "A-B")
    assert (found.valves, found.unusable, found.shut) == (("V",), (), ("W",))
    assert found.cut_off.segments == ()  # it had no supply before


def test_what_is_fed_from_two_sides_is_not_cut_off():
    found = isolate(make_network([*MAIN, *join("E-T")], MAIN_ROLES | {"T": Role.SOURCE}), "A-B")
    assert found.feeding == ("V", "W")
    assert found.cut_off.segments == ()


def test_a_valve_that_bursts_is_shut_off_on_all_its_sides():
    found = isolate(make_network(MAIN, MAIN_ROLES), node_id="W")
    assert (found.valves, found.unusable) == (("V", "X"), ("W",))
    found = isolate(make_network(MAIN, MAIN_ROLES | {"W": Role.CLOSED_VALVE}), node_id="W")
    assert (found.valves, found.unusable) == (("V", "X"), ("W",))


def test_without_a_source_nobody_knows_what_is_cut_off():
    found = isolate(make_network(MAIN, MAIN_ROLES | {"S": Role.PLAIN}), "A-B")
    assert (found.supplied, found.feeding, found.cut_off.segments) == (False, (), ())
    assert found.valves == ("V", "W")


def test_a_valve_with_the_same_water_on_both_sides_need_not_be_closed():
    ring = join("S-A", "A-V", "V-B", "B-A")
    assert isolate(make_network(ring, {"S": Role.SOURCE, "V": Role.VALVE}), "B-A").valves == ()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"segment_id": "A-Z"}, "the network has no segment A-Z; did you mean A-B"),
        ({"node_id": "Z"}, "the network has no node Z"),
        ({}, "give a segment or a node"),
        ({"segment_id": "A-B", "node_id": "A"}, "give a segment or a node"),
        ({"segment_id": "A-B", "failed": ["A", "V"]}, "the network has no valve A"),
    ],
)
def test_a_place_that_is_not_there_is_refused(asked, says):
    with pytest.raises(InvalidParameter, match=says):
        isolate(make_network(MAIN, MAIN_ROLES), **asked)


def test_dead_ends_are_pipes_that_end_for_no_reason():
    roles = {"S": Role.SOURCE, "C": Role.CUSTOMER, "E": Role.END, "V": Role.CLOSED_VALVE}
    found = find_dead_ends(make_network(join("S-A", "A-C", "A-E", "A-B", "A-V", "V-D"), roles))
    assert (found.pipe_ends, found.closed_valves, found.sinks) == (("B", "D"), ("V",), ())


def test_sewers_begin_anywhere_but_may_not_end_anywhere():
    others = join("K>L", "M>L", "L-N", "N>O", "P>N", "Q>R", "S>R", **{"class": "PS"})
    found = find_dead_ends(make_network([*SEWER, *others], {"F": Role.OUTFALL}))
    assert (found.pipe_ends, found.sinks) == (("O",), ("R",))


def test_what_no_source_feeds_and_what_does_not_drain_is_unserved():
    water = join("S-A", "A-B", "C-D", "D-E")
    sewer = join("K>L", "L>M", "L>N", "P>Q", **{"class": "PS"})
    parts = find_unserved(make_network([*water, *sewer], {"S": Role.SOURCE, "M": Role.OUTFALL}))
    assert [(part.class_code, set(part.segments), part.length_m) for part in parts] == [
        ("JS", {"C-D", "D-E"}, 20.0),
        ("PS", {"L>N"}, 10.0),
        ("PS", {"P>Q"}, 10.0),
    ]


def test_loops_of_streets_around_blocks_are_the_blocks():
    rows, columns = 6, 9
    pipes = [((r, c), (r, c + 1)) for r in range(rows) for c in range(columns - 1)]
    pipes += [((r, c), (r + 1, c)) for r in range(rows - 1) for c in range(columns)]
    segments = [{"start": str(a), "end": str(b), "length_m": 100.0} for a, b in pipes]
    loops = find_loops(make_network(segments))
    assert [loop.length_m for loop in loops] == [400.0] * ((rows - 1) * (columns - 1))


def test_an_empty_network_has_nothing_in_it():
    network = make_network([])
    assert (find_loops(network), find_unserved(network)) == ([], [])
    assert find_dead_ends(network).pipe_ends == ()
