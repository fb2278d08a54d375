"""For each rule of acceptance a delivery that breaks it, once; and deliveries as rules look at them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pandas as pd

from layers.pipelines.rules.survey import Survey
from tests_deliveries import LINES, POINTS, deliver, line, point, read

WATER = {"class": "JS", "depth_ref": "outer_top"}
_WATERS = {"class": ["PS", "PS", "JS", "JS"], "depth_ref": ["inner_bottom"] * 2 + ["outer_top"] * 2}
_FLOWING = {"flow_direction": "forward"}
_WS4 = point("WS4", 120.0)
_ON = line("WS3", "WS4", 2.2, 2.3)
_OUT = point("WS4", 120.0, feature="出水口")
#: Two points 20 m to either side of a sewer, at 60 m to the north.
_ASIDE = [point("X1", 60.0, -20.0), point("X2", 60.0, 20.0)]
#: The same of water, from its source to a house, and three points of a main in a street of its own.
_ACROSS = [point("J1", 60, -20, subsid="水源井"), point("J2", 60, 20, subsid="水表")]
_MAIN = [point("J1", 0, 50), point("J2", 40, 50), point("J3", 80, 50)]
#: From its end the sewer leads back to its start, inside a well: how deep is not known, and nobody asks.
_BACK = [point("WS4", 80.0, -40.0), point("WS5", 40.0, -40.0), point("WS6", 0.0, -40.0)]
_WAY = ("WS3", "WS4", "WS5", "WS6", "WS1")
_ROUND = [line(start, stop, "", "", embedding="JN") for start, stop in pairwise(_WAY)]
_ALL_FLOW = {"flow_direction": ["forward"] * 6}
#: The sewer leaves its sheet or area at WS4; beyond, it goes on from B1 to B2.
_LEAVES = point("WS4", 120.0, feature="非普查", subsid="")
_B2, _NEXT = point("B2", 160.0), line("B1", "B2", 2.3, 2.4)
_SHEETS = {"sheet_no": ["A", "A", "A", "A", "B", "B"]}


def _beside(east_m):
    """Water along the sewer, axes so far apart."""
    return [point("J1", 10, east_m, subsid="水源井"), point("J2", 30, east_m, subsid="水表")]


#: For each rule what breaks it, and what comes as near to that as may be: points and lines in addition to the sound
#: ones, and fields of segments, and of points as "nodes": of the last one, or, as lists, of all; points and lines that
#: the store has of another area as "beyond".
BROKEN = {
    "PT-DUP": ([point("WS2", 41.0)], [], {}),
    "LN-DUP": ([], [line("WS2", "WS1", 2.1, 2.0)], {}),
    "LN-SELF": ([], [line("WS3", "WS3", 2.2, 2.2)], {}),
    "LN-REF": ([], [line("WS3", "WS9")], {}),
    "PT-ORPHAN": ([_WS4], [], {}),
    "PT-DEGREE": ([point("WS4", 120.0, feature="三通")], [_ON], {}),
    "PT-NEAR": ([point("WS4", 80.03)], [line("WS2", "WS4", 2.1, 2.2)], {}),
    # The near point is one of another class, or it would be too near.
    "LN-LEN": ([point("WS4", 80.04)], [line("WS3", "WS4", 2.2, 2.2)], {"nodes": {"class": "JS"}}),
    "LN-LONG": ([point("WS4", 155.1)], [line("WS3", "WS4")], WATER),
    "ATTR-DOMAIN": ([_WS4], [line("WS3", "WS4", 2.2, 2.3, "纸")], {}),
    "ATTR-VALUE": ([_WS4], [line("WS3", "WS4", "深")], {}),
    "ATTR-MATERIAL": ([_WS4], [line("WS3", "WS4", 2.2, 2.35, "光纤")], {}),
    "ATTR-MISSING": ([_WS4], [line("WS3", "WS4", 2.2, 2.3, "")], {}),
    "SIZE-FMT": ([_WS4], [line("WS3", "WS4", 2.2, 2.3, size="300/400")], {}),
    "HOLES": ([], [], {"holes": 6, "used_holes": 7}),
    # Ground 120.00, 2.20 m deep: 117.80.
    "ELEV-ID": ([], [], {"to_elevation_m": 117.74}),
    "DEPTH-RANGE": ([_WS4], [line("WS3", "WS4", 2.2, 10.1)], WATER),
    "COVER": ([_WS4], [line("WS3", "WS4", 2.2, 0.59)], WATER),
    # The sewer comes in at 2.20 m.
    "WELL-DEPTH": ([], [], {"nodes": {"well_depth_m": 2.14}}),
    "LN-CROSS": (_ASIDE, [line("X1", "X2", 5.0, 5.1)], {}),
    "NODE-CONSIST": (_MAIN, [line("J1", "J2", 1.0, 1.0), line("J2", "J3", 1.16, 1.2)], _WATERS),
    # Inverts 117.80 and 117.82 over 40 m.
    "GRAV-SLOPE": ([_OUT], [line("WS3", "WS4", 2.2, 2.18)], _FLOWING),
    # A fall of 7.1 m on 40 m is 10.07°.
    "GRAV-STEEP": ([_WS4], [line("WS3", "WS4", 2.2, 9.3)], {}),
    "GRAV-ROUND": (_BACK, _ROUND, _ALL_FLOW),
    "GRAV-FLOW": ([_WS4], [_ON], _FLOWING),
    "GRAV-START": ([point("WS4", -40.0, feature="井边点", subsid="")], [line("WS4", "WS1", 1.9, 2.0)], _FLOWING),
    "SYS-MIX": ([_WS4], [_ON], {"subclass": ["WS", "WS", "YS"]}),
    "GRAV-SIZE": ([_WS4], [_ON], {"diameter_mm": [600.0, 600.0, 500.0]}),
    "GRAV-DN": ([_WS4], [line("WS3", "WS4", 2.2, 2.4, size="250")], {}),
    # Plastic of DN300 needs 0.08 m on 40 m, less the centimetre to which inverts are measured.
    "GRAV-FLAT": ([_WS4], [line("WS3", "WS4", 2.2, 2.26)], {}),
    # Concrete DN500, 0.7 full: 0.9 m/s for a slope of 0.0018, by the root of slopes 0.48 m/s for 0.0005.
    "GRAV-SPEED": ([_WS4], [line("WS3", "WS4", 2.2, 2.21, "T", "500")], {}),
    # Back by 45°, and at a right angle.
    "GRAV-TURN": ([point("WS4", 60, 20)], [_ON], {}),
    "GRAV-WELLS": (
        [point("WS4", 120.0, feature="转折点", subsid=""), point("WS5", 155.1)],
        [_ON, line("WS4", "WS5", 2.3, 2.4)],
        {},
    ),
    # DN300 both: 1.49 m between the walls, where 1.50 m are needed.
    "CLR-H": (_beside(1.79), [line("J1", "J2", 1.0, 1.0, "PE")], WATER),
    # Above the sewer, whose outer top is at 120 - 2.15 + 0.30 = 118.15: bottom at 120 - 1.16 - 0.30 = 118.54.
    "CLR-V": (_ACROSS, [line("J1", "J2", 1.16, 1.16, "PE")], WATER),
    # Through the sewer, at its height, 2.00 m to the centres: 0.65 m of room are shared, of which 0.61 could be errors.
    "CLASH": (_ACROSS, [line("J1", "J2", 1.5, 1.5, "PE", size="1000")], WATER),
    # Bottom at 120 - 1.70 - 0.30 = 118.00, 0.15 m below the top of the sewer.
    "CLASH-DOUBT": (_ACROSS, [line("J1", "J2", 1.7, 1.7, "PE")], WATER),
    "SHEET-EDGE": ([_LEAVES, point("B1", 120.6), _B2], [_ON, _NEXT], {"nodes": _SHEETS}),
    "AREA-EDGE": ([_LEAVES], [_ON], {"beyond": ([point("B1", 120.6), _B2], [_NEXT])}),
}
KEPT = {
    "PT-DUP": ([point("ws2", 41.0)], [], {}),
    "LN-DUP": ([], [line("WS1", "WS3", 2.0, 2.2)], {}),
    "LN-SELF": ([_WS4], [_ON], {}),
    "LN-REF": ([_WS4], [_ON], {}),
    "PT-ORPHAN": ([_WS4], [_ON], {}),
    "PT-DEGREE": ([point("WS4", 120.0, feature="预留口", subsid="")], [_ON], {}),
    "PT-NEAR": ([point("WS4", 80.06)], [line("WS2", "WS4", 2.1, 2.2)], {}),
    "LN-LEN": ([point("WS4", 80.06)], [line("WS3", "WS4", 2.2, 2.2)], {}),
    "LN-LONG": ([point("WS4", 155.0)], [line("WS3", "WS4")], WATER),
    "ATTR-DOMAIN": ([_WS4], [line("WS3", "WS4", 2.2, 2.35, "混凝土")], {}),
    "ATTR-VALUE": ([_WS4], [line("WS3", "WS4", "2.20", "2.30")], {}),
    "ATTR-MATERIAL": ([_WS4], [line("WS3", "WS4", 2.2, 2.35, "砖")], {}),
    "ATTR-MISSING": ([_WS4], [line("WS3", "WS4", "", "", "", "", "JK")], {}),
    "SIZE-FMT": ([_WS4], [line("WS3", "WS4", 2.2, 2.3, size="600×400")], {}),
    "HOLES": ([], [], {"holes": 6, "used_holes": 6}),
    "ELEV-ID": ([], [], {"to_elevation_m": 117.75}),
    "DEPTH-RANGE": ([_WS4], [line("WS3", "WS4", 2.2, 10.0)], WATER),
    "COVER": ([_WS4], [line("WS3", "WS4", 2.2, 0.60)], WATER),
    "WELL-DEPTH": ([], [], {"nodes": {"well_depth_m": 2.15}}),
    "LN-CROSS": (_ASIDE, [line("X1", "X2", 5.0, 5.1)], WATER),
    "NODE-CONSIST": (_MAIN, [line("J1", "J2", 1.0, 1.0), line("J2", "J3", 1.15, 1.2)], _WATERS),
    "GRAV-SLOPE": ([_OUT], [line("WS3", "WS4", 2.2, 2.19)], _FLOWING),
    # 7.05 m on 40 m are 9.996°.
    "GRAV-STEEP": ([_WS4], [line("WS3", "WS4", 2.2, 9.25)], {}),
    "GRAV-ROUND": ([*_BACK[:2], point("WS6", 0.0, -40.0, subsid="泵站")], _ROUND, _ALL_FLOW),
    "GRAV-FLOW": ([_OUT], [_ON], _FLOWING),
    "GRAV-START": ([point("WS4", -40.0, subsid="化粪池")], [line("WS4", "WS1", 1.9, 2.0)], _FLOWING),
    "SYS-MIX": ([_WS4], [_ON], {"subclass": ["WS", "WS", "HS"]}),
    "GRAV-SIZE": ([_WS4], [line("WS3", "WS4", 2.2, 2.31)], {"diameter_mm": [600.0, 600.0, 400.0]}),
    "GRAV-DN": ([point("WS4", -40.0, subsid="化粪池")], [line("WS4", "WS1", 1.5, 2.0, size="200")], {}),
    # 98.50 to 98.38 over 40 m is 0.0030, what concrete of DN300 needs.
    "GRAV-FLAT": ([_WS4], [line("WS3", "WS4", 21.50, 21.62, "T")], {}),
    "GRAV-SPEED": ([_WS4], [line("WS3", "WS4", 2.2, 2.24, "T", "500")], {}),
    "GRAV-TURN": ([point("WS4", 80, 20)], [_ON], {}),
    "GRAV-WELLS": (
        [point("WS4", 120.0, feature="转折点", subsid=""), point("WS5", 155.0)],
        [_ON, line("WS4", "WS5", 2.3, 2.4)],
        {},
    ),
    "CLR-H": (_beside(1.81), [line("J1", "J2", 1.0, 1.0, "PE")], WATER),
    "CLR-V": (_ACROSS, [line("J1", "J2", 1.15, 1.15, "PE")], WATER),
    "CLASH": (_ACROSS, [line("J1", "J2", 1.55, 1.55, "PE", size="900")], WATER),
    # Its bottom touches the top of the sewer.
    "CLASH-DOUBT": (_ACROSS, [line("J1", "J2", 1.55, 1.55, "PE")], WATER),
    "SHEET-EDGE": ([_LEAVES, point("B1", 120.4, feature="非普查", subsid=""), _B2], [_ON, _NEXT], {"nodes": _SHEETS}),
    "AREA-EDGE": ([_LEAVES], [_ON], {"beyond": ([point("B1", 120.4, feature="非普查", subsid=""), _B2], [_NEXT])}),
}


def survey_of(delivery, others=(), *, nodes=None, **fields):
    """A delivery as rules look at it, with some fields of segments and points set: of the last one, or of all."""
    segments = _with(delivery.segments, fields)
    return Survey(
        nodes=_with(delivery.nodes, nodes or {}),
        judged=len(delivery.nodes),
        segments=segments,
        paths=delivery.paths,
        others=pd.Index(others, dtype="str"),
        node_rows=delivery.node_rows,
        segment_rows=delivery.segment_rows,
        faults=delivery.faults,
    )


def _with(rows, fields):
    rows = rows.copy()
    for name, value in fields.items():
        values = value if isinstance(value, list) else [*rows[name].tolist()[:-1], value]
        rows[name] = pd.Series(values, index=rows.index, dtype=rows[name].dtype)
    return rows


def survey_with(folder, points=(), lines=(), *, beyond=None, **fields):
    """The sound delivery with more points and lines, and some fields of segments, beside an area in the store."""
    survey = survey_of(read(deliver(folder, points=[*POINTS, *points], lines=[*LINES, *lines])), **fields)
    if beyond is None:
        return survey
    ends = pd.concat([survey.segments["from_node"], survey.segments["to_node"]])
    stored = deliver(folder, points=beyond[0], lines=beyond[1], name="PS-beyond")
    return replace(survey, beyond=survey_of(read(stored), ends))
