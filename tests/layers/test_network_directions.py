"""Directions that nobody surveyed, on networks worked out on paper: from sources, check valves, and their faults."""

from __future__ import annotations

import pytest

from layers.pipelines.network.faults import find_flow_faults
from layers.pipelines.network.inference import BOTH, Origin
from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.roles import Role
from layers.pipelines.network.tracing import trace_downstream, trace_upstream
from tests_network import join, make_network

#: From the source S by a bridge to the ring B-C-D, and from C on to the houses E and F.
RING = join("A-S", "A-B", "B-C", "C-D", "D-B", "E-C", "E-F")


def flows(network):
    """Segments with the way they flow, and from what that is known."""
    names = network.segment_ids.tolist()
    ways, origins = network.directions.way.tolist(), network.directions.origin.tolist()
    return {name: (way, Origin(origin).name) for name, way, origin in zip(names, ways, origins, strict=True)}


def test_what_only_one_way_leads_to_flows_away_from_the_source():
    found = flows(make_network(RING, {"S": Role.SOURCE}))
    assert found["A-S"] == found["E-C"] == (-1, "SOURCES")
    assert found["A-B"] == found["E-F"] == (1, "SOURCES")
    assert {found[name] for name in ("B-C", "C-D", "D-B")} == {(0, "UNKNOWN")}


def test_between_two_sources_nobody_knows_but_behind_a_closed_valve():
    roles = {"S": Role.SOURCE, "F": Role.SOURCE}
    assert {each for _, each in flows(make_network(RING, roles)).values()} == {"UNKNOWN"}
    found = flows(make_network(RING, roles | {"E": Role.CLOSED_VALVE}))
    assert (found["E-C"], found["E-F"]) == ((-1, "SOURCES"), (-1, "SOURCES"))


def test_sewers_without_inverts_flow_to_their_only_outfall_and_cables_nowhere():
    sewer = join("A-B", "C-B", "B-O", **{"class": "PS"})
    assert [way for way, _ in flows(make_network(sewer, {"O": Role.OUTFALL})).values()] == [1, 1, 1]
    assert [way for way, _ in flows(make_network(join("S-A", **{"class": "DL"}), {"S": Role.SOURCE})).values()] == [0]


def test_where_the_survey_ends_may_be_another_source():
    found = flows(make_network(join("S-A", "A-B", "A-C"), {"S": Role.SOURCE, "B": Role.BORDER}))
    assert found == {"S-A": (0, "UNKNOWN"), "A-B": (0, "UNKNOWN"), "A-C": (1, "SOURCES")}


def test_inverts_go_before_the_only_way_out_and_a_climb_there_is_reported():
    sewer = [
        {"class": "PS", "start": "A", "end": "B", "fall_m": 0.1},
        {"class": "PS", "start": "B", "end": "C", "fall_m": -0.1},
        {"class": "PS", "start": "C", "end": "D", "fall_m": -0.01},
        {"class": "PS", "start": "D", "end": "O", "fall_m": 0.0},
    ]
    network = make_network(sewer, {"O": Role.OUTFALL})
    assert list(flows(network).values()) == [(1, "INVERTS"), (-1, "INVERTS"), (-1, "INVERTS"), (1, "SOURCES")]
    assert find_flow_faults(network).contradicted == ("s2",)


def test_the_survey_goes_first_and_flow_to_the_only_source_is_reported():
    network = make_network([*join("S>A", "B>A"), *join("B-C", flow=BOTH)], {"S": Role.SOURCE})
    assert flows(network) == {"S>A": (1, "SURVEYED"), "B>A": (1, "SURVEYED"), "B-C": (0, "SURVEYED")}
    assert find_flow_faults(network).contradicted == ("B>A",)


def test_a_trace_by_inferred_directions_says_so():
    found = trace_upstream(make_network(RING, {"S": Role.SOURCE}), "E-F")
    assert set(found.segments) == {"A-S", "A-B", "B-C", "C-D", "D-B", "E-C", "E-F"}
    assert set(found.known_from(Origin.SOURCES)) == {"A-S", "A-B", "E-C", "E-F"}
    assert trace_downstream(make_network(RING, {"S": Role.SOURCE}), "E-C").segments == ("E-C", "E-F")


#: A ring from S by A and B; in the branch over C the check valve V.
CHECKED = join("S-A", "A-B", "A-C", "C>V", "V-B", "B-D")
CHECKED_ROLES = {"S": Role.SOURCE, "V": Role.CHECK_VALVE, "D": Role.CUSTOMER}


