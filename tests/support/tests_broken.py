"""For each rule of acceptance a delivery that breaks it, once; and deliveries as rules look at them."""

from __future__ import annotations

import pandas as pd

from layers.pipelines.rules.survey import Survey
from tests_deliveries import LINES, POINTS, deliver, line, point, read

WATER = {"class": "JS", "depth_ref": "outer_top"}
_FLOWING = {"flow_direction": "forward"}
#: Two points 20 m to either side of a sewer, at 60 m to the north.
_ASIDE = [point("X1", 60.0, -20.0), point("X2", 60.0, 20.0)]

#: For each rule: points and lines in addition to the sound ones, and fields of segments: of the last one, or, as
#: lists, of all.
BROKEN = {
    "PT-DUP": ([point("WS2", 41.0)], [], {}),
    "LN-DUP": ([], [line("WS2", "WS1", 2.1, 2.0)], {}),
    "LN-SELF": ([], [line("WS3", "WS3", 2.2, 2.2)], {}),
    "LN-REF": ([], [line("WS3", "WS9")], {}),
    "PT-ORPHAN": ([point("WS4", 120.0)], [], {}),
    "PT-DEGREE": ([point("WS4", 120.0, feature="三通")], [line("WS3", "WS4")], {}),
    "PT-NEAR": ([point("WS4", 80.03)], [line("WS2", "WS4")], {}),
    "LN-LEN": ([point("WS4", 80.06, high_m=117.96)], [line("WS3", "WS4")], {}),
    "LN-LONG": ([point("WS4", 155.1)], [line("WS3", "WS4")], {}),
    "ATTR-DOMAIN": ([point("WS4", 120.0)], [line("WS3", "WS4", material="纸")], {}),
    "ATTR-VALUE": ([point("WS4", 120.0)], [line("WS3", "WS4", start_m="深")], {}),
    "ATTR-MATERIAL": ([point("WS4", 120.0)], [line("WS3", "WS4", material="光纤")], {}),
    "SIZE-FMT": ([point("WS4", 120.0)], [line("WS3", "WS4", size="300/400")], {}),
    "HOLES": ([], [], {"holes": 6, "used_holes": 7}),
    # Ground 120.00, 2.20 m deep: 117.80.
    "ELEV-ID": ([], [], {"to_elevation_m": 117.74}),
    "DEPTH-RANGE": ([point("WS4", 120.0)], [line("WS3", "WS4", 2.2, 10.1)], WATER),
    "COVER": ([point("WS4", 120.0)], [line("WS3", "WS4", 2.2, 0.59)], WATER),
    "LN-CROSS": (_ASIDE, [line("X1", "X2", 5.0, 5.1)], {}),
    "NODE-CONSIST": (
        [point("J1", 0, 50), point("J2", 40, 50), point("J3", 80, 50)],
        [line("J1", "J2", 1.0, 1.0), line("J2", "J3", 1.2, 1.2)],
        {"class": ["PS", "PS", "JS", "JS"], "depth_ref": ["inner_bottom"] * 2 + ["outer_top"] * 2},
    ),
    # Inverts 117.80 and 117.82 over 40 m.
    "GRAV-SLOPE": ([point("WS4", 120.0, feature="出水口")], [line("WS3", "WS4", 2.2, 2.18)], _FLOWING),
    # A fall of 7.1 m on 40 m is 10.07°.
    "GRAV-STEEP": ([point("WS4", 120.0)], [line("WS3", "WS4", 2.2, 9.3)], {}),
    "GRAV-FLOW": ([point("WS4", 120.0)], [line("WS3", "WS4", 2.2, 2.3)], _FLOWING),
    "GRAV-START": ([point("WS4", -40.0, feature="井边点", subsid="")], [line("WS4", "WS1", 1.9, 2.0)], _FLOWING),
    "GRAV-SIZE": ([point("WS4", 120.0)], [line("WS3", "WS4", 2.2, 2.3, size="200")], {}),
    "SYS-MIX": ([point("WS4", 120.0)], [line("WS3", "WS4", 2.2, 2.3)], {"subclass": ["WS", "WS", "YS"]}),
    # A water pipe beside the sewer, axes 0.80 m apart, DN300 both: 0.50 m between the walls.
    "CLR-H": (
        [point("J1", 10, 0.8, subsid="水源井"), point("J2", 30, 0.8, subsid="水表")],
        [line("J1", "J2", 1.0, 1.0, "PE")],
        WATER,
    ),
    # Above the sewer, whose outer top is at 120 - 2.15 + 0.30 = 118.15: bottom at 120 - 1.30 - 0.30 = 118.40.
    "CLR-V": (
        [point("J1", 60, -20, subsid="水源井"), point("J2", 60, 20, subsid="水表")],
        [line("J1", "J2", 1.3, 1.3, "PE")],
        WATER,
    ),
    # Through the sewer, at its height, 2.00 m to the centres: 0.65 m of room are shared, of which 0.61 could be errors.
    "CLASH": (
        [point("J1", 60, -20, subsid="水源井"), point("J2", 60, 20, subsid="水表")],
        [line("J1", "J2", 1.5, 1.5, "PE", size="1000")],
        WATER,
    ),
    # Bottom at 120 - 1.70 - 0.30 = 118.00, 0.15 m below the top of the sewer.
    "CLASH-DOUBT": (
        [point("J1", 60, -20, subsid="水源井"), point("J2", 60, 20, subsid="水表")],
        [line("J1", "J2", 1.7, 1.7, "PE")],
        WATER,
    ),
}


def survey_of(delivery, others=(), **fields):
    """A delivery as rules look at it, with some fields of segments set: of the last one, or, as lists, of all."""
    segments = delivery.segments.copy()
    for name, value in fields.items():
        values = value if isinstance(value, list) else [*segments[name].tolist()[:-1], value]
        segments[name] = pd.Series(values, index=segments.index, dtype=segments[name].dtype)
    return Survey(
        nodes=delivery.nodes,
        judged=len(delivery.nodes),
        segments=segments,
        paths=delivery.paths,
        others=pd.Index(others, dtype="str"),
        node_rows=delivery.node_rows,
        segment_rows=delivery.segment_rows,
        faults=delivery.faults,
    )


def survey_with(folder, points=(), lines=(), **fields):
    """The sound delivery with more points and lines, and some fields of segments."""
    return survey_of(read(deliver(folder, points=[*POINTS, *points], lines=[*LINES, *lines])), **fields)
