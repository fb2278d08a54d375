"""Lines on plots of open ground, each with one fault that surveyors, or those who laid it, are known to make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from sample_gis.county import County
from sample_gis.dice import Floats
from sample_gis.pipes.delivery import Row, Tables
from sample_gis.pipes.rows import sheet_numbers

Faults = dict[str, tuple[str, ...]]

#: The area next to plots.
NEXT = "YN98"
_CODES = {"WS": ("PS", "202"), "YS": ("PS", "201"), "JP": ("JS", "104"), "TR": ("RQ", "303")}
_SERIAL = {"检查井": "05", "雨水箅": "04"}


@dataclass(kw_only=True)
class Plot:
    """A level plot and what lies under it.

    Parameters
    ----------
    number
        Of the plot, in the numbers of its points.
    east_m, north_m, ground_m
        Its south-west corner, and the height of its ground.
    project
        The area of the survey.
    """

    number: int
    east_m: float
    north_m: float
    ground_m: float
    project: str
    tables: Tables = field(default_factory=lambda: Tables(points=[], lines=[]))

    def name(self, point: str) -> str:
        """The number of a point: WSA1 of plot 7 is WS907A1."""
        return f"{point[:2]}9{self.number:02d}{point[2:]}"

    def key(self, line: str) -> str:
        """The numbers of the points at both ends of a line ``WSA1-WSA2``."""
        return "-".join(map(self.name, line.split("-")))

    def point(self, name: str, north_m: float, east_m: float = 0.0, *, what: str = "检查井", **given: Any) -> None:
        """Add a point; what is built onto it, or what the line does there."""
        group, digits = _CODES[name[:2]]
        built = what in _BUILT
        north, east = self.north_m + north_m, self.east_m + east_m
        row = {
            "Prj_No": self.project,
            "Exp_No": self.name(name),
            "X": north,
            "Y": east,
            "High": self.ground_m,
            "TFH": sheet_numbers(np.array([east]), np.array([north]))[0],
            "Code": f"5{digits}2{2 if built else 1}{_SERIAL.get(what, '00')}",
            "Subsid" if built else "Feature": what,
            "点位类别": "隐蔽点",
            "使用状态": "0",
            "class": group,
        }
        self.tables.points.append(row | given)

    def line(self, name: str, start_m: float, end_m: float, size: str = "300", **given: Any) -> None:
        """Add a line ``WSA1-WSA2`` by its depths: sewers of concrete that flow, water of iron, gas of plastic."""
        start, end = name.split("-")
        group, digits = _CODES[start[:2]]
        row = {
            "Prj_No": self.project,
            "S_Exp": self.name(start),
            "E_Exp": self.name(end),
            "S_Deep": start_m,
            "E_Deep": end_m,
            "S_High": round(self.ground_m - start_m, 3),
            "E_High": round(self.ground_m - end_m, 3),
            "Code": f"5{digits}1000",
            "Material": {"PS": "T", "JS": "QM", "RQ": "PE"}[group],
            "PSize": size,
            "FlowDir": "+" if group == "PS" else None,
            "EmBed": "ZM",
            "使用状态": "0",
            "class": group,
        }
        self.tables.lines.append(row | given)

    def sewer(self, *, what: str = "出水口", end_m: tuple[float, float] = (60.0, 0.0)) -> None:
        """A sewer without a fault: two wells, 30 m apart, and 30 m on an outfall, or something else somewhere else."""
        self.point("WSA1", 0.0)
        self.point("WSA2", 30.0)
        self.point("WSA3", *end_m, what=what)
        self.line("WSA1-WSA2", 2.5, 2.65)
        self.line("WSA2-WSA3", 2.65, 2.8)

    def main(self, depth_m: float, *, north_m: tuple[float, float], east_m: tuple[float, float], **given: Any) -> None:
        """A water main from a well to a house."""
        self.point("JPB1", north_m[0], east_m[0], what="水源井")
        self.point("JPB2", north_m[1], east_m[1], what="水表")
        self.line("JPB1-JPB2", depth_m, depth_m, **given)

    @property
    def last(self) -> Row:
        """The line that was added last."""
        return self.tables.lines[-1]


_BUILT = ("检查井", "水源井", "水表", "门站", "燃气表", "雨水箅")
_ACROSS = {"north_m": (15.0, 15.0), "east_m": (-15.0, 15.0)}


def _joint(plot: Plot) -> Faults:
    plot.point("JPA1", 0.0, what="水源井")
    plot.point("JPA2", 30.0, what="直线点")
    plot.point("JPA3", 60.0, what="水表")
    plot.line("JPA1-JPA2", 1.5, 1.5, "150")
    plot.line("JPA2-JPA3", 1.9, 1.9, "150")
    return {"NODE-CONSIST": (plot.name("JPA2"),)}


def _concrete_gas(plot: Plot) -> Faults:
    plot.point("TRA1", 0.0, what="门站")
    plot.point("TRA2", 30.0, what="燃气表")
    plot.line("TRA1-TRA2", 1.5, 1.5, "100", Material="T")
    return {"ATTR-MATERIAL": (plot.key("TRA1-TRA2"),)}


def _deep_main(plot: Plot) -> Faults:
    plot.main(9.9, north_m=(0.0, 30.0), east_m=(0.0, 0.0), size="150")
    plot.last.update(E_Deep=10.4, E_High=round(plot.ground_m - 10.4, 3))
    return {"DEPTH-RANGE": (plot.key("JPB1-JPB2"),)}


def _shallow_main(plot: Plot) -> Faults:
    plot.main(0.4, north_m=(0.0, 30.0), east_m=(0.0, 0.0), size="150")
    return {"COVER": (plot.key("JPB1-JPB2"),)}


def _long_main(plot: Plot) -> Faults:
    plot.main(1.5, north_m=(0.0, 80.0), east_m=(0.0, 0.0), size="150")
    return {"LN-LONG": (plot.key("JPB1-JPB2"),)}


def _twin_points(plot: Plot) -> Faults:
    plot.sewer(what="检查井")
    plot.point("WSA4", 60.03, what="出水口")
    plot.line("WSA3-WSA4", 2.8, 2.8)
    return {"PT-NEAR": (plot.name("WSA4"),), "LN-LEN": (plot.key("WSA3-WSA4"),)}


def _uphill(plot: Plot) -> Faults:
    plot.sewer()
    plot.last.update(E_Deep=2.45, E_High=round(plot.ground_m - 2.45, 3))
    return {"GRAV-SLOPE": (plot.key("WSA2-WSA3"),)}


def _steep(plot: Plot) -> Faults:
    plot.sewer()
    plot.last.update(E_Deep=8.25, E_High=round(plot.ground_m - 8.25, 3))
    return {"GRAV-STEEP": (plot.key("WSA2-WSA3"),)}


def _no_way_out(plot: Plot) -> Faults:
    plot.sewer(what="检查井")
    return {"GRAV-FLOW": (plot.name("WSA3"),)}


def _round(plot: Plot) -> Faults:
    names = [f"WSA{number}" for number in range(1, 7)]
    for name, turn in zip(names, np.arange(6) * np.pi / 3, strict=True):
        plot.point(name, float(np.round(20 * np.sin(turn), 3)), float(np.round(20 * np.cos(turn), 3)))
    for start, end in zip(names, (*names[1:], names[0]), strict=True):
        plot.line(f"{start}-{end}", 0.0, 0.0)
        # Nobody measures depths of lines inside a well, and known ones could not fall all the way round.
        plot.last.update(dict.fromkeys(("S_Deep", "E_Deep", "S_High", "E_High")), EmBed="JN")
    return {"GRAV-ROUND": (plot.key("WSA1-WSA2"),)}


def _from_nowhere(plot: Plot) -> Faults:
    plot.sewer()
    plot.tables.points[0].update(Subsid=None, Feature="井边点", Code="52022100")
    return {"GRAV-START": (plot.name("WSA1"),)}


def _narrowing(plot: Plot) -> Faults:
    plot.sewer()
    plot.tables.lines[0].update(PSize="400")
    return {"GRAV-SIZE": (plot.key("WSA2-WSA3"),)}


def _small(plot: Plot) -> Faults:
    plot.sewer()
    plot.tables.lines[0].update(PSize="200")
    return {"GRAV-DN": (plot.key("WSA1-WSA2"),)}


def _flat(plot: Plot) -> Faults:
    plot.sewer()
    plot.last.update(E_Deep=2.705, E_High=round(plot.ground_m - 2.705, 3))
    return {"GRAV-FLAT": (plot.key("WSA2-WSA3"),)}


def _slow(plot: Plot) -> Faults:
    plot.sewer()
    plot.last.update(PSize="600", E_Deep=2.655, E_High=round(plot.ground_m - 2.655, 3))
    return {"GRAV-SPEED": (plot.key("WSA2-WSA3"),)}


def _turned_back(plot: Plot) -> Faults:
    plot.sewer(end_m=(6.0, 18.0))
    return {"GRAV-TURN": (plot.key("WSA1-WSA2"),)}


def _without_well(plot: Plot) -> Faults:
    plot.point("WSA1", 0.0)
    plot.point("WSA2", 45.0, what="转折点")
    plot.point("WSA3", 80.0, 10.0, what="出水口")
    plot.line("WSA1-WSA2", 2.5, 2.7)
    plot.line("WSA2-WSA3", 2.7, 2.9)
    return {"GRAV-WELLS": (plot.key("WSA1-WSA2"),)}


def _mixed(plot: Plot) -> Faults:
    plot.sewer()
    plot.last.update(Code="52011000")
    return {"SYS-MIX": (plot.name("WSA2"),)}


def _short_well(plot: Plot) -> Faults:
    plot.sewer()
    plot.tables.points[1].update(WellDeep=2.35)
    return {"WELL-DEPTH": (plot.name("WSA2"),)}


def _crossing(plot: Plot) -> Faults:
    plot.sewer()
    plot.point("WSB1", 15.0, -15.0)
    plot.point("WSB2", 15.0, 15.0, what="出水口")
    plot.line("WSB1-WSB2", 4.0, 4.15)
    return {"LN-CROSS": (plot.key("WSB1-WSB2"),)}


def _side_by_side(plot: Plot) -> Faults:
    plot.sewer()
    plot.main(1.5, north_m=(5.0, 25.0), east_m=(0.8, 0.8), size="150")
    return {"CLR-H": (plot.key("WSA1-WSA2"),)}


def _one_above_another(plot: Plot) -> Faults:
    # The top of the sewer lies 2.275 m deep there, the bottom of the main 2.10 m.
    plot.sewer()
    plot.main(1.95, size="150", **_ACROSS)
    return {"CLR-V": (plot.key("WSA1-WSA2"),)}


def _through_another(plot: Plot) -> Faults:
    plot.sewer()
    plot.main(2.3, size="150", **_ACROSS)
    for row in plot.tables.points:
        row["点位类别"] = "明显点"
    return {"CLASH": (plot.key("WSA1-WSA2"),)}


def _perhaps_through_another(plot: Plot) -> Faults:
    plot.sewer()
    plot.main(2.3, size="150", **_ACROSS)
    return {"CLASH-DOUBT": (plot.key("WSA1-WSA2"),)}


def _broken_sheet(plot: Plot) -> Faults:
    plot.sewer(what="非普查")
    plot.point("WSB1", 66.0)
    plot.point("WSB2", 90.0, what="出水口")
    plot.line("WSB1-WSB2", 2.85, 3.0)
    return {"SHEET-EDGE": (plot.name("WSA3"),)}


def _broken_area(plot: Plot) -> Faults:
    plot.sewer(what="出测区")
    _go_on(plot, 2.0)
    return {"AREA-EDGE": (plot.name("WSA3"), plot.name("WSC1"))}


def _joined_area(plot: Plot) -> Faults:
    plot.sewer(what="出测区")
    _go_on(plot, 0.2)
    return {}


def _go_on(plot: Plot, gap_m: float) -> None:
    """Let the sewer of a plot go on in the next area, after a gap."""
    plot.point("WSC1", 60.0 + gap_m, what="非普查", Prj_No=NEXT)
    plot.point("WSC2", 90.0, what="出水口", Prj_No=NEXT)
    plot.line("WSC1-WSC2", 2.8, 2.95, Prj_No=NEXT)


_KINDS: tuple[Callable[[Plot], Faults], ...] = (
    _joint, _concrete_gas, _deep_main, _shallow_main, _long_main, _twin_points, _uphill, _steep, _round, _no_way_out,
    _from_nowhere, _narrowing, _small, _flat, _slow, _turned_back, _without_well, _mixed, _short_well, _crossing,
    _side_by_side, _one_above_another, _through_another, _perhaps_through_another, _broken_sheet, _broken_area,
    _joined_area,
)  # fmt: skip

#: Plots in a row, and how far each is from the next, as sheets are; lines lie so in them that they end at the border.
_IN_A_ROW, _APART_M, _CORNER_M = 6, 250.0, (100.0, 188.0)
#: Nothing else lies so near.
_CLEAR_M = 300.0


def lay_plots(county: County, tables: Tables) -> Iterator[tuple[Plot, Faults]]:
    """Lay a plot for each kind of fault where the county is open.

    Raises
    ------
    ValueError
        There is no open ground.
    """
    corner = _find_ground(county, tables)
    for number, build in enumerate(_KINDS):
        row, column = divmod(number, _IN_A_ROW)
        east, north = np.round(corner + np.array([column, row]) * _APART_M + _CORNER_M, 3).tolist()
        ground = float(np.round(county.terrain.height_m(np.array([east]), np.array([north]))[0], 3))
        plot = Plot(number=number, east_m=east, north_m=north, ground_m=ground, project=tables.points[0]["Prj_No"])
        yield plot, build(plot)


def _find_ground(county: County, tables: Tables) -> Floats:
    """The south-west corner, on the grid of sheets, of ground for all plots that is free of pipelines."""
    points = shapely.STRtree(shapely.points([(row["Y"], row["X"]) for row in tables.points]))
    size = np.array([_IN_A_ROW, -(-len(_KINDS) // _IN_A_ROW)]) * _APART_M
    west, south, east, north = county.area.bounds
    for y in np.arange(south // _APART_M * _APART_M, north, 2 * _APART_M).tolist():
        for x in np.arange(west // _APART_M * _APART_M, east, 2 * _APART_M).tolist():
            ground = shapely.box(x, y, *(np.array([x, y]) + size)).buffer(_CLEAR_M)
            if county.area.contains(ground) and not len(points.query(ground, predicate="intersects")):
                return np.array([x, y])
    raise ValueError("the county has no open ground for plots with faults")