def test_behind_a_check_valve_it_flows_on():
    found = flows(make_network(CHECKED, CHECKED_ROLES))
    assert found["V-B"] == (1, "CHECK_VALVE")
    assert found["A-C"] == (0, "UNKNOWN")
    chain = join("S-A", "A-B", "A>V", "V-W", "W-X", "X-B")
    found = flows(make_network(chain, dict.fromkeys("VWX", Role.CHECK_VALVE)))
    assert [found[name] for name in ("V-W", "W-X", "X-B")] == [(1, "CHECK_VALVE")] * 3


def test_a_trace_does_not_go_back_through_a_check_valve():
    network = make_network(join("S-A", "A>B", "A-C", "C>V", "V-B", "B-D"), CHECKED_ROLES)
    assert trace_downstream(network, node_id="B").segments == ("B-D",)
    assert set(trace_upstream(network, "C>V").segments) == {"S-A", "A-C", "C>V"}


def test_a_check_valve_bounds_what_would_flow_back_and_not_what_flows_on():
    valves = {"A": Role.VALVE, "B": Role.VALVE}
    network = make_network(CHECKED, CHECKED_ROLES | valves)
    before = isolate(network, "A-C")
    assert (before.valves, before.holding) == (("A",), ("V",))
    assert set(before.isolated.segments) == {"A-C", "C>V"}
    behind = isolate(network, "V-B")
    assert (behind.valves, behind.holding) == (("A", "B"), ())
    assert set(behind.isolated.segments) == {"A-C", "C>V", "V-B"}
    leaking = isolate(network, "A-C", failed=["V"])
    assert (leaking.valves, leaking.unusable) == (("A", "B"), ("V",))


def test_nothing_is_supplied_back_through_a_check_valve():
    # S by the valve A to B, and T behind the check valve V: from B to C, never from C to B.
    roles = {"S": Role.SOURCE, "A": Role.VALVE, "P": Role.VALVE, "V": Role.CHECK_VALVE, "T": Role.SOURCE}
    main = join("S-A", "A-P", "P-B", "B>V", "V-T")
    assert set(isolate(make_network(main, roles), "A-P").cut_off.segments) == {"P-B", "B>V"}
    turned = join("S-A", "A-P", "P-B", "V>B", "V-T")
    assert isolate(make_network(turned, roles), "A-P").cut_off.segments == ()


def test_a_sewer_behind_a_flap_gate_drains_through_it_and_not_back():
    # Without B-C, what is between the flap gate G and B would have to go back through G to the outfall O.
    roles = {"O": Role.OUTFALL, "Q": Role.OUTFALL, "B": Role.VALVE, "C": Role.VALVE, "G": Role.CHECK_VALVE}
    sewer = join("O-A", "A>G", "G-B", "B-C", "C-Q", **{"class": "PS"})
    assert set(isolate(make_network(sewer, roles), "B-C").cut_off.segments) == {"G-B"}
    one = {name: role for name, role in roles.items() if name != "O"}
    assert set(isolate(make_network(sewer, one), "B-C").cut_off.segments) == {"O-A", "A>G", "G-B"}
    turned = join("O-A", "G>A", "G-B", "B-C", "C-Q", **{"class": "PS"})
    assert set(isolate(make_network(turned, roles), "B-C").cut_off.segments) == set()


@pytest.mark.parametrize(
    "pairs", [("A-V", "V-B", "B-A"), ("A>V", "B>V"), ("A>V",), ("A>V", "V>B", "V>C")], ids=" ".join
)
def test_a_check_valve_that_does_not_say_its_way_is_reported_and_holds_nothing(pairs):
    network = make_network(join(*pairs), {"V": Role.CHECK_VALVE})
    assert find_flow_faults(network).check_valves == ("V",)
    assert isolate(network, pairs[0]).holding == ()


def test_sewers_that_flow_in_a_circle_are_reported_with_nothing_else():
    sewer = join("A>B", "B>C", "C>D", "D>B", "D>E", "F>E", **{"class": "PS"})
    two = join("K>L", "L>K", length_m=40.0, **{"class": "PS"})
    heat = join("S>H", "H>S", **{"class": "RL"})  # out and back, as it should
    found = find_flow_faults(make_network([*sewer, *two, *heat]))
    assert [(set(each.segments), each.length_m) for each in found.circles] == [
        ({"K>L", "L>K"}, 80.0),
        ({"B>C", "C>D", "D>B"}, 30.0),
    ]
    assert (found.contradicted, found.check_valves) == ((), ())
