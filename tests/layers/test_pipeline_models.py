"""Networks of EPANET and SWMM as deliveries: SI units, shapes of links, devices that are links there."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.pipelines import PIPE_NODES, PIPE_SEGMENTS, pipelines
from tests_deliveries import read
from twin.crs import parse_crs
from twin.errors import SourceError
from twin.intake import Order
from twin.stores import create_store

WATER = """[JUNCTIONS]
 A 100
 B 90 ;
 C 80
[RESERVOIRS]
 R 150
[PIPES]
;id n1 n2 length diameter roughness minor status
 1 R A 100 12 100 0 Open
 2 A B 100 8 100 0 Closed
 3 B C 100 8 100 0 CV
[PUMPS]
 P A C HEAD 1
[VALVES]
 V B R 6 PRV 30 0
[STATUS]
[OPTIONS]
 Units GPM
[COORDINATES]
 A 500000 3930000
 B 500100 3930000
 C 500000 3930000
 R 500000 3930100
[VERTICES]
 1 500020 3930050
[END]
"""

STORM = """[OPTIONS]
FLOW_UNITS CMS
LINK_OFFSETS DEPTH
[JUNCTIONS]
J1 10 3 0 0 0
J2 9 0 0 0 0
[OUTFALLS]
O 8 FREE NO
[CONDUITS]
C1 J1 J2 50 0.01 0.5 0 0 0
C2 J2 O 50 0.01 0 0 0 0
[WEIRS]
W J1 O TRANSVERSE 1 3 NO
[XSECTIONS]
C1 CIRCULAR 0.6 0 0 0 1
C2 RECT_CLOSED 0.8 1.2 0 0 1
[COORDINATES]
J1 500000 3930000
J2 500050 3930000
O 500100 3930000
"""


def read_text(tmp_path, text, **wishes):
    file = tmp_path / "net.inp"
    file.write_text(text)
    return read([file], crs="EPSG:4549", target="EPSG:4549", **wishes)


def test_a_network_of_epanet_comes_in_si_with_the_shapes_of_its_links(tmp_path):
    delivery = read_text(tmp_path, WATER)
    assert delivery.faults.count == 0
    nodes = delivery.nodes.set_index("node_id")
    assert shapely.get_z(nodes.geometry["B"]) == pytest.approx(27.432)
    assert nodes["appurtenance"]["R"] == "water_source"
    first = delivery.segments.set_index("segment_id").loc["1"]
    assert first["diameter_mm"] == pytest.approx(304.8)
    assert first["from_elevation_m"] == pytest.approx(45.72)
    assert shapely.get_coordinates(delivery.paths[0]).tolist()[1] == [500020, 3930050]


def test_closed_pipes_check_valves_and_valves_of_epanet_are_points_on_the_line(tmp_path):
    delivery = read_text(tmp_path, WATER)
    nodes, segments = delivery.nodes.set_index("node_id"), delivery.segments.set_index("segment_id")
    assert nodes.loc["2", ["appurtenance", "valve_state"]].tolist() == ["valve", "closed"]
    assert nodes["appurtenance"]["3"] == "check_valve"
    assert nodes["appurtenance"]["V"] == "pressure_reducer"
    assert segments.loc[["2/1", "2/2"], ["from_node", "to_node"]].values.tolist() == [["P", "2"], ["2", "B"]]
    assert nodes.geometry["2"].equals(shapely.Point(500050, 3930000))


def test_a_device_without_length_takes_the_place_of_its_ends(tmp_path):
    # A and C lie at one place, and the pump is between them.
    delivery = read_text(tmp_path, WATER)
    assert set(delivery.nodes["node_id"]) == {"B", "R", "2", "3", "P", "V"}
    assert delivery.segments.set_index("segment_id").loc["1", "to_node"] == "P"
    assert "2 nodes at the ends of devices" in delivery.tables[0].notices[0]


def test_a_device_that_is_numbered_as_a_node_is_gets_a_number_of_its_own(tmp_path):
    # Links and nodes are numbered apart in EPANET: here valve B stands between R and B.
    delivery = read_text(tmp_path, WATER.replace(" V B R 6 PRV", " B R B 6 PRV"))
    nodes, segments = delivery.nodes.set_index("node_id"), delivery.segments.set_index("segment_id")
    assert nodes["appurtenance"]["B/0"] == "pressure_reducer"
    assert nodes.index.is_unique
    assert segments.loc[["B/1", "B/2"], ["from_node", "to_node"]].values.tolist() == [["R", "B/0"], ["B/0", "B"]]
    assert any("the device B is point B/0" in notice for notice in delivery.tables[0].notices)


def test_a_network_of_swmm_comes_with_ground_and_inverts(tmp_path):
    delivery = read_text(tmp_path, STORM)
    nodes, segments = delivery.nodes.set_index("node_id"), delivery.segments.set_index("segment_id")
    # J1: invert 10 + 3. J2 says 0: the crown of C2, 9 + 0.8, is above that of C1, 9 + 0.6. O: the crown of C2, 8 + 0.8.
    assert shapely.get_z(nodes.geometry[["J1", "J2", "O"]].to_numpy()) == pytest.approx([13, 9.8, 8.8])
    assert segments.loc["C1", ["from_depth_m", "to_depth_m"]].tolist() == pytest.approx([2.5, 0.8])
    assert segments.loc["C1", ["from_elevation_m", "diameter_mm"]].tolist() == pytest.approx([10.5, 600])
    assert segments.loc["C2", ["width_mm", "height_mm"]].tolist() == pytest.approx([1200, 800])
    assert nodes["appurtenance"]["W"] == "overflow_well"
    assert nodes["feature"]["O"] == "outfall"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (WATER.replace(" B 500100 3930000\n", ""), "line 3: node B has no coordinates"),
        (WATER.replace(" 2 A B", " 2 A X"), "line 10: the link ends at X"),
        (WATER.replace("8 100 0 Closed", "wide 100 0 Closed"), "line 10: 'wide' is not a number"),
        (WATER.replace(" 2 A B 100 8 100 0 Closed", " 2 A B"), r"line 10: \[PIPES\] wants 5 values"),
        ("[TITLE]\nnothing\n", "neither pipes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, text, why):
    with pytest.raises(SourceError, match=why):
        read_text(tmp_path, text)


@pytest.mark.parametrize(
    ("file", "crs", "nodes", "segments"),
    [
        # 964 nodes of which 4 at the ends of two pumps without length become the pumps; 1,156 pipes.
        ("water/ky4.inp", "EPSG:3089", 962, 1156),
        ("drainage/swmm_state_plane.inp", "EPSG:2272", 45, 44),
        # 9 nodes, a pump and a weir; 7 conduits and two halves of each.
        ("drainage/swmm_full_features_network_xy.inp", "EPSG:2272", 11, 11),
    ],
)
def test_real_networks_are_read(shared_data, file, crs, nodes, segments):
    delivery = read([shared_data / "networks" / file], crs=crs, target=crs)
    assert delivery.faults.count == 0
    assert (len(delivery.nodes), len(delivery.segments)) == (nodes, segments)
    known = set(delivery.nodes["node_id"])
    assert set(delivery.segments["from_node"]) | set(delivery.segments["to_node"]) <= known


@pytest.mark.parametrize(
    ("file", "crs", "points", "pipes"),
    [
        # Junctions, tanks, reservoirs and the devices on links; the two halves of each of these. The grids of the first
        # two are not known, any in metres will do.
        ("water/Net3.inp", "EPSG:4548", 92 + 3 + 2 + 3, 119 + 3),
        ("water/L-TOWN.inp", "EPSG:4548", 789, 913),
        ("water/ZJ.inp", "EPSG:4548", 114, 164),
        ("water/ky4.inp", "EPSG:3089", 962, 1156),
        ("drainage/swmm_gamma.inp", "EPSG:4548", 33, 32),
    ],
)
def test_real_networks_are_accepted(shared_data, tmp_path, file, crs, points, pipes):
    with create_store(str(tmp_path / "twin.gpkg"), crs=parse_crs(crs)) as store:
        order = Order(files=[shared_data / "networks" / file], author="modeller", crs=crs)
        report = pipelines.take(store, order, {"project": "A"})
        assert report.accepted
        assert (store.count(PIPE_NODES), store.count(PIPE_SEGMENTS)) == (points, pipes)


def test_pipes_of_ky4_are_as_long_as_the_file_says(shared_data):
    delivery = read([shared_data / "networks/water/ky4.inp"], crs="EPSG:3089", target="EPSG:3089")
    lines = (shared_data / "networks/water/ky4.inp").read_text().splitlines()
    rows = lines[lines.index("[PIPES]") + 2 : lines.index("[PUMPS]") - 1]
    said = {row.split()[0]: float(row.split()[3]) for row in rows if row.strip()}
    lengths = dict(zip(delivery.segments["segment_id"], shapely.length(delivery.paths), strict=True))
    ratio = np.array([lengths[pipe] / said[pipe] for pipe in said])
    assert np.median(ratio) == pytest.approx(1, abs=1e-3)
